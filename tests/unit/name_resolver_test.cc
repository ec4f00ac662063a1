#include "storage/name_resolver.h"

#include <algorithm>
#include <chrono>
#include <iostream>

#include "gtest/gtest.h"
#include "storage/gazetteer.h"

namespace annals::storage {
namespace {

const NameResolver& Regions() {
  static const auto* resolver =
      new NameResolver(NameResolver::ForRegions(*Gazetteer::LoadEmbedded()));
  return *resolver;
}

annals::v1::Actor MakeActor(const std::string& id, const std::string& title,
                            const std::vector<std::string>& aliases) {
  annals::v1::Actor actor;
  actor.set_name("actors/" + id);
  actor.set_title(title);
  actor.set_kind(annals::v1::ACTOR_KIND_OTHER);
  for (const std::string& alias : aliases) {
    auto* name = actor.add_aliases();
    name->set_language_code("en");
    name->set_text(alias);
  }
  return actor;
}

TEST(NameResolver, FindsKurskHoweverItIsWritten) {
  for (const char* text :
       {"Kursk", "Курск", "Курськ", "Kursk Oblast", "kursk region", "KURSK oblast",
        "Курская область", "Курська область", "RU-KRS", "ru-krs", "regions/RU-KRS"}) {
    const auto found = Regions().Resolve(text, 10);
    ASSERT_FALSE(found.empty()) << text;
    EXPECT_EQ(found.front().name, "regions/RU-KRS") << text;
    EXPECT_EQ(found.front().score, 1.0) << text;
    EXPECT_EQ(found.front().title, "Kursk Oblast");
  }
}

TEST(NameResolver, FindsTheCountriesOfTheSamples) {
  const std::pair<const char*, const char*> expected[] = {
      {"Ukraine", "regions/UA"},       {"Україна", "regions/UA"},   {"Украина", "regions/UA"},
      {"Russia", "regions/RU"},        {"Россия", "regions/RU"},    {"North Korea", "regions/KP"},
      {"КНДР", "regions/KP"},          {"Crimea", "regions/UA-43"}, {"Крым", "regions/UA-43"},
      {"Sevastopol", "regions/UA-40"}, {"Kyiv", "regions/UA-30"},   {"Moscow", "regions/RU-MOW"}};
  for (const auto& [text, name] : expected) {
    const auto found = Regions().Resolve(text, 1);
    ASSERT_EQ(found.size(), 1u) << text;
    EXPECT_EQ(found.front().name, name) << text;
    EXPECT_EQ(found.front().score, 1.0) << text;
  }
}

TEST(NameResolver, PutsCountriesFirstAmongEquals) {
  const auto found = Regions().Resolve("Georgia", 2);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].name, "regions/GE");
  EXPECT_EQ(found[1].name, "regions/US-GA");
  EXPECT_EQ(found[1].score, 1.0);
}

TEST(NameResolver, ScoresPrefixesAboveWordsAndBothBelowNames) {
  const NameResolver actors = NameResolver::ForActors(
      {MakeActor("a", "Red Army", {}), MakeActor("b", "Red Army Faction", {}),
       MakeActor("c", "New Red Army", {"NRA"}), MakeActor("d", "Blue Army", {})});
  const auto found = actors.Resolve("red army", 10);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].name, "actors/a");
  EXPECT_EQ(found[0].score, 1.0);
  EXPECT_EQ(found[1].name, "actors/b");
  EXPECT_GE(found[1].score, 0.6);
  EXPECT_LT(found[1].score, 0.9);
  EXPECT_EQ(found[2].name, "actors/c");
  EXPECT_EQ(found[2].matched_text, "New Red Army");
  EXPECT_GE(found[2].score, 0.3);
  EXPECT_LE(found[2].score, 0.6);
}

TEST(NameResolver, FindsWordsInAnyOrder) {
  const auto found = Regions().Resolve("frankivsk ivano", 5);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.front().name, "regions/UA-26");
  EXPECT_LT(found.front().score, 1.0);
}

TEST(NameResolver, NamesEachThingOnceAndNoMoreThanAsked) {
  const auto found = Regions().Resolve("a", 50);
  EXPECT_EQ(found.size(), 50u);
  std::vector<std::string> names;
  for (const auto& each : found) names.push_back(each.name);
  std::ranges::sort(names);
  EXPECT_TRUE(std::ranges::unique(names).empty());
  EXPECT_TRUE(std::ranges::is_sorted(found, std::ranges::greater{}, &ResolvedName::score));
}

TEST(NameResolver, FindsWhatIsMisspeltOrInAnotherRomanisationOrScript) {
  const std::pair<const char*, const char*> expected[] = {{"Dekhelia", "regions/x-esb-5132"},
                                                          {"Dekelia", "regions/x-esb-5132"},
                                                          {"Δεκέλεια", "regions/x-esb-5132"},
                                                          {"Kursʹk", "regions/RU-KRS"},
                                                          {"Kusrk", "regions/RU-KRS"},
                                                          {"Κουρσκ", "regions/RU-KRS"},
                                                          {"კურსკი", "regions/RU-KRS"},
                                                          {"Kiiv", "regions/UA-30"},
                                                          {"Kyvi", "regions/UA-30"},
                                                          {"Kyjiv", "regions/UA-30"},
                                                          {"Donetzk", "regions/UA-14"},
                                                          {"Donestk", "regions/UA-14"},
                                                          {"Zaporizhia", "regions/UA-23"},
                                                          {"Zaporozhe", "regions/UA-23"},
                                                          {"Запорожя", "regions/UA-23"},
                                                          {"North Corea", "regions/KP"},
                                                          {"Norht Koera", "regions/KP"},
                                                          {"Corea North", "regions/KP"},
                                                          {"Luhanks", "regions/UA-09"},
                                                          {"Lougansk", "regions/UA-09"},
                                                          {"Kharkof", "regions/UA-63"},
                                                          {"Chernigov", "regions/UA-74"},
                                                          {"Росия", "regions/RU"},
                                                          {"Sebastopol", "regions/UA-40"}};
  for (const auto& [text, name] : expected) {
    const auto found = Regions().Resolve(text, 5);
    ASSERT_FALSE(found.empty()) << text;
    EXPECT_EQ(found.front().name, name) << text;
    EXPECT_GE(found.front().score, 0.2) << text;
    EXPECT_LE(found.front().score, 0.3) << text;
    EXPECT_TRUE(std::ranges::is_sorted(found, std::ranges::greater{}, &ResolvedName::score));
  }
}

TEST(NameResolver, TakesListedSpellingsToTheLetter) {
  const std::pair<const char*, const char*> expected[] = {
      {"Dhekelia", "regions/x-esb-5132"}, {"Kiev", "regions/UA-30"},
      {"Kyiv", "regions/UA-30"},          {"Київ", "regions/UA-30"},
      {"Lugansk", "regions/UA-09"},       {"Luhansk", "regions/UA-09"},
      {"Zaporizhzhia", "regions/UA-23"},  {"Запорожье", "regions/UA-23"}};
  for (const auto& [text, name] : expected) {
    const auto found = Regions().Resolve(text, 5);
    ASSERT_FALSE(found.empty()) << text;
    EXPECT_EQ(found.front().name, name) << text;
    EXPECT_EQ(found.front().score, 1.0) << text;
    // What is only spelled like it is not wanted then.
    for (const auto& each : found) EXPECT_GT(each.score, 0.3) << text << ": " << each.name;
  }
}

TEST(NameResolver, ScoresSpellingsBelowPartsAndWordsOfThemLast) {
  const NameResolver actors =
      NameResolver::ForActors({MakeActor("a", "Wagnr Company", {}), MakeActor("b", "New Wagnr", {}),
                               MakeActor("c", "Wagner", {}), MakeActor("d", "Wagner Group", {}),
                               MakeActor("e", "Blue Army", {})});
  const auto found = actors.Resolve("wagnr", 10);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].name, "actors/a");
  EXPECT_GE(found[0].score, 0.6);
  EXPECT_EQ(found[1].name, "actors/b");
  EXPECT_GT(found[1].score, 0.3);
  EXPECT_EQ(found[2].name, "actors/c");
  EXPECT_GE(found[2].score, 0.2);
  EXPECT_LE(found[2].score, 0.3);
  EXPECT_EQ(found[3].name, "actors/d");
  EXPECT_EQ(found[3].matched_text, "Wagner Group");
  EXPECT_GE(found[3].score, 0.1);
  EXPECT_LE(found[3].score, 0.2);
}

TEST(NameResolver, ComparesNoCodesAndNoShortTexts) {
  EXPECT_TRUE(Regions().Resolve("UA-99", 5).empty());
  EXPECT_TRUE(Regions().Resolve("Krx", 5).empty());
  const NameResolver actors = NameResolver::ForActors({MakeActor("a", "ЧВК", {})});
  ASSERT_EQ(actors.Resolve("cvk", 5).size(), 1u);
  EXPECT_EQ(actors.Resolve("cvk", 5)[0].score, 0.3);
  EXPECT_TRUE(actors.Resolve("cv", 5).empty());
}

TEST(NameResolver, ResolvesInLittleTime) {
  using Clock = std::chrono::steady_clock;
  const auto gazetteer = Gazetteer::LoadEmbedded();
  const auto milliseconds = [](Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
  };
  const auto start = Clock::now();
  const NameResolver regions = NameResolver::ForRegions(*gazetteer);
  const auto built = Clock::now();
  EXPECT_FALSE(regions.Resolve("Donetzk", 10).empty());
  const auto prepared = Clock::now();
  constexpr int kRounds = 50;
  for (int i = 0; i < kRounds; ++i) EXPECT_FALSE(regions.Resolve("Norht Koera", 10).empty());
  const auto asked = Clock::now();
  std::cout << "built in " << milliseconds(start, built) << " ms, first spelling "
            << milliseconds(built, prepared) << " ms, then "
            << milliseconds(prepared, asked) / kRounds << " ms each\n";
}

TEST(NameResolver, AnswersNothingWhereNothingComesNear) {
  for (const char* text : {"Xyzzyx", "qwerty", "hgsdkjfhskdjfh", "no such place", "unbekannt"}) {
    EXPECT_TRUE(Regions().Resolve(text, 5).empty()) << text;
  }
  EXPECT_TRUE(Regions().Resolve(" -- ", 5).empty());
  EXPECT_TRUE(Regions().Resolve("", 5).empty());
  EXPECT_TRUE(NameResolver::ForActors({}).Resolve("a", 5).empty());
}

}  // namespace
}  // namespace annals::storage

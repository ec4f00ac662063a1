#include "storage/name_resolver.h"

#include <algorithm>

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

TEST(NameResolver, AnswersNothingWhereNothingComesNear) {
  EXPECT_TRUE(Regions().Resolve("Xyzzyx", 5).empty());
  EXPECT_TRUE(Regions().Resolve(" -- ", 5).empty());
  EXPECT_TRUE(Regions().Resolve("", 5).empty());
  EXPECT_TRUE(NameResolver::ForActors({}).Resolve("a", 5).empty());
}

}  // namespace
}  // namespace annals::storage

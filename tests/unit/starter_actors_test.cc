#include <algorithm>
#include <map>
#include <set>

#include "gtest/gtest.h"
#include "storage/catalog_store.h"
#include "storage/gazetteer.h"
#include "storage/name_resolver.h"

namespace annals::storage {
namespace {

using annals::v1::Actor;

const std::vector<Actor>& Actors() {
  static const auto* actors = new std::vector<Actor>(StarterActors());
  return *actors;
}

std::string BestFor(std::string_view text) {
  static const auto* resolver = new NameResolver(NameResolver::ForActors(Actors()));
  const auto found = resolver->Resolve(text, 3);
  return found.empty() || found.front().score < 1 ? "" : found.front().name;
}

TEST(StarterActors, HaveEveryStateWithItsForces) {
  std::map<std::string, const Actor*> by_name;
  for (const Actor& actor : Actors()) by_name[actor.name()] = &actor;
  int states = 0;
  for (const Actor& actor : Actors()) {
    if (actor.kind() != annals::v1::ACTOR_KIND_STATE) continue;
    ++states;
    const auto army = by_name.find(actor.name() + "-army");
    ASSERT_NE(army, by_name.end()) << actor.name();
    EXPECT_EQ(army->second->kind(), annals::v1::ACTOR_KIND_STATE_FORCE);
    EXPECT_EQ(army->second->parents(0).parent(), actor.name());
  }
  EXPECT_GE(states, 195);
}

TEST(StarterActors, LieInCountriesOfTheGazetteer) {
  const auto gazetteer = Gazetteer::LoadEmbedded();
  for (const Actor& actor : Actors()) {
    if (actor.country().empty()) continue;
    const Region* country = gazetteer->Find(actor.country().substr(sizeof("regions/") - 1));
    ASSERT_NE(country, nullptr) << actor.name();
    EXPECT_EQ(country->level, RegionLevel::kCountry);
  }
}

TEST(StarterActors, KeepTheLimitsOfTheContract) {
  for (const Actor& actor : Actors()) {
    EXPECT_LE(actor.title().size(), 300u);
    EXPECT_LE(actor.aliases_size(), 200);
    for (const auto& alias : actor.aliases()) EXPECT_FALSE(alias.text().empty()) << actor.name();
  }
}

TEST(StarterActors, MapEachUcdpIdToOneActor) {
  std::map<std::string, std::string> by_id;
  for (const Actor& actor : Actors()) {
    for (const auto& id : actor.external_ids()) {
      EXPECT_EQ(id.taxonomy(), "ucdp:actor");
      EXPECT_TRUE(by_id.emplace(id.value(), actor.name()).second) << id.value();
    }
  }
  EXPECT_EQ(by_id["61"], "actors/ukr");
  EXPECT_EQ(by_id["57"], "actors/rus");
  EXPECT_EQ(by_id["118"], "actors/syr");
  EXPECT_EQ(by_id["1"], "actors/civilians");
  EXPECT_EQ(by_id["6711"], "actors/donetsk-peoples-republic");
  EXPECT_GE(by_id.size(), 440u);
}

TEST(StarterActors, ResolveByNamesInEveryScript) {
  for (const char* text : {"North Korea", "DPRK", "КНДР", "Северная Корея", "Північна Корея"}) {
    EXPECT_EQ(BestFor(text), "actors/prk") << text;
  }
  for (const char* text : {"Armed Forces of Ukraine", "Ukrainian Armed Forces", "ЗСУ",
                           "Збройні сили України", "Вооружённые силы Украины"}) {
    EXPECT_EQ(BestFor(text), "actors/ukr-army") << text;
  }
  EXPECT_EQ(BestFor("Government of Ukraine"), "actors/ukr");
  EXPECT_EQ(BestFor("Korean People's Army"), "actors/prk-army");
  EXPECT_EQ(BestFor("DPR"), "actors/donetsk-peoples-republic");
  EXPECT_EQ(BestFor("actors/kor-nis"), "actors/kor-nis");
}

}  // namespace
}  // namespace annals::storage

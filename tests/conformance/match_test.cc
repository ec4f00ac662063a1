// Uncertain places and times: what is NOMINAL, POSSIBLE and DEFINITE, and that one is in the other.
#include "storage/event_words.h"
#include "storage/source_url.h"
#include "tests/conformance/store_conformance.h"
#include "tests/support/random_record.h"

namespace annals::testing {
namespace {

using storage::Area;
using storage::EventQuery;
using storage::MatchMode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class StoreMatch : public StoreConformance {
 protected:
  static EventQuery Within(absl::StatusOr<Area> area, MatchMode match) {
    EXPECT_TRUE(area.ok()) << area.status();
    EventQuery query;
    query.match = match;
    if (area.ok()) query.area = storage::MakeAreaTerm(TestGazetteer(), *area, match);
    return query;
  }
  // A box inside Kursk oblast.
  static EventQuery InKursk(MatchMode match) {
    return Within(Area::Box(36.0, 51.5, 36.5, 51.9), match);
  }
  static EventQuery In(std::string_view code, MatchMode match) {
    EventQuery query;
    query.match = match;
    query.regions = storage::MakeRegionTerm(TestGazetteer(), {std::string(code)});
    return query;
  }
  static EventQuery On(std::string_view day, MatchMode match) {
    EventQuery query;
    query.match = match;
    query.occurred = {At(day), At(day) + storage::Micros{86'400'000'000}};
    return query;
  }
  static storage::UpsertRow Circle(std::string_view id, double lon, double lat, double radius_m) {
    auto row = EventBuilder("f", id).Place(lon, lat).Row();
    row.event.mutable_location()->set_radius_m(radius_m);
    return row;
  }
  static storage::UpsertRow AreaRegion(std::string_view id, std::string_view code, double lon,
                                       double lat) {
    auto row = EventBuilder("f", id).Place(lon, lat).Row();
    row.event.mutable_location()->set_area_region(fmt::format("regions/{}", code));
    return row;
  }
  std::vector<MatchMode> Strengths(const EventQuery& query) { return List(query).strengths; }
};

TEST_P(StoreMatch, ABoxInAnOblastFindsWhatIsKnownToTheOblastAsPossibleOnly) {
  Upsert(EventBuilder("f", "oblast").Region("RU-KRS"));
  EXPECT_THAT(Ids(InKursk(MatchMode::kPossible)), ElementsAre("oblast"));
  EXPECT_THAT(Strengths(InKursk(MatchMode::kPossible)), ElementsAre(MatchMode::kPossible));
  EXPECT_THAT(Ids(InKursk(MatchMode::kNominal)), IsEmpty());
  EXPECT_THAT(Ids(InKursk(MatchMode::kDefinite)), IsEmpty());
  const auto wide = Within(Area::Box(30, 48, 45, 56), MatchMode::kDefinite);
  EXPECT_THAT(Ids(wide), ElementsAre("oblast"));
  EXPECT_THAT(Strengths(wide), ElementsAre(MatchMode::kDefinite));
}

TEST_P(StoreMatch, ARepresentativePointIsNominalWhereItLies) {
  Upsert({AreaRegion("represented", "RU-KRS", 36.2, 51.7)});
  EXPECT_THAT(Ids(InKursk(MatchMode::kNominal)), ElementsAre("represented"));
  EXPECT_THAT(Strengths(InKursk(MatchMode::kNominal)), ElementsAre(MatchMode::kNominal));
  EXPECT_THAT(Ids(InKursk(MatchMode::kDefinite)), IsEmpty());
  const auto beside = Within(Area::Box(35.0, 51.3, 35.2, 51.4), MatchMode::kPossible);
  EXPECT_THAT(Ids(beside), ElementsAre("represented"));
  EXPECT_THAT(Strengths(beside), ElementsAre(MatchMode::kPossible));
}

TEST_P(StoreMatch, ACircleIsPossibleWhereItReachesAndDefiniteWhereItIsHeld) {
  Upsert(
      {Circle("circle", 36.2, 51.7, 25'000), EventBuilder("f", "point").Place(36.2, 51.7).Row()});
  EXPECT_THAT(Ids(InKursk(MatchMode::kNominal)), UnorderedElementsAre("circle", "point"));
  EXPECT_THAT(Ids(InKursk(MatchMode::kDefinite)), ElementsAre("point"));
  // 0.6 degrees of longitude are 41 km here: the circle's rim, not its point, is in the box.
  const auto rim = [](MatchMode match) { return Within(Area::Box(36.5, 51.6, 36.9, 51.8), match); };
  EXPECT_THAT(Ids(rim(MatchMode::kPossible)), ElementsAre("circle"));
  EXPECT_THAT(Ids(rim(MatchMode::kNominal)), IsEmpty());
  EXPECT_THAT(Ids(Within(Area::Box(36.6, 51.6, 36.9, 51.8), MatchMode::kPossible)), IsEmpty());
  EXPECT_THAT(Ids(Within(Area::Box(35.7, 51.4, 36.7, 52.0), MatchMode::kDefinite)),
              UnorderedElementsAre("circle", "point"));
  const auto around = [](double radius_m, MatchMode match) {
    return Within(Area::Circle(51.7, 36.2, radius_m), match);
  };
  EXPECT_THAT(Ids(around(26'000, MatchMode::kDefinite)), UnorderedElementsAre("circle", "point"));
  EXPECT_THAT(Ids(around(24'000, MatchMode::kDefinite)), ElementsAre("point"));
  EXPECT_THAT(Ids(around(20'100'000, MatchMode::kDefinite)),
              UnorderedElementsAre("circle", "point"));
  const auto apart = [](double radius_m) {
    return Within(Area::Circle(51.7, 37.2, radius_m), MatchMode::kPossible);  // 69 km away
  };
  EXPECT_THAT(Ids(apart(45'000)), ElementsAre("circle"));
  EXPECT_THAT(Ids(apart(43'000)), IsEmpty());
}

TEST_P(StoreMatch, ACircleGoesOverTheAntimeridianAndAPole) {
  Upsert({Circle("east", 179.9, -17, 30'000), Circle("pole", 10, 89.9, 30'000)});
  const auto beyond = Within(Area::Box(-180, -17.1, -179.95, -16.9), MatchMode::kPossible);
  EXPECT_THAT(Ids(beyond), ElementsAre("east"));
  const auto across = [](MatchMode match) { return Within(Area::Box(179, -18, -179, -16), match); };
  EXPECT_THAT(Ids(across(MatchMode::kDefinite)), ElementsAre("east"));
  EXPECT_THAT(Ids(Within(Area::Box(-170, 89.8, -160, 90), MatchMode::kPossible)),
              ElementsAre("pole"));
  EXPECT_THAT(Ids(Within(Area::Box(-180, 89, 180, 90), MatchMode::kDefinite)), ElementsAre("pole"));
}

TEST_P(StoreMatch, NamedRegionsAreTakenByWhatAPlaceReaches) {
  Upsert({EventBuilder("f", "country").Region("RU").Row(),
          Circle("border", 34.2, 51.25, 25'000),  // Ukraine's Sumy and Russia's Kursk oblast
          Circle("inside", 36.2, 51.7, 10'000), EventBuilder("f", "sumy").Region("UA-59").Row()});
  EXPECT_THAT(Ids(In("RU-KRS", MatchMode::kPossible)),
              UnorderedElementsAre("country", "border", "inside"));
  EXPECT_THAT(Ids(In("RU-KRS", MatchMode::kDefinite)), ElementsAre("inside"));
  EXPECT_THAT(Ids(In("RU", MatchMode::kDefinite)), UnorderedElementsAre("country", "inside"));
  EXPECT_THAT(Ids(In("UA-59", MatchMode::kPossible)), UnorderedElementsAre("border", "sumy"));
  EXPECT_THAT(Ids(In("UA-59", MatchMode::kDefinite)), ElementsAre("sumy"));
}

TEST_P(StoreMatch, ADayInsideAWindowIsPossibleAndNotDefinite) {
  Upsert({EventBuilder("f", "window").Between(At("2025-01-05"), At("2025-01-13")).Row(),
          EventBuilder("f", "day").Day("2025-01-08").Row(),
          EventBuilder("f", "instant").Instant("2025-01-08T00:00:00Z").Row()});
  EXPECT_THAT(Ids(On("2025-01-08", MatchMode::kPossible)),
              UnorderedElementsAre("window", "day", "instant"));
  EXPECT_THAT(Ids(On("2025-01-08", MatchMode::kNominal)),
              UnorderedElementsAre("window", "day", "instant"));
  EXPECT_THAT(Ids(On("2025-01-08", MatchMode::kDefinite)), UnorderedElementsAre("day", "instant"));
  EXPECT_EQ(Summarize(On("2025-01-08", MatchMode::kDefinite), {}).totals.event_count, 2);
}

TEST_P(StoreMatch, FiltersByHowFarAPlaceIsKnown) {
  Upsert({EventBuilder("f", "point").Place(36.2, 51.7).Row(), Circle("near", 36.2, 51.7, 25'000),
          EventBuilder("f", "oblast").Region("RU-KRS").Row(),
          EventBuilder("f", "country").Region("RU").Row(), EventBuilder("f", "nowhere").Row()});
  EventQuery query;
  query.place_uncertainty_max_m = 0;
  EXPECT_THAT(Ids(query), ElementsAre("point"));
  query.place_uncertainty_max_m = 25'000;
  EXPECT_THAT(Ids(query), UnorderedElementsAre("point", "near"));
  query.place_uncertainty_max_m = 300'000;
  EXPECT_THAT(Ids(query), UnorderedElementsAre("point", "near", "oblast"));
  query.place_uncertainty_max_m = 20'100'000;
  EXPECT_THAT(Ids(query), UnorderedElementsAre("point", "near", "oblast", "country"));
}

TEST_P(StoreMatch, VerificationFollowsFromClaims) {
  const auto claimed = [](std::string_view id,
                          std::vector<std::pair<std::string, annals::v1::ClaimStance>> claims) {
    auto row = EventBuilder("f", id).Row();
    for (const auto& [source, stance] : claims) {
      auto* claim = row.event.add_claims();
      claim->set_source(source);
      claim->set_stance(stance);
    }
    return row;
  };
  using annals::v1::CLAIM_STANCE_ASSERTS;
  using annals::v1::CLAIM_STANCE_DENIES;
  using annals::v1::CLAIM_STANCE_NEITHER;
  auto confirmed = claimed("confirmed", {{"A", CLAIM_STANCE_ASSERTS}});
  confirmed.event.mutable_claims(0)->set_credibility(annals::v1::INFORMATION_CREDIBILITY_1);
  Upsert({claimed("unclaimed", {{"A", CLAIM_STANCE_NEITHER}}),
          claimed("claimed", {{"Agency", CLAIM_STANCE_ASSERTS}, {"AGENCY", CLAIM_STANCE_ASSERTS}}),
          claimed("corroborated", {{"A", CLAIM_STANCE_ASSERTS}, {"B", CLAIM_STANCE_ASSERTS}}),
          confirmed, claimed("disputed", {{"A", CLAIM_STANCE_ASSERTS}, {"B", CLAIM_STANCE_DENIES}}),
          claimed("denied", {{"B", CLAIM_STANCE_DENIES}})});
  const std::vector<std::string> names = {"unclaimed", "claimed",  "corroborated",
                                          "confirmed", "disputed", "denied"};
  for (int i = 0; i < 6; ++i) {
    EventQuery query;
    query.verifications = {i + 1};
    EXPECT_THAT(Ids(query), ElementsAre(names[static_cast<std::size_t>(i)]));
    EXPECT_EQ(List(query).events[0].verification(), i + 1);
  }
  const auto summary = Summarize({}, {{storage::Dimension::Kind::kVerification}});
  ASSERT_EQ(summary.groups.size(), 6U);
  EXPECT_THAT(summary.groups[0].keys, ElementsAre("VERIFICATION_CLAIMED"));
}

TEST_P(StoreMatch, FindsWordsByTheirBeginnings) {
  auto row = EventBuilder("f", "a").Title("Обстріл Суджі: o'Neil's \\ bridge").Row();
  row.event.set_description("Ein schwerer Ängriff");
  row.event.add_tags("artillery");
  row.event.add_claims()->set_source("Agence France-Presse");
  row.event.mutable_claims(0)->set_stance(annals::v1::CLAIM_STANCE_ASSERTS);
  Upsert({row, EventBuilder("f", "b").Title("Another bridge").Row()});
  const auto found = [&](std::string_view text) {
    EventQuery query;
    query.words = storage::QueryWords(text);
    return Ids(query);
  };
  EXPECT_THAT(found("bridge"), UnorderedElementsAre("a", "b"));
  EXPECT_THAT(found("BRIDG суджі"), ElementsAre("a"));
  EXPECT_THAT(found("o'neil"), ElementsAre("a"));
  EXPECT_THAT(found("angriff"), ElementsAre("a"));
  EXPECT_THAT(found("artil agence-fr"), ElementsAre("a"));
  EXPECT_THAT(found("ridge"), IsEmpty());
  EXPECT_THAT(found("bridge missing"), IsEmpty());
}

TEST_P(StoreMatch, FindsASourceHoweverItsUrlIsWritten) {
  auto row = EventBuilder("f", "a").Row();
  auto* claim = row.event.add_claims();
  claim->set_source("A");
  claim->set_stance(annals::v1::CLAIM_STANCE_ASSERTS);
  claim->set_url("https://www.Example.org/story/?b=2&a=1&utm_source=x#top");
  claim->set_archived_url("https://archive.example.net/123");
  Upsert({row, EventBuilder("f", "b").Row()});
  const auto found = [&](std::string_view url) {
    EventQuery query;
    query.source_key = storage::SourceKey(url);
    return Ids(query);
  };
  EXPECT_THAT(found("http://example.org:80/story?a=1&b=2"), ElementsAre("a"));
  EXPECT_THAT(found("https://archive.example.net/123/"), ElementsAre("a"));
  EXPECT_THAT(found("https://example.org/Story?a=1&b=2"), IsEmpty());
  row.event.mutable_claims(0)->set_url("https://example.org/other");
  Upsert({row});
  EXPECT_THAT(found("http://example.org/story?a=1&b=2"), IsEmpty());
}

// DEFINITE answers are NOMINAL, NOMINAL answers POSSIBLE; a strength is the strictest mode that
// holds.
TEST_P(StoreMatch, ModesHoldEachOther) {
  const auto seed = TestSeed();
  fmt::print("ANNALS_SEED={}\n", seed);
  RandomRecord random(&TestGazetteer(), seed);
  std::vector<storage::UpsertRow> rows;
  for (int i = 0; i < 1'500; ++i) {
    rows.push_back({random.Event("f", std::to_string(i)), std::nullopt, false});
  }
  Upsert(rows);
  for (int question = 0; question < 100; ++question) {
    SCOPED_TRACE(question);
    EventQuery query = random.Query();
    if (query.area) {
      query.area = storage::MakeAreaTerm(TestGazetteer(), query.area->area, MatchMode::kPossible);
    }
    std::map<MatchMode, std::map<std::string, MatchMode>> found;
    for (const auto match : {MatchMode::kNominal, MatchMode::kPossible, MatchMode::kDefinite}) {
      query.match = match;
      const auto page = List(query, {.limit = 1'500});
      for (std::size_t i = 0; i < page.events.size(); ++i) {
        found[match][page.events[i].name()] = page.strengths[i];
      }
      EXPECT_EQ(Summarize(query, {}).totals.event_count, std::ssize(page.events));
    }
    for (const auto& [name, strength] : found[MatchMode::kPossible]) {
      EXPECT_EQ(found[MatchMode::kNominal].contains(name), strength != MatchMode::kPossible);
      EXPECT_EQ(found[MatchMode::kDefinite].contains(name), strength == MatchMode::kDefinite);
    }
    for (const auto match : {MatchMode::kNominal, MatchMode::kDefinite}) {
      for (const auto& [name, strength] : found[match]) {
        ASSERT_TRUE(found[MatchMode::kPossible].contains(name)) << name;
        EXPECT_EQ(found[MatchMode::kPossible][name], strength) << name;
      }
    }
  }
}

ANNALS_ON_EVERY_STORE(StoreMatch);

}  // namespace
}  // namespace annals::testing

#include "service/validate/filter_compiler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "storage/error.h"
#include "storage/event_name.h"
#include "tests/support/service_fixture.h"
#include "tests/support/small_gazetteer.h"

namespace annals::service {
namespace {

using annals::testing::At;
using annals::v1::EventFilter;
using storage::ActorKey;
using storage::ErrorField;
using storage::ErrorReason;
using storage::LabelKey;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

absl::StatusOr<storage::EventQuery> Compile(const EventFilter& filter) {
  return FilterCompiler(testing::SmallGazetteer(), testing::TestSight()).Compile(filter);
}

void ExpectRefused(const std::function<void(EventFilter*)>& fill, const std::string& field,
                   const std::string& reason) {
  EventFilter filter;
  fill(&filter);
  const absl::Status status = Compile(filter).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << field << ": " << status;
  EXPECT_EQ(ErrorField(status), field);
  EXPECT_EQ(ErrorReason(status), reason) << field;
}

// The terms for one filter, by key.
std::map<std::int64_t, storage::ActorTerm> TermsFor(const annals::v1::ActorFilter& actor) {
  EventFilter filter;
  *filter.add_actors() = actor;
  const auto query = Compile(filter);
  EXPECT_TRUE(query.ok()) << query.status();
  std::map<std::int64_t, storage::ActorTerm> terms;
  for (const storage::ActorTerm& term : *query->actors) terms[term.key] = term;
  return terms;
}

annals::v1::ActorFilter ByActor(const std::string& id) {
  annals::v1::ActorFilter filter;
  filter.set_actor("actors/" + id);
  return filter;
}

TEST(FilterCompiler, AsksForAllWhereNothingIsAsked) {
  const auto query = Compile(EventFilter());
  ASSERT_TRUE(query.ok());
  EXPECT_TRUE(query->occurred.unbounded());
  EXPECT_FALSE(query->area || query->regions || query->actors);
  EXPECT_TRUE(query->kinds.empty() && query->feeds.empty());
}

TEST(FilterCompiler, CompilesRanges) {
  EventFilter filter;
  *filter.mutable_occurred()->mutable_start() = storage::ToTimestamp(At("2025-01-01"));
  *filter.mutable_recorded()->mutable_end() = storage::ToTimestamp(At("2025-02-01"));
  const auto query = Compile(filter);
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->occurred, (storage::TimeSpan{At("2025-01-01"), std::nullopt}));
  EXPECT_EQ(query->recorded, (storage::TimeSpan{std::nullopt, At("2025-02-01")}));
}

TEST(FilterCompiler, RefusesEmptyRanges) {
  ExpectRefused(
      [](EventFilter* f) {
        f->mutable_occurred()->mutable_start()->set_seconds(5);
        f->mutable_occurred()->mutable_end()->set_seconds(5);
      },
      "occurred.end", "EMPTY_RANGE");
  ExpectRefused(
      [](EventFilter* f) { f->mutable_reported()->mutable_start()->set_seconds(INT64_MAX); },
      "reported.start", "TIME_RANGE");
}

TEST(FilterCompiler, RefusesBadAreasByField) {
  ExpectRefused([](EventFilter* f) { f->mutable_box()->set_north(91); }, "box.north",
                "LATITUDE_RANGE");
  ExpectRefused([](EventFilter* f) { f->mutable_box()->set_south(5); }, "box.south",
                "SOUTH_ABOVE_NORTH");
  ExpectRefused(
      [](EventFilter* f) { f->mutable_box()->set_west(std::numeric_limits<double>::quiet_NaN()); },
      "box.west", "NOT_FINITE");
  ExpectRefused([](EventFilter* f) { f->mutable_circle()->set_radius_m(5); }, "circle.center",
                "REQUIRED");
  ExpectRefused([](EventFilter* f) { f->mutable_circle()->mutable_center(); }, "circle.radius_m",
                "RADIUS_RANGE");
  const auto add = [](EventFilter* f, double longitude, double latitude) {
    auto* point = f->mutable_polygon()->mutable_exterior()->add_points();
    point->set_longitude(longitude);
    point->set_latitude(latitude);
  };
  const auto with_points = [&](const std::vector<std::pair<double, double>>& points) {
    return [&add, points](EventFilter* f) {
      for (const auto& [longitude, latitude] : points) add(f, longitude, latitude);
    };
  };
  ExpectRefused(with_points({{0, 0}, {1, 1}}), "polygon.exterior", "TOO_FEW_POINTS");
  ExpectRefused(with_points({{0, 0}, {2, 2}, {2, 0}, {0, 2}}), "polygon.exterior", "SELF_CROSSING");
  ExpectRefused(
      [&](EventFilter* f) {
        for (int i = 0; i < 10'001; ++i) add(f, i * 0.001, i % 2);
      },
      "polygon.exterior", "TOO_MANY_VERTICES");
}

TEST(FilterCompiler, ResolvesRegionsWithAllBelow) {
  EventFilter filter;
  filter.mutable_regions()->add_regions("regions/UA");
  filter.mutable_regions()->add_regions("regions/UA-43");
  filter.mutable_regions()->add_regions("regions/RU-KRS");
  const auto query = Compile(filter);
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_THAT(query->regions->codes, IsSupersetOf({"RU-KRS", "UA", "UA-43", "UA-63"}));
  EXPECT_TRUE(std::ranges::is_sorted(query->regions->codes));
  EXPECT_EQ(std::adjacent_find(query->regions->codes.begin(), query->regions->codes.end()),
            query->regions->codes.end());
}

TEST(FilterCompiler, KnowsTheRegionsInsideAnArea) {
  EventFilter filter;
  filter.mutable_box()->set_west(30);
  filter.mutable_box()->set_east(45);
  filter.mutable_box()->set_south(48);
  filter.mutable_box()->set_north(56);
  const auto query = Compile(filter);
  ASSERT_TRUE(query.ok());
  EXPECT_THAT(query->area->regions_within, Contains("RU-KRS"));
}

TEST(FilterCompiler, RefusesWhatThereIsNot) {
  ExpectRefused([](EventFilter* f) { f->mutable_regions(); }, "regions.regions", "REQUIRED");
  ExpectRefused([](EventFilter* f) { f->mutable_regions()->add_regions("regions/XX-NO"); },
                "regions.regions[0]", "UNKNOWN_REGION");
  ExpectRefused([](EventFilter* f) { f->add_kinds(annals::v1::EVENT_KIND_UNSPECIFIED); },
                "kinds[0]", "UNKNOWN_KIND");
  ExpectRefused([](EventFilter* f) { f->add_kinds(static_cast<annals::v1::EventKind>(99)); },
                "kinds[0]", "UNKNOWN_KIND");
  ExpectRefused([](EventFilter* f) { f->add_feeds("feeds/none"); }, "feeds[0]", "UNKNOWN_FEED");
  ExpectRefused([](EventFilter* f) { f->add_feeds("f"); }, "feeds[0]", "BAD_NAME");
  ExpectRefused([](EventFilter* f) { f->add_actors(); }, "actors[0]", "REQUIRED");
  ExpectRefused([](EventFilter* f) { f->add_actors()->set_actor("actors/none"); },
                "actors[0].actor", "UNKNOWN_ACTOR");
  ExpectRefused([](EventFilter* f) { f->add_actors()->set_label(""); }, "actors[0].label",
                "REQUIRED");
  ExpectRefused(
      [](EventFilter* f) {
        f->add_actors()->set_label("x");
        f->mutable_actors(0)->add_roles(annals::v1::PARTICIPANT_ROLE_UNSPECIFIED);
      },
      "actors[0].roles[0]", "REQUIRED");
}

TEST(FilterCompiler, TakesLeastCountsAndTheLongestWindow) {
  EventFilter filter;
  filter.set_persons_min(0);
  filter.set_fatalities_min(25);
  filter.mutable_time_uncertainty_max()->set_seconds(86'400);
  filter.mutable_time_uncertainty_max()->set_nanos(1'500);
  const auto query = Compile(filter);
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_EQ(query->persons_min, 0);
  EXPECT_EQ(query->fatalities_min, 25);
  EXPECT_EQ(query->window_max, storage::Micros{86'400'000'001});
  ExpectRefused([](EventFilter* f) { f->set_persons_min(-1); }, "persons_min", "NEGATIVE_COUNT");
  ExpectRefused([](EventFilter* f) { f->set_fatalities_min(2'000'000'000); }, "fatalities_min",
                "COUNT_TOO_LARGE");
  ExpectRefused([](EventFilter* f) { f->mutable_time_uncertainty_max()->set_seconds(-1); },
                "time_uncertainty_max", "DURATION_RANGE");
  ExpectRefused([](EventFilter* f) { f->mutable_time_uncertainty_max()->set_nanos(-1); },
                "time_uncertainty_max", "DURATION_RANGE");
}

TEST(FilterCompiler, TakesTheMatchModeAndWhatItNeeds) {
  EventFilter filter;
  filter.mutable_box()->set_west(36);
  filter.mutable_box()->set_east(36.5);
  filter.mutable_box()->set_south(51.5);
  filter.mutable_box()->set_north(51.9);
  auto query = Compile(filter);
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_EQ(query->match, storage::MatchMode::kNominal);
  EXPECT_THAT(query->area->regions_overlapping, ::testing::IsEmpty());
  filter.set_match(annals::v1::MATCH_MODE_POSSIBLE);
  query = Compile(filter);
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_EQ(query->match, storage::MatchMode::kPossible);
  EXPECT_THAT(query->area->regions_overlapping, ::testing::ElementsAre("RU", "RU-KRS"));
  filter.mutable_regions()->add_regions("regions/RU-KRS");
  query = Compile(filter);
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_THAT(query->regions->codes, ::testing::ElementsAre("RU-KRS"));
  EXPECT_THAT(query->regions->codes_around, ::testing::ElementsAre("RU", "RU-KRS"));
  ExpectRefused([](EventFilter* f) { f->set_match(static_cast<annals::v1::MatchMode>(9)); },
                "match", "UNKNOWN_VALUE");
  ExpectRefused([](EventFilter* f) { f->set_place_uncertainty_max_m(-1); },
                "place_uncertainty_max_m", "DISTANCE_RANGE");
  ExpectRefused(
      [](EventFilter* f) {
        f->set_place_uncertainty_max_m(std::numeric_limits<double>::quiet_NaN());
      },
      "place_uncertainty_max_m", "DISTANCE_RANGE");
}

TEST(FilterCompiler, TakesWordsSourcesAndVerification) {
  EventFilter filter;
  filter.set_text("Brücke  o'Neil");
  filter.set_source_url("https://example.org/a");
  filter.add_verifications(annals::v1::VERIFICATION_DENIED);
  filter.add_verifications(annals::v1::VERIFICATION_CLAIMED);
  const auto query = Compile(filter);
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_THAT(query->words, ::testing::ElementsAre("brucke", "neil", "o"));
  EXPECT_THAT(query->verifications, ::testing::ElementsAre(2, 6));
  EXPECT_TRUE(query->source_key.has_value());
  ExpectRefused([](EventFilter* f) { f->set_text("?!"); }, "text", "NO_WORDS");
  ExpectRefused([](EventFilter* f) { f->set_text("a b c d e f g h i j k l m n o p q r s t u"); },
                "text", "TOO_MANY_WORDS");
  ExpectRefused([](EventFilter* f) { f->set_text(std::string(301, 'a')); }, "text", "TOO_LONG");
  ExpectRefused([](EventFilter* f) { f->set_source_url("ftp://example.org"); }, "source_url",
                "BAD_URL");
  ExpectRefused([](EventFilter* f) { f->add_verifications(annals::v1::VERIFICATION_UNSPECIFIED); },
                "verifications[0]", "REQUIRED");
}

TEST(FilterCompiler, LimitsEveryPart) {
  const auto times = [](auto add) {
    return [add](EventFilter* f) {
      for (int i = 0; i < 201; ++i) add(f);
    };
  };
  ExpectRefused(times([](EventFilter* f) { f->add_kinds(annals::v1::EVENT_KIND_BATTLE); }), "kinds",
                "TOO_MANY_VALUES");
  ExpectRefused(times([](EventFilter* f) { f->add_feeds("feeds/f"); }), "feeds", "TOO_MANY_VALUES");
  ExpectRefused(times([](EventFilter* f) { f->add_actors()->set_label("x"); }), "actors",
                "TOO_MANY_VALUES");
  ExpectRefused(times([](EventFilter* f) { f->mutable_regions()->add_regions("regions/UA"); }),
                "regions.regions", "TOO_MANY_VALUES");
}

TEST(FilterCompiler, ListsKindsAndFeedsOnce) {
  EventFilter filter;
  for (const char* feed : {"feeds/g", "feeds/f", "feeds/g"}) filter.add_feeds(feed);
  for (const int kind : {7, 2, 7}) filter.add_kinds(static_cast<annals::v1::EventKind>(kind));
  const auto query = Compile(filter);
  ASSERT_TRUE(query.ok());
  EXPECT_THAT(query->feeds, ElementsAre("f", "g"));
  EXPECT_THAT(query->kinds, ElementsAre(2, 7));
}

TEST(FilterCompiler, FindsAnActorsNamesAndSubordinatesAsLongAsTheyAreThat) {
  const auto terms = TermsFor(ByActor("army"));
  EXPECT_TRUE(terms.contains(ActorKey("army")));
  EXPECT_TRUE(terms.contains(LabelKey("THE ARMY")));
  EXPECT_TRUE(terms.contains(LabelKey("армія")));
  EXPECT_FALSE(terms.contains(ActorKey("state")));
  EXPECT_TRUE(terms.at(ActorKey("army")).validity.unbounded());
  EXPECT_EQ(terms.at(ActorKey("brigade")).validity,
            (storage::TimeSpan{At("2025-01-01"), std::nullopt}));
  EXPECT_EQ(terms.at(ActorKey("battalion")).validity,
            (storage::TimeSpan{At("2025-01-01"), At("2025-02-01")}));
  EXPECT_EQ(terms.at(LabelKey("first battalion")).validity,
            terms.at(ActorKey("battalion")).validity);
}

TEST(FilterCompiler, LeavesSubordinatesOutWhereAsked) {
  auto filter = ByActor("army");
  filter.set_exclude_subordinates(true);
  filter.add_roles(annals::v1::PARTICIPANT_ROLE_CAPTOR);
  filter.add_roles(annals::v1::PARTICIPANT_ROLE_TARGET);
  const auto terms = TermsFor(filter);
  EXPECT_EQ(terms.size(), 3u);
  EXPECT_EQ(terms.at(ActorKey("army")).roles, (1U << 1) | (1U << 11));
}

TEST(FilterCompiler, FindsLabelsAndWhoIsCataloguedUnderThem) {
  annals::v1::ActorFilter filter;
  filter.set_label("держава");
  const auto terms = TermsFor(filter);
  EXPECT_TRUE(terms.contains(LabelKey("Держава")));
  EXPECT_TRUE(terms.contains(ActorKey("state")));
  EXPECT_TRUE(terms.contains(ActorKey("battalion")));
  filter.set_label("somebody else");
  EXPECT_EQ(TermsFor(filter).size(), 1u);
}

TEST(FilterCompiler, EndsOnCycles) {
  std::vector<annals::v1::Actor> actors = {testing::MakeActor("a", "A"),
                                           testing::MakeActor("b", "B")};
  actors[0].add_parents()->set_parent("actors/b");
  actors[1].add_parents()->set_parent("actors/a");
  const CatalogSnapshot catalog(1, {}, actors);
  EventFilter filter;
  filter.add_actors()->set_actor("actors/a");
  const auto query = FilterCompiler(testing::SmallGazetteer(), {catalog, {}}).Compile(filter);
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->actors->size(), 4u);
}

}  // namespace
}  // namespace annals::service

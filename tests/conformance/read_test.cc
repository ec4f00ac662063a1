// Questions: filters, order, pages, states of the past.
#include <set>

#include "absl/strings/numbers.h"
#include "storage/name_fold.h"
#include "tests/conformance/store_conformance.h"

namespace annals::testing {
namespace {

using annals::v1::EVENT_KIND_CAPTURE;
using annals::v1::PARTICIPANT_ROLE_CAPTIVE;
using annals::v1::PARTICIPANT_ROLE_CAPTOR;
using storage::ActorTerm;
using storage::Area;
using storage::AreaTerm;
using storage::ErrorReason;
using storage::EventOrder;
using storage::EventQuery;
using storage::PageSpec;
using storage::Position;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class StoreRead : public StoreConformance {
 protected:
  static EventQuery Within(absl::StatusOr<Area> area) {
    EXPECT_TRUE(area.ok()) << area.status();
    EventQuery query;
    if (area.ok()) query.area = storage::MakeAreaTerm(TestGazetteer(), *area, query.match);
    return query;
  }
  static EventQuery InRegion(std::string_view code) {
    EventQuery query;
    query.regions = storage::MakeRegionTerm(TestGazetteer(), {std::string(code)});
    return query;
  }
  static EventQuery Occurred(std::string_view start, std::string_view end) {
    EventQuery query;
    query.occurred = {At(start), At(end)};
    return query;
  }
};

TEST_P(StoreRead, OrdersByTimeAndBreaksTiesTheSameWayBothWays) {
  for (int i = 0; i < 30; ++i) {
    Upsert(EventBuilder("f", std::to_string(i)).Day(fmt::format("2025-01-{:02}", i % 3 + 1)));
  }
  const auto newest = Ids({}, {.order = EventOrder::kOccurredNewestFirst});
  auto oldest = Ids({}, {.order = EventOrder::kOccurredOldestFirst});
  EXPECT_EQ(newest.size(), 30U);
  int first = 0;
  ASSERT_TRUE(absl::SimpleAtoi(newest.front(), &first));
  EXPECT_EQ(first % 3, 2);
  std::ranges::reverse(oldest);
  EXPECT_EQ(newest, oldest);
}

TEST_P(StoreRead, AsksForLeastCountsByTheBestEstimate) {
  Upsert(EventBuilder("f", "best").Persons(5));
  Upsert(EventBuilder("f", "unknown"));
  auto low = EventBuilder("f", "low").Row();
  low.event.mutable_persons()->set_low(5);
  auto high = EventBuilder("f", "high").Row();
  high.event.mutable_persons()->set_high(50);
  auto zero = EventBuilder("f", "zero").Persons(0).Row();
  Upsert({low, high, zero});
  Upsert(EventBuilder("f", "dead").Fatalities(1, 6, 9));
  EventQuery query;
  query.persons_min = 5;
  EXPECT_THAT(Ids(query), UnorderedElementsAre("best", "low"));
  query.persons_min = 6;
  EXPECT_THAT(Ids(query), IsEmpty());
  query.persons_min = 0;
  EXPECT_THAT(Ids(query), UnorderedElementsAre("best", "low", "zero"));
  query = {};
  query.fatalities_min = 6;
  EXPECT_THAT(Ids(query), ElementsAre("dead"));
  EXPECT_EQ(Summarize(query, {}).totals.event_count, 1);
}

TEST_P(StoreRead, AsksForWindowsNoLongerThanGiven) {
  Upsert(EventBuilder("f", "instant").Instant("2025-01-05T10:00:00Z"));
  Upsert(EventBuilder("f", "day").Day("2025-01-05"));
  Upsert(EventBuilder("f", "week").Between(At("2025-01-01"), At("2025-01-08")));
  Upsert(EventBuilder("f", "age").Between(At("0001-01-01"), At("9999-12-31")));
  EventQuery query;
  query.window_max = 0;
  EXPECT_THAT(Ids(query), ElementsAre("instant"));
  query.window_max = storage::Micros{86'400'000'000};
  EXPECT_THAT(Ids(query), UnorderedElementsAre("instant", "day"));
  query.window_max = storage::Micros{86'400'000'000} - 1;
  EXPECT_THAT(Ids(query), ElementsAre("instant"));
  query.window_max = storage::Micros{315'576'000'000} * 1'000'000;
  EXPECT_EQ(Ids(query).size(), 4U);
}

TEST_P(StoreRead, OrdersByWhenRecorded) {
  Upsert(EventBuilder("f", "old").Day("2025-01-09"));
  Upsert(EventBuilder("f", "new").Day("2025-01-01"));
  EXPECT_THAT(Ids({}, {.order = EventOrder::kRecordedNewestFirst}), ElementsAre("new", "old"));
  Upsert(EventBuilder("f", "old").Day("2025-01-09").Title("corrected"));
  EXPECT_THAT(Ids({}, {.order = EventOrder::kRecordedNewestFirst}), ElementsAre("old", "new"));
}

TEST_P(StoreRead, WalksPagesWithoutLosingOrDoubling) {
  std::vector<storage::UpsertRow> rows;
  for (int i = 0; i < 57; ++i) {
    rows.push_back(
        EventBuilder("f", std::to_string(i)).Day(fmt::format("2025-01-{:02}", i % 5 + 1)).Row());
  }
  Upsert(std::move(rows));
  for (const auto order : {EventOrder::kOccurredNewestFirst, EventOrder::kOccurredOldestFirst,
                           EventOrder::kRecordedNewestFirst}) {
    std::vector<std::string> walked;
    PageSpec page{.order = order, .limit = 10};
    do {
      const auto answer = List({}, page);
      for (const auto& event : answer.events) walked.push_back(event.title().substr(6));
      page.after = answer.next;
    } while (page.after);
    EXPECT_EQ(walked, Ids({}, {.order = order, .limit = 1000}));
    EXPECT_EQ(std::set(walked.begin(), walked.end()).size(), 57U);
  }
}

TEST_P(StoreRead, SaysThatMoreFollowsOnlyWhereItDoes) {
  for (const char* id : {"1", "2", "3"}) Upsert(EventBuilder("f", id));
  EXPECT_TRUE(List({}, {.limit = 2}).next);
  EXPECT_FALSE(List({}, {.limit = 3}).next);
}

TEST_P(StoreRead, EndsAPageBySize) {
  for (const char* id : {"1", "2", "3"}) {
    auto row = EventBuilder("f", id).Row();
    row.event.set_description(std::string(1000, 'x'));
    Upsert({row});
  }
  EXPECT_EQ(List({}, {.bytes_max = 1}).events.size(), 1U);
  const auto page = List({}, {.bytes_max = 2500});
  EXPECT_EQ(page.events.size(), 2U);
  EXPECT_EQ(List({}, {.after = page.next}).events.size(), 1U);
}

TEST_P(StoreRead, OverlapsWindowsWithRanges) {
  Upsert(EventBuilder("f", "day").Day("2025-01-05"));
  Upsert(EventBuilder("f", "instant").Instant("2025-01-05T00:00:00Z"));
  Upsert(EventBuilder("f", "year").Between(At("2025-01-01"), At("2026-01-01")));
  Upsert(EventBuilder("f", "fortnight").Between(At("2024-12-25"), At("2025-01-08")));
  EXPECT_THAT(Ids(Occurred("2025-01-05", "2025-01-06")),
              UnorderedElementsAre("day", "instant", "year", "fortnight"));
  EXPECT_THAT(Ids(Occurred("2025-01-04", "2025-01-05")), UnorderedElementsAre("year", "fortnight"));
  EXPECT_THAT(Ids(Occurred("2025-01-06", "2025-01-07")), UnorderedElementsAre("year", "fortnight"));
  EXPECT_THAT(Ids(Occurred("2025-01-08", "2025-01-09")), UnorderedElementsAre("year"));
  EXPECT_THAT(Ids(Occurred("2026-01-01", "2026-01-02")), IsEmpty());
  EventQuery open;
  open.occurred.start = At("2025-01-07");
  EXPECT_THAT(Ids(open), UnorderedElementsAre("year", "fortnight"));
  EventQuery until;
  until.occurred.end = At("2025-01-01");
  EXPECT_THAT(Ids(until), ElementsAre("fortnight"));
}

TEST_P(StoreRead, FiltersByReportedAndRecordedTime) {
  Upsert(EventBuilder("f", "silent"));
  const auto second = Upsert(EventBuilder("f", "told").Reported("2025-01-12T10:00:00Z"));
  EventQuery reported;
  reported.reported = {At("2025-01-12T10:00:00Z"), At("2025-01-12T10:00:01Z")};
  EXPECT_THAT(Ids(reported), ElementsAre("told"));
  reported.reported = {std::nullopt, At("2025-01-12T10:00:00Z")};
  EXPECT_THAT(Ids(reported), IsEmpty());
  const auto told = List({}, {.order = EventOrder::kRecordedNewestFirst}).events.at(0);
  EventQuery recorded;
  recorded.recorded.start = storage::ToMicros(told.update_time());
  EXPECT_THAT(Ids(recorded), ElementsAre("told"));
  recorded.recorded = {std::nullopt, storage::ToMicros(told.update_time())};
  EXPECT_THAT(Ids(recorded), ElementsAre("silent"));
}

TEST_P(StoreRead, FindsPointsInBoxesBoundariesIncluded) {
  Upsert(EventBuilder("f", "corner").Place(35, 51));
  Upsert(EventBuilder("f", "inside").Place(35.5, 51.5));
  Upsert(EventBuilder("f", "outside").Place(34.999, 51.5));
  EXPECT_THAT(Ids(Within(Area::Box(35, 51, 36, 52))), UnorderedElementsAre("corner", "inside"));
  EXPECT_THAT(Ids(Within(Area::Box(35.5, 51.5, 35.5, 51.5))), ElementsAre("inside"));
  EXPECT_THAT(Ids(Within(Area::Box(-180, -90, 180, 90))).size(), 3U);
}

TEST_P(StoreRead, FindsPointsAcrossTheAntimeridian) {
  Upsert(EventBuilder("f", "fiji").Place(178, -17));
  Upsert(EventBuilder("f", "line").Place(-180, -17));
  Upsert(EventBuilder("f", "samoa").Place(-172, -13));
  Upsert(EventBuilder("f", "paris").Place(2, 48));
  EXPECT_THAT(Ids(Within(Area::Box(177, -20, -170, -10))),
              UnorderedElementsAre("fiji", "line", "samoa"));
  EXPECT_THAT(Ids(Within(Area::Box(177, -20, 180, -10))), UnorderedElementsAre("fiji", "line"));
  EXPECT_THAT(Ids(Within(Area::Box(177, -20, 190, -10))),
              UnorderedElementsAre("fiji", "line", "samoa"));
  EXPECT_THAT(Ids(Within(Area::Polygon({{{177, -20}, {190, -20}, {190, -10}, {177, -10}}}))),
              UnorderedElementsAre("fiji", "line", "samoa"));
  EXPECT_THAT(Ids(Within(Area::Circle(-17, 179, 1'200'000))),
              UnorderedElementsAre("fiji", "line", "samoa"));
}

TEST_P(StoreRead, FindsPointsAtThePoles) {
  Upsert(EventBuilder("f", "north").Place(10, 90));
  Upsert(EventBuilder("f", "near").Place(-170, 89.5));
  Upsert(EventBuilder("f", "south").Place(0, -90));
  EXPECT_THAT(Ids(Within(Area::Circle(89.9, 0, 100'000))), UnorderedElementsAre("north", "near"));
  EXPECT_THAT(Ids(Within(Area::Box(9, 80, 11, 90))), ElementsAre("north"));
  EXPECT_THAT(Ids(Within(Area::Box(-180, -90, 180, -90))), ElementsAre("south"));
}

TEST_P(StoreRead, FindsPointsInPolygonsOutsideTheirHoles) {
  const auto ring = Area::Polygon(
      {{{30, 45}, {40, 45}, {40, 55}, {30, 55}}, {{34, 49}, {36, 49}, {36, 51}, {34, 51}}});
  Upsert(EventBuilder("f", "ring").Place(31, 46));
  Upsert(EventBuilder("f", "hole").Place(35, 50));
  Upsert(EventBuilder("f", "rim").Place(34, 50));
  Upsert(EventBuilder("f", "edge").Place(30, 50));
  EXPECT_THAT(Ids(Within(ring)), UnorderedElementsAre("ring", "rim", "edge"));
}

TEST_P(StoreRead, FindsPointsInCirclesByGeodesicDistance) {
  Upsert(EventBuilder("f", "near").Place(35.0, 51.0));
  Upsert(EventBuilder("f", "far").Place(36.0, 51.0));  // 70.2 km away
  EXPECT_THAT(Ids(Within(Area::Circle(51, 35, 70'000))), ElementsAre("near"));
  EXPECT_THAT(Ids(Within(Area::Circle(51, 35, 70'400))), UnorderedElementsAre("near", "far"));
}

TEST_P(StoreRead, FindsAnEventKnownOnlyToARegionWhereAllOfItIsAsked) {
  Upsert(EventBuilder("f", "kursk").Region("RU-KRS"));
  EXPECT_THAT(Ids(InRegion("RU-KRS")), ElementsAre("kursk"));
  EXPECT_THAT(Ids(InRegion("RU")), ElementsAre("kursk"));
  EXPECT_THAT(Ids(InRegion("UA")), IsEmpty());
  EXPECT_THAT(Ids(Within(Area::Box(20, 40, 60, 60))), ElementsAre("kursk"));
  EXPECT_THAT(Ids(Within(Area::Box(35, 51, 36, 52))), IsEmpty());
  EXPECT_THAT(Ids(Within(Area::Circle(51.7, 36.2, 500'000))), ElementsAre("kursk"));
}

TEST_P(StoreRead, FindsByRegionWhatTheSourceOrThePointPutsThere) {
  Upsert(EventBuilder("f", "point").Place(35.27, 51.19));
  Upsert(EventBuilder("f", "source").Place(34.8, 50.9).Region("RU-KRS"));  // point near Sumy
  Upsert(EventBuilder("f", "country").Region("RU"));
  Upsert(EventBuilder("f", "sea").Place(0, 0));
  EXPECT_THAT(Ids(InRegion("RU-KRS")), UnorderedElementsAre("point", "source"));
  EXPECT_THAT(Ids(InRegion("RU")), UnorderedElementsAre("point", "source", "country"));
  EXPECT_THAT(Ids(InRegion("UA")), ElementsAre("source"));
}

TEST_P(StoreRead, PutsCrimeaUnderItsIsoCode) {
  Upsert(EventBuilder("f", "simferopol").Place(34.1, 44.95));
  EXPECT_THAT(Ids(InRegion("UA-43")), ElementsAre("simferopol"));
  EXPECT_THAT(Ids(InRegion("UA")), ElementsAre("simferopol"));
  EXPECT_THAT(Ids(InRegion("RU")), IsEmpty());
}

TEST_P(StoreRead, FiltersByKindAndFeed) {
  Upsert(EventBuilder("f", "battle"));
  Upsert(EventBuilder("f", "capture").Kind(EVENT_KIND_CAPTURE));
  Upsert(EventBuilder("g", "other"));
  EventQuery query;
  query.kinds = {EVENT_KIND_CAPTURE};
  EXPECT_THAT(Ids(query), ElementsAre("capture"));
  query.kinds = {EVENT_KIND_CAPTURE, annals::v1::EVENT_KIND_BATTLE};
  query.feeds = {"f"};
  EXPECT_THAT(Ids(query), UnorderedElementsAre("battle", "capture"));
  query.feeds = {"f", "g"};
  EXPECT_EQ(Ids(query).size(), 3U);
}

TEST_P(StoreRead, FiltersByActorRoleAndValidity) {
  Upsert(EventBuilder("f", "captor").Actor("ukr-army", PARTICIPANT_ROLE_CAPTOR));
  Upsert(EventBuilder("f", "captive").Actor("ukr-army", PARTICIPANT_ROLE_CAPTIVE));
  Upsert(EventBuilder("f", "label").Label("Çelik  Group", PARTICIPANT_ROLE_CAPTOR));
  EventQuery query;
  query.actors = {ActorTerm{storage::ActorKey("ukr-army"), 0, {}}};
  EXPECT_THAT(Ids(query), UnorderedElementsAre("captor", "captive"));
  query.actors->at(0).roles = 1U << PARTICIPANT_ROLE_CAPTIVE;
  EXPECT_THAT(Ids(query), ElementsAre("captive"));
  query.actors->push_back(ActorTerm{storage::LabelKey("celik group"), 0, {}});
  EXPECT_THAT(Ids(query), UnorderedElementsAre("captive", "label"));
  query.actors->at(0).validity = {At("2025-01-06"), std::nullopt};
  query.actors->at(1).validity = {At("2025-01-05"), At("2025-01-06")};
  EXPECT_THAT(Ids(query), ElementsAre("label"));
  query.actors->clear();
  EXPECT_THAT(Ids(query), IsEmpty());
}

TEST_P(StoreRead, AnswersEachPositionAsItStoodThen) {
  Upsert(EventBuilder("f", "1").Place(35, 51).Actor("ukr", PARTICIPANT_ROLE_CAPTOR));
  Upsert(EventBuilder("f", "1").Place(10, 10).Day("2020-01-01"));
  Upsert(EventBuilder("f", "2").Place(35, 51));
  Retract("1");
  const auto box = Within(Area::Box(34, 50, 36, 52));
  EXPECT_THAT(Ids(box, {}, {Position{0}}), IsEmpty());
  EXPECT_THAT(Ids(box, {}, {Position{1}}), ElementsAre("1"));
  EXPECT_THAT(Ids(box, {}, {Position{2}}), IsEmpty());
  EXPECT_THAT(Ids(box, {}, {Position{3}}), ElementsAre("2"));
  EXPECT_THAT(Ids({}, {}, {Position{3}}), ElementsAre("2", "1"));
  EXPECT_THAT(Ids({}, {}, {Position{4}}), ElementsAre("2"));
  EventQuery actor;
  actor.actors = {ActorTerm{storage::ActorKey("ukr"), 0, {}}};
  EXPECT_THAT(Ids(actor, {}, {Position{1}}), ElementsAre("1"));
  EXPECT_THAT(Ids(actor, {}, {Position{2}}), IsEmpty());
  EXPECT_EQ(Summarize({}, {}, {Position{3}}).totals.event_count, 2);
  EXPECT_EQ(Summarize({}, {}, {Position{3}}).record_count, 2);
  EXPECT_EQ(Summarize({}, {}, {Position{4}}).record_count, 1);
  EXPECT_EQ(ErrorReason(events().ListEvents(context_, {}, {}, {Position{5}}).status()),
            "POSITION_AHEAD");
}

TEST_P(StoreRead, FindsThePositionOfAMoment) {
  Upsert(EventBuilder("f", "1"));
  Upsert(EventBuilder("f", "1").Title("x"));
  const auto revisions =
      events().ListRevisions(context_, storage::EventName{"f", "1"}, std::nullopt, 10);
  ASSERT_TRUE(revisions.ok()) << revisions.status();
  const auto second =
      absl::FromUnixMicros(storage::ToMicros(revisions->revisions.at(0).event.update_time()));
  const auto first =
      absl::FromUnixMicros(storage::ToMicros(revisions->revisions.at(1).event.update_time()));
  const auto position_at = [&](absl::Time time) {
    const auto position = events().PositionAt(context_, time);
    EXPECT_TRUE(position.ok()) << position.status();
    return position.ok() ? position->value : -1;
  };
  EXPECT_EQ(position_at(second), 2);
  EXPECT_EQ(position_at(second - absl::Microseconds(1)), 1);
  EXPECT_EQ(position_at(first), 1);
  EXPECT_EQ(position_at(first - absl::Microseconds(1)), 0);
}

TEST_P(StoreRead, GetsSeveralByName) {
  Upsert({EventBuilder("f", "1").Row(), EventBuilder("g", "1").Row()});
  const auto found =
      events().GetEvents(context_, {{"g", "1"}, {"f", "none"}, {"f", "1"}, {"none", "1"}}, {});
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->events.size(), 4U);
  EXPECT_EQ(found->events[0]->name(), "feeds/g/events/1");
  EXPECT_FALSE(found->events[1]);
  EXPECT_EQ(found->events[2]->name(), "feeds/f/events/1");
  EXPECT_FALSE(found->events[3]);
  EXPECT_EQ(found->position, Position{1});
}

ANNALS_ON_EVERY_STORE(StoreRead);

}  // namespace
}  // namespace annals::testing

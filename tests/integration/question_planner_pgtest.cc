// The access paths: what the planner chooses, and that PostgreSQL walks the index meant for it.
#include "storage/postgres/question_planner.h"

#include "storage/postgres/question_sql.h"
#include "storage/postgres/statements.h"
#include "storage/postgres/transaction.h"
#include "tests/integration/postgres_fixture.h"

namespace annals::testing {
namespace {

using storage::Access;
using storage::Area;
using storage::EventQuery;
using storage::PageSpec;
using storage::Question;
using ::testing::HasSubstr;
using ::testing::Not;

EventQuery InBox(double west, double south, double east, double north) {
  EventQuery query;
  query.area = storage::AreaTerm{*Area::Box(west, south, east, north), {"UA-63"}};
  return query;
}

EventQuery InRegions(std::vector<std::string> codes) {
  EventQuery query;
  query.regions = storage::RegionTerm{codes, codes};
  return query;
}

EventQuery OfActor(std::int64_t key) {
  EventQuery query;
  query.actors = {{.key = key, .roles = 0, .validity = {}}};
  return query;
}

TEST(QuestionPlanner, WalksCellsOfAnAreaAndTimeWhereItIsVeryWide) {
  EXPECT_EQ(PlanQuestion(InBox(35, 50, 36, 51), {}).access, Access::kCells);
  EXPECT_EQ(PlanQuestion(InBox(-180, -90, 180, 90), {}).access, Access::kTime);
}

TEST(QuestionPlanner, WalksTimeForADayOfAWideArea) {
  EventQuery query = InBox(20, 40, 50, 60);
  EXPECT_EQ(PlanQuestion(query, {}).access, Access::kCells);
  query.occurred = {At("2025-01-05"), At("2025-01-06")};
  EXPECT_EQ(PlanQuestion(query, {}).access, Access::kTime);
}

TEST(QuestionPlanner, WalksRareActorsBeforeSpace) {
  EventQuery query = InRegions({"UA-63"});
  EXPECT_EQ(PlanQuestion(query, {}).access, Access::kRegions);
  query.actors = OfActor(7).actors;
  ASSERT_TRUE(NeedsActorEvents(query));
  EXPECT_EQ(PlanQuestion(query, 100).access, Access::kActors);
  EXPECT_EQ(PlanQuestion(query, storage::kRareActorEventsMax + 1).access, Access::kRegions);
  EXPECT_EQ(PlanQuestion(OfActor(7), {}).access, Access::kActors);
}

TEST(QuestionPlanner, AsksNothingForAPartThatNothingMatches) {
  EventQuery query;
  query.actors.emplace();
  EXPECT_EQ(PlanQuestion(query, {}).access, Access::kNothing);
  EXPECT_EQ(PlanQuestion(InRegions({}), {}).access, Access::kNothing);
}

// 20,000 events in a box over ten years: enough for PostgreSQL to prefer indexes.
class AccessPath : public PostgresStore {
 protected:
  void SetUp() override {
    PostgresStore::SetUp();
    (void)database_.Run(
        "INSERT INTO event (id, revision, position, create_time, update_time, occurred_start,"
        " occurred_end, lon, lat, feed_id, cell_8, cell_12, kind, state, is_long, event, region,"
        " point_region, actor_keys, actor_roles, content_hash, record, area_region)"
        " SELECT n, 1, n, '2025-01-01', '2025-01-01', t, t + interval '1 day', 30 + n % 10,"
        " 45 + n % 7, 1, n % 500, n % 9000, 1 + n % 17, 1, n % 50 = 0, n::text, 'UA-' || n % 30,"
        " 'UA-' || (n + n % 20 / 19) % 30, ARRAY[n % 900], '{1}', '', '',"
        " CASE WHEN n % 5 = 0 THEN 'UA-' || n % 30 END"
        " FROM generate_series(1, 20000) AS n,"
        " LATERAL (SELECT timestamptz '2015-01-01' + n * interval '4 hours' AS t) AS times;"
        "INSERT INTO event_posting SELECT actor_keys[1], occurred_start, id, is_long FROM event;"
        "ANALYZE event; ANALYZE event_posting");
  }

  std::string Explain(const EventQuery& query, const PageSpec& page = {}) {
    const auto plan = PlanQuestion(query, {});
    const storage::SeenFeeds feeds(std::make_shared<storage::StoredFeeds>(), {});
    storage::Statement statement = PageStatement(Question{query, plan, std::nullopt, feeds}, page);
    statement.text = "EXPLAIN " + statement.text;
    std::string text;
    const auto status =
        storage::RunTransaction(pool_, storage::TransactionMode::kRead, context_.deadline,
                                [&](storage::Transaction& transaction) {
                                  text.clear();
                                  for (const auto& row : transaction.Run(statement)) {
                                    text += row[0].c_str();
                                    text += '\n';
                                  }
                                  return absl::OkStatus();
                                });
    EXPECT_TRUE(status.ok()) << status;
    return text;
  }
};

TEST_F(AccessPath, NewestOfTheWorldWalksTime) {
  const auto plan = Explain({});
  EXPECT_THAT(plan, HasSubstr("event_occurred_idx"));
  EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on event")));
}

TEST_F(AccessPath, ASmallBoxWalksFineCells) {
  const auto plan = Explain(InBox(35, 50, 35.2, 50.1));
  EXPECT_THAT(plan, HasSubstr("event_cell_12_idx"));
  EXPECT_THAT(plan, HasSubstr("event_area_region_idx"));
  EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on event")));
}

TEST_F(AccessPath, WhatMayBeInABoxIsWalkedByRegionsAndCircles) {
  EventQuery query = InBox(35, 50, 35.2, 50.1);
  query.match = storage::MatchMode::kPossible;
  query.area->regions_overlapping = {"UA-5", "UA-6"};
  const auto plan = Explain(query);
  EXPECT_THAT(plan, HasSubstr("event_cell_12_idx"));
  EXPECT_THAT(plan, HasSubstr("event_area_region_idx"));
  EXPECT_THAT(plan, HasSubstr("event_posting_pk"));
  EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on event")));
}

TEST_F(AccessPath, ASourceWalksItsEvents) {
  EventQuery query;
  query.source_key = 7;
  const auto plan = Explain(query);
  EXPECT_THAT(plan, HasSubstr("event_posting_pk"));
  EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on event")));
}

TEST_F(AccessPath, ALargerBoxWalksCoarseCells) {
  const auto plan = Explain(InBox(30, 45, 36, 50));
  EXPECT_THAT(plan, HasSubstr("event_cell_8_idx"));
  EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on event")));
}

TEST_F(AccessPath, ARangeLooksForLongWindowsApart) {
  EventQuery query = InBox(30, 45, 36, 50);
  query.occurred = {At("2020-01-01"), At("2020-02-01")};
  const auto plan = Explain(query);
  EXPECT_THAT(plan, HasSubstr("event_cell_8_idx"));
  EXPECT_THAT(plan, HasSubstr("event_long_cell_8_idx"));
  EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on event")));
}

TEST_F(AccessPath, RegionsWalkRegionsAndWhereSourcesDiffer) {
  const auto plan = Explain(InRegions({"UA-5", "UA-6"}));
  EXPECT_THAT(plan, HasSubstr("event_region_idx"));
  EXPECT_THAT(plan, HasSubstr("event_point_region_idx"));
  EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on event")));
}

TEST_F(AccessPath, AnActorWalksItsEvents) {
  const auto plan = Explain(OfActor(7));
  EXPECT_THAT(plan, HasSubstr("event_posting_pk"));
  EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on event")));
}

TEST_F(AccessPath, AFeedWalksItsEvents) {
  EventQuery query;
  query.feeds = {"f"};
  const auto plan = Explain(query);
  EXPECT_THAT(plan, HasSubstr("event_feed_idx"));
}

TEST_F(AccessPath, RecordedNewestWalksPositions) {
  const auto plan = Explain({}, {.order = storage::EventOrder::kRecordedNewestFirst});
  EXPECT_THAT(plan, HasSubstr("event_position_idx"));
}

TEST_F(AccessPath, ADeepPageOfABoxStartsAtItsCursor) {
  PageSpec page;
  page.after = storage::Cursor{At("2018-01-01"), 5};
  EXPECT_THAT(Explain(InBox(30, 45, 36, 50), page),
              HasSubstr("Index Cond: ((cell_8 = d.k) AND (ROW(occurred_start, id) <"));
}

}  // namespace
}  // namespace annals::testing

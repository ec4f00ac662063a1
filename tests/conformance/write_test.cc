// Writes: what goes in, what is kept, what a retry does.
#include "storage/event_columns.h"
#include "tests/conformance/store_conformance.h"

namespace annals::testing {
namespace {

using annals::v1::ROW_OUTCOME_CREATED;
using annals::v1::ROW_OUTCOME_STALE;
using annals::v1::ROW_OUTCOME_STAYS_RETRACTED;
using annals::v1::ROW_OUTCOME_UNCHANGED;
using annals::v1::ROW_OUTCOME_UPDATED;
using storage::ErrorReason;
using storage::EventName;
using storage::Position;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StoreWrite : public StoreConformance {
 protected:
  annals::v1::Event Get(std::string_view id, storage::Snapshot snapshot = {}) {
    const auto found = events().GetEvents(context_, {EventName{"f", std::string(id)}}, snapshot);
    EXPECT_TRUE(found.ok()) << found.status();
    if (!found.ok() || !found->events.at(0)) return {};
    return *found->events.at(0);
  }
  Position Head() {
    const auto info = events().Info(context_);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.ok() ? info->position : Position{-1};
  }
  static std::vector<int> Outcomes(const storage::UpsertReceipt& receipt) {
    std::vector<int> outcomes;
    for (const auto& row : receipt.rows) outcomes.push_back(row.outcome);
    return outcomes;
  }
};

TEST_P(StoreWrite, CreatesThenFindsUnchangedThenUpdates) {
  const auto created = Upsert(EventBuilder("f", "1"));
  EXPECT_THAT(Outcomes(created), ElementsAre(ROW_OUTCOME_CREATED));
  EXPECT_EQ(created.rows.at(0).revision, 1);
  EXPECT_EQ(created.position, Position{1});
  const auto unchanged = Upsert(EventBuilder("f", "1"));
  EXPECT_THAT(Outcomes(unchanged), ElementsAre(ROW_OUTCOME_UNCHANGED));
  EXPECT_EQ(unchanged.rows.at(0).revision, 1);
  EXPECT_EQ(unchanged.position, Position{1});
  const auto updated = Upsert(EventBuilder("f", "1").Title("New"));
  EXPECT_THAT(Outcomes(updated), ElementsAre(ROW_OUTCOME_UPDATED));
  EXPECT_EQ(updated.rows.at(0).revision, 2);
  EXPECT_EQ(updated.position, Position{2});
  EXPECT_EQ(Get("1").title(), "New");
  EXPECT_EQ(Get("1", {Position{1}}).title(), "Event 1");
}

TEST_P(StoreWrite, FillsWhatTheServerKnows) {
  Upsert(EventBuilder("f", "1").Place(35.27, 51.19));
  const auto event = Get("1");
  EXPECT_EQ(event.revision(), 1);
  EXPECT_EQ(event.state(), annals::v1::EVENT_STATE_ACTIVE);
  EXPECT_EQ(event.licence(), "CC0-1.0");
  EXPECT_FALSE(event.etag().empty());
  EXPECT_GT(event.create_time().seconds(), 0);
  EXPECT_EQ(storage::ToMicros(event.create_time()), storage::ToMicros(event.update_time()));
  EXPECT_EQ(event.location().resolved_region(), "regions/RU-KRS");
  EXPECT_EQ(event.location().point_region(), "regions/RU-KRS");
}

TEST_P(StoreWrite, IgnoresOutputOnlyFieldsInWhatIsSent) {
  Upsert(EventBuilder("f", "1").Place(35.27, 51.19));
  EXPECT_THAT(Outcomes(Upsert({{Get("1"), std::nullopt, false}})),
              ElementsAre(ROW_OUTCOME_UNCHANGED));
  auto row = EventBuilder("f", "2").Row();
  row.event.set_licence("forged");
  row.event.set_revision(77);
  row.event.set_state(annals::v1::EVENT_STATE_RETRACTED);
  Upsert({row});
  EXPECT_EQ(Get("2").licence(), "CC0-1.0");
  EXPECT_EQ(Get("2").revision(), 1);
  EXPECT_EQ(Get("2").state(), annals::v1::EVENT_STATE_ACTIVE);
}

TEST_P(StoreWrite, KeepsTheCreateTimeAndMovesTheUpdateTime) {
  Upsert(EventBuilder("f", "1"));
  const auto first = Get("1");
  Upsert(EventBuilder("f", "1").Title("New"));
  const auto second = Get("1");
  EXPECT_EQ(storage::ToMicros(first.create_time()), storage::ToMicros(second.create_time()));
  EXPECT_LT(storage::ToMicros(first.update_time()), storage::ToMicros(second.update_time()));
  EXPECT_NE(first.etag(), second.etag());
}

TEST_P(StoreWrite, LetsNoLateRetryTurnTimeBack) {
  Upsert({{EventBuilder("f", "1").Title("v5").Build(), 5, false}});
  EXPECT_THAT(Outcomes(Upsert({{EventBuilder("f", "1").Title("v4").Build(), 4, false}})),
              ElementsAre(ROW_OUTCOME_STALE));
  EXPECT_EQ(Get("1").title(), "v5");
  EXPECT_THAT(Outcomes(Upsert({{EventBuilder("f", "1").Title("v5").Build(), 5, false}})),
              ElementsAre(ROW_OUTCOME_UNCHANGED));
  EXPECT_THAT(Outcomes(Upsert({{EventBuilder("f", "1").Title("v6").Build(), 6, false}})),
              ElementsAre(ROW_OUTCOME_UPDATED));
  EXPECT_THAT(Outcomes(Upsert({{EventBuilder("f", "1").Title("late").Build(), 5, false}})),
              ElementsAre(ROW_OUTCOME_STALE));
}

TEST_P(StoreWrite, KeepsTheVersionOfARowThatChangesNothing) {
  Upsert({{EventBuilder("f", "1").Title("as before").Build(), 3, false}});
  EXPECT_THAT(Outcomes(Upsert({{EventBuilder("f", "1").Title("as before").Build(), 6, false}})),
              ElementsAre(ROW_OUTCOME_UNCHANGED));
  EXPECT_EQ(Head(), Position{1});
  EXPECT_THAT(Outcomes(Upsert({{EventBuilder("f", "1").Title("between").Build(), 5, false}})),
              ElementsAre(ROW_OUTCOME_STALE));
  EXPECT_EQ(Get("1").title(), "as before");
  EXPECT_THAT(
      Outcomes(Upsert({{EventBuilder("f", "1").Title("as before").Build(), 9, false}}, true)),
      ElementsAre(ROW_OUTCOME_UNCHANGED));
  EXPECT_THAT(Outcomes(Upsert({{EventBuilder("f", "1").Title("after").Build(), 7, false}})),
              ElementsAre(ROW_OUTCOME_UPDATED));
}

TEST_P(StoreWrite, GivesOnePositionToABatchThatChangesSomething) {
  Upsert(
      {EventBuilder("f", "1").Row(), EventBuilder("g", "1").Row(), EventBuilder("f", "2").Row()});
  EXPECT_EQ(Head(), Position{1});
  const auto mixed = Upsert({EventBuilder("f", "1").Row(), EventBuilder("f", "2").Title("x").Row(),
                             EventBuilder("f", "3").Row()});
  EXPECT_THAT(Outcomes(mixed),
              ElementsAre(ROW_OUTCOME_UNCHANGED, ROW_OUTCOME_UPDATED, ROW_OUTCOME_CREATED));
  EXPECT_EQ(Head(), Position{2});
}

TEST_P(StoreWrite, RefusesAWholeBatchForAnUnknownFeed) {
  const auto refused = events().UpsertEvents(
      context_, {EventBuilder("f", "1").Row(), EventBuilder("nowhere", "1").Row()}, {});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ErrorReason(refused.status()), "FEED_NOT_FOUND");
  EXPECT_THAT(Ids(), IsEmpty());
  EXPECT_EQ(Head(), Position{0});
}

TEST_P(StoreWrite, RefusesANameThatStandsTwiceInABatch) {
  const auto refused = events().UpsertEvents(
      context_, {EventBuilder("f", "1").Row(), EventBuilder("f", "1").Title("x").Row()}, {});
  EXPECT_EQ(ErrorReason(refused.status()), "DUPLICATE_NAME");
  EXPECT_THAT(Ids(), IsEmpty());
}

TEST_P(StoreWrite, ChangesNothingWhenOnlyValidating) {
  EXPECT_THAT(Outcomes(Upsert({EventBuilder("f", "1").Row()}, true)),
              ElementsAre(ROW_OUTCOME_CREATED));
  EXPECT_EQ(Head(), Position{0});
  Upsert(EventBuilder("f", "1"));
  EXPECT_THAT(Outcomes(Upsert({EventBuilder("f", "1").Title("x").Row()}, true)),
              ElementsAre(ROW_OUTCOME_UPDATED));
  EXPECT_EQ(Get("1").title(), "Event 1");
  EXPECT_TRUE(
      events().RetractEvent(context_, EventName{"f", "1"}, "no", "", /*validate_only=*/true).ok());
  EXPECT_EQ(Get("1").state(), annals::v1::EVENT_STATE_ACTIVE);
  EXPECT_TRUE(events().RetractAbsent(context_, "f", {}, "no", 1.0, /*validate_only=*/true).ok());
  EXPECT_EQ(Head(), Position{1});
}

TEST_P(StoreWrite, RetractsOnceAndKeepsTheEventReadable) {
  Upsert(EventBuilder("f", "1"));
  const auto retracted = Retract("1");
  EXPECT_EQ(retracted.event.state(), annals::v1::EVENT_STATE_RETRACTED);
  EXPECT_EQ(retracted.event.retraction_reason(), "wrong");
  EXPECT_EQ(retracted.position, Position{2});
  EXPECT_EQ(Get("1").revision(), 2);
  EXPECT_EQ(Retract("1").position, Position{2});
  EXPECT_THAT(Ids(), IsEmpty());
  EXPECT_THAT(Ids({}, {}, {Position{1}}), ElementsAre("1"));
  storage::EventQuery all;
  all.include_retracted = true;
  EXPECT_THAT(Ids(all), ElementsAre("1"));
}

TEST_P(StoreWrite, KeepsARetractedEventRetractedUnlessReinstated) {
  Upsert(EventBuilder("f", "1"));
  Retract("1");
  EXPECT_THAT(Outcomes(Upsert(EventBuilder("f", "1").Title("again"))),
              ElementsAre(ROW_OUTCOME_STAYS_RETRACTED));
  EXPECT_EQ(Get("1").state(), annals::v1::EVENT_STATE_RETRACTED);
  EXPECT_THAT(Outcomes(Upsert({{EventBuilder("f", "1").Build(), std::nullopt, true}})),
              ElementsAre(ROW_OUTCOME_UPDATED));
  EXPECT_EQ(Get("1").state(), annals::v1::EVENT_STATE_ACTIVE);
  EXPECT_EQ(Get("1").revision(), 3);
  EXPECT_EQ(Get("1").retraction_reason(), "");
  EXPECT_THAT(Ids(), ElementsAre("1"));
}

TEST_P(StoreWrite, GuardsARetractionByEtag) {
  Upsert(EventBuilder("f", "1"));
  const std::string etag = Get("1").etag();
  Upsert(EventBuilder("f", "1").Title("x"));
  const auto refused = events().RetractEvent(context_, EventName{"f", "1"}, "no", etag, false);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ErrorReason(refused.status()), "ETAG_MISMATCH");
  EXPECT_TRUE(
      events().RetractEvent(context_, EventName{"f", "1"}, "no", Get("1").etag(), false).ok());
}

TEST_P(StoreWrite, KnowsNoEventItNeverSaw) {
  const auto refused = events().RetractEvent(context_, EventName{"f", "1"}, "no", "", false);
  EXPECT_EQ(ErrorReason(refused.status()), "EVENT_NOT_FOUND");
  EXPECT_EQ(
      ErrorReason(events().ListRevisions(context_, EventName{"f", "1"}, std::nullopt, 10).status()),
      "EVENT_NOT_FOUND");
}

TEST_P(StoreWrite, RetractsWhatACompleteReleaseNoLongerHas) {
  std::vector<storage::UpsertRow> rows;
  std::vector<std::int64_t> kept;
  for (int i = 0; i < 10; ++i) {
    const std::string id = std::to_string(i);
    rows.push_back(EventBuilder("f", id).Row());
    if (i >= 2) kept.push_back(EventName{"f", id}.Id());
  }
  rows.push_back(EventBuilder("g", "1").Row());
  Upsert(std::move(rows));
  std::ranges::sort(kept);
  const auto too_many = events().RetractAbsent(context_, "f", kept, "gone", 0.1, false);
  EXPECT_EQ(too_many.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(too_many.status()), "TOO_MANY_RETRACTIONS");
  const auto retracted = events().RetractAbsent(context_, "f", kept, "gone", 0.2, false);
  ASSERT_TRUE(retracted.ok()) << retracted.status();
  EXPECT_THAT(retracted->retracted_names, ElementsAre("feeds/f/events/0", "feeds/f/events/1"));
  EXPECT_EQ(retracted->active_count, 10);
  EXPECT_EQ(retracted->position, Position{2});
  EXPECT_EQ(Get("0").retraction_reason(), "gone");
  EXPECT_EQ(Ids().size(), 9U);
  const auto again = events().RetractAbsent(context_, "f", kept, "gone", 0.2, false);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->retracted_names, IsEmpty());
  EXPECT_EQ(again->position, Position{2});
  EXPECT_EQ(ErrorReason(events().RetractAbsent(context_, "h", {}, "", 1, false).status()),
            "FEED_NOT_FOUND");
}

TEST_P(StoreWrite, ListsRevisionsNewestFirstInPages) {
  for (const char* title : {"a", "b", "c"}) Upsert(EventBuilder("f", "1").Title(title));
  const auto first = events().ListRevisions(context_, EventName{"f", "1"}, std::nullopt, 2);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->revisions.size(), 2U);
  EXPECT_EQ(first->revisions[0].event.title(), "c");
  EXPECT_EQ(first->revisions[0].position, Position{3});
  EXPECT_FALSE(first->revisions[0].end_time);
  EXPECT_EQ(first->revisions[1].event.title(), "b");
  EXPECT_EQ(first->revisions[1].end_time,
            storage::ToMicros(first->revisions[0].event.update_time()));
  ASSERT_EQ(first->next_revision, 1);
  const auto second =
      events().ListRevisions(context_, EventName{"f", "1"}, first->next_revision, 2);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_EQ(second->revisions.size(), 1U);
  EXPECT_EQ(second->revisions[0].event.title(), "a");
  EXPECT_EQ(second->revisions[0].end_time,
            storage::ToMicros(first->revisions[1].event.update_time()));
  EXPECT_FALSE(second->next_revision);
}

TEST_P(StoreWrite, KeepsTheExtremesOfTimeAndText) {
  auto row = EventBuilder("f", "1").Row();
  row.event.set_title(std::string("tab\tquote\"back\\slash {brace} NULL \\N \xd0\x9a"));
  row.event.set_description(std::string("line\nline\r\n\x01 end"));
  row.event.mutable_occurred()->mutable_start()->set_seconds(-62135596800);
  row.event.mutable_occurred()->mutable_end()->set_seconds(253402300799);
  row.event.mutable_occurred()->mutable_end()->set_nanos(999999999);
  Upsert({row});
  const auto event = Get("1");
  EXPECT_EQ(event.title(), row.event.title());
  EXPECT_EQ(event.description(), row.event.description());
  EXPECT_EQ(event.occurred().start().seconds(), -62135596800);
  EXPECT_EQ(event.occurred().end().nanos(), 999999999);
  storage::EventQuery query;
  query.occurred = {At("2025-01-01"), At("2025-01-02")};
  EXPECT_THAT(Ids(query), ElementsAre("1"));
}

TEST_P(StoreWrite, CountsWhatItHolds) {
  Upsert(
      {EventBuilder("f", "1").Row(), EventBuilder("f", "2").Row(), EventBuilder("g", "1").Row()});
  Upsert(EventBuilder("f", "1").Title("x"));
  Retract("2");
  const auto info = events().Info(context_);
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->event_count, 2);
  EXPECT_EQ(info->retracted_count, 1);
  EXPECT_EQ(info->superseded_revision_count, 2);
  EXPECT_EQ(info->feed_count, 2);
  EXPECT_EQ(info->position, Position{3});
  EXPECT_EQ(info->store_id.size(), 32U);
  ASSERT_TRUE(info->last_change);
}

ANNALS_ON_EVERY_STORE(StoreWrite);

}  // namespace
}  // namespace annals::testing

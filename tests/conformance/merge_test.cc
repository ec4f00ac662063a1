// Merges: what becomes of the events, who may be merged into what, and that nothing is lost.
// ANNALS_SEED repeats a run.
#include "tests/conformance/store_conformance.h"
#include "tests/support/random_record.h"

namespace annals::testing {
namespace {

using annals::v1::EVENT_STATE_ACTIVE;
using annals::v1::EVENT_STATE_MERGED;
using annals::v1::EVENT_STATE_RETRACTED;
using annals::v1::ROW_OUTCOME_STAYS_MERGED;
using annals::v1::ROW_OUTCOME_UPDATED;
using storage::CallContext;
using storage::ErrorReason;
using storage::EventName;
using storage::MergeOrder;
using storage::Position;
using storage::Visibility;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StoreMerge : public StoreConformance {
 protected:
  annals::v1::Event Get(const EventName& name, storage::Snapshot snapshot = {}) {
    const auto found = events().GetEvents(context_, {name}, snapshot);
    EXPECT_TRUE(found.ok()) << found.status();
    if (!found.ok() || !found->events.at(0)) return {};
    return *found->events.at(0);
  }
  absl::StatusOr<storage::MergeReceipt> Merge(const MergeOrder& order, bool validate_only = false) {
    return events().MergeEvents(context_, order, validate_only);
  }
  absl::StatusOr<storage::MergeReceipt> MergeOne(const std::string& from, const std::string& into) {
    return Merge({{{"f", from}}, {}, {"f", into}, "the same"});
  }
  absl::StatusOr<storage::MergeReceipt> Unmerge(const std::vector<EventName>& names) {
    return events().UnmergeEvents(context_, names, "not the same", false);
  }
  storage::StoreInfo Info() {
    const auto info = events().Info(context_);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.ok() ? *info : storage::StoreInfo{};
  }
};

TEST_P(StoreMerge, MergesSeveralInOneStepAndLeavesTheTargetAlone) {
  Upsert(
      {EventBuilder("f", "1").Row(), EventBuilder("f", "2").Row(), EventBuilder("g", "1").Row()});
  const auto target = Get({"g", "1"});
  const auto merged = Merge({{{"f", "2"}, {"f", "1"}}, {}, {"g", "1"}, "the same"});
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(merged->position, Position{2});
  ASSERT_EQ(merged->events.size(), 2U);
  EXPECT_EQ(merged->events[0].name(), "feeds/f/events/2");
  for (const auto& event : merged->events) {
    EXPECT_EQ(event.state(), EVENT_STATE_MERGED);
    EXPECT_EQ(event.merged_into(), "feeds/g/events/1");
    EXPECT_EQ(event.revision(), 2);
  }
  EXPECT_EQ(Get({"f", "2"}).SerializeAsString(), merged->events[0].SerializeAsString());
  EXPECT_EQ(Get({"f", "2"}).title(), "Event 2");
  EXPECT_EQ(Get({"g", "1"}).SerializeAsString(), target.SerializeAsString());
  EXPECT_EQ(Get({"f", "1"}, {Position{1}}).state(), EVENT_STATE_ACTIVE);
}

TEST_P(StoreMerge, IsFoundOnlyWhereAskedFor) {
  Upsert({EventBuilder("f", "1").Label("Band", annals::v1::PARTICIPANT_ROLE_INITIATOR).Row(),
          EventBuilder("f", "2").Row(), EventBuilder("f", "3").Row()});
  ASSERT_TRUE(MergeOne("1", "2").ok());
  Retract("3");
  EXPECT_THAT(Ids(), ElementsAre("2"));
  EXPECT_EQ(Ids({}, {}, {Position{1}}).size(), 3U);
  storage::EventQuery all;
  all.include_retracted = true;
  EXPECT_EQ(Ids(all).size(), 3U);
  EXPECT_EQ(Ids(all, {}, {Position{2}}).size(), 3U);
  EXPECT_EQ(Summarize(all, {}).totals.event_count, 3);
  EXPECT_EQ(Summarize({}, {}).totals.event_count, 1);
  const auto info = Info();
  EXPECT_EQ(info.event_count, 1);
  EXPECT_EQ(info.merged_count, 1);
  EXPECT_EQ(info.retracted_count, 1);
  EXPECT_EQ(info.superseded_revision_count, 2);
  ASSERT_TRUE(Unmerge({{"f", "1"}}).ok());
  EXPECT_EQ(Info().merged_count, 0);
  EXPECT_EQ(Info().event_count, 2);
  storage::EventQuery of_band;
  of_band.actors = {{.key = storage::LabelKey("band"), .roles = 0, .validity = {}}};
  EXPECT_THAT(Ids(of_band), ElementsAre("1"));
}

TEST_P(StoreMerge, ChangesNothingWhenRepeatedOrOnlyValidating) {
  Upsert({EventBuilder("f", "1").Row(), EventBuilder("f", "2").Row()});
  const MergeOrder order{{{"f", "1"}}, {}, {"f", "2"}, "the same"};
  const auto dry = Merge(order, /*validate_only=*/true);
  ASSERT_TRUE(dry.ok()) << dry.status();
  EXPECT_EQ(dry->events.at(0).state(), EVENT_STATE_MERGED);
  EXPECT_EQ(dry->position, Position{1});
  EXPECT_EQ(Get({"f", "1"}).state(), EVENT_STATE_ACTIVE);
  ASSERT_TRUE(Merge(order).ok());
  const auto again = Merge(order);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->position, Position{2});
  EXPECT_EQ(again->events.at(0).revision(), 2);
  const auto undone = events().UnmergeEvents(context_, {{"f", "1"}}, "no", /*validate_only=*/true);
  ASSERT_TRUE(undone.ok()) << undone.status();
  EXPECT_EQ(undone->events.at(0).state(), EVENT_STATE_ACTIVE);
  EXPECT_EQ(Get({"f", "1"}).state(), EVENT_STATE_MERGED);
}

TEST_P(StoreMerge, RefusesWhatDoesNotStandAsAWhole) {
  for (const char* id : {"1", "2", "3", "4", "gone"}) Upsert(EventBuilder("f", id));
  Retract("gone");
  ASSERT_TRUE(MergeOne("1", "2").ok());
  const auto reason = [&](std::vector<EventName> sources, const std::string& target) {
    return ErrorReason(Merge({std::move(sources), {}, {"f", target}, "x"}).status());
  };
  EXPECT_EQ(reason({{"f", "3"}, {"f", "gone"}}, "4"), "NOT_ACTIVE");
  EXPECT_EQ(reason({{"f", "3"}, {"f", "1"}}, "4"), "NOT_ACTIVE") << "merged elsewhere";
  EXPECT_EQ(reason({{"f", "3"}}, "gone"), "NOT_ACTIVE");
  EXPECT_EQ(reason({{"f", "2"}}, "1"), "NOT_ACTIVE") << "a circle";
  EXPECT_EQ(reason({{"f", "3"}}, "3"), "TARGET_AMONG_SOURCES");
  EXPECT_EQ(reason({{"f", "3"}, {"f", "3"}}, "4"), "DUPLICATE_NAME");
  EXPECT_EQ(reason({{"f", "3"}, {"f", "none"}}, "4"), "EVENT_NOT_FOUND");
  EXPECT_EQ(reason({{"f", "3"}}, "none"), "EVENT_NOT_FOUND");
  EXPECT_EQ(reason({}, "4"), "REQUIRED");
  EXPECT_EQ(Get({"f", "3"}).state(), EVENT_STATE_ACTIVE);
  const auto not_merged = Unmerge({{"f", "1"}, {"f", "3"}});
  EXPECT_EQ(not_merged.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(not_merged.status()), "NOT_MERGED");
  EXPECT_EQ(ErrorReason(Unmerge({{"f", "none"}}).status()), "EVENT_NOT_FOUND");
  EXPECT_EQ(Get({"f", "1"}).state(), EVENT_STATE_MERGED);
}

TEST_P(StoreMerge, IsGuardedByEtags) {
  Upsert(
      {EventBuilder("f", "1").Row(), EventBuilder("f", "2").Row(), EventBuilder("f", "3").Row()});
  const std::string etag = Get({"f", "1"}).etag();
  Upsert(EventBuilder("f", "1").Title("New"));
  MergeOrder order{{{"f", "1"}, {"f", "2"}}, {etag, ""}, {"f", "3"}, "x"};
  EXPECT_EQ(Merge(order).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ErrorReason(Merge(order).status()), "ETAG_MISMATCH");
  order.etags = {Get({"f", "1"}).etag()};
  EXPECT_EQ(ErrorReason(Merge(order).status()), "COUNT_MISMATCH");
  order.etags.emplace_back();
  EXPECT_TRUE(Merge(order).ok());
}

TEST_P(StoreMerge, StaysMergedUnlessReinstated) {
  Upsert({EventBuilder("f", "1").Row(), EventBuilder("f", "2").Row()});
  ASSERT_TRUE(MergeOne("1", "2").ok());
  const auto sent = Upsert(EventBuilder("f", "1").Title("again"));
  EXPECT_EQ(sent.rows.at(0).outcome, ROW_OUTCOME_STAYS_MERGED);
  EXPECT_EQ(sent.position, Position{2});
  const auto released = events().RetractAbsent(context_, "f", {}, "gone", 1.0, false);
  ASSERT_TRUE(released.ok()) << released.status();
  EXPECT_THAT(released->retracted_names, ElementsAre("feeds/f/events/2"));
  EXPECT_EQ(Get({"f", "1"}).state(), EVENT_STATE_MERGED);
  const auto back = Upsert({{EventBuilder("f", "1").Title("again").Build(), std::nullopt, true}});
  EXPECT_EQ(back.rows.at(0).outcome, ROW_OUTCOME_UPDATED);
  EXPECT_EQ(Get({"f", "1"}).state(), EVENT_STATE_ACTIVE);
  EXPECT_EQ(Get({"f", "1"}).merged_into(), "");
  EXPECT_EQ(Info().merged_count, 0);
}

TEST_P(StoreMerge, IsNotRetractedWhileMerged) {
  Upsert({EventBuilder("f", "1").Row(), EventBuilder("f", "2").Row()});
  ASSERT_TRUE(MergeOne("1", "2").ok());
  const auto refused = events().RetractEvent(context_, {"f", "1"}, "no", "", false);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(refused.status()), "MERGED");
  Retract("2");
  EXPECT_EQ(Get({"f", "1"}).merged_into(), "feeds/f/events/2") << "aliases stay";
}

TEST_P(StoreMerge, IsRefusedIntoALessVisibleFeed) {
  const CallContext admin{.visibility = Visibility::All()};
  for (const char* id : {"s", "t"}) {
    annals::v1::Feed feed;
    feed.set_name(fmt::format("feeds/{}", id));
    feed.set_title("Restricted");
    feed.set_licence("CC0-1.0");
    feed.set_visibility(annals::v1::FEED_VISIBILITY_RESTRICTED);
    feed.add_readers("principals/anna");
    ASSERT_TRUE(catalog().CreateFeed(admin, feed).ok());
  }
  ASSERT_TRUE(events()
                  .UpsertEvents(admin,
                                {EventBuilder("f", "1").Row(), EventBuilder("s", "1").Row(),
                                 EventBuilder("s", "2").Row(), EventBuilder("t", "1").Row()},
                                {})
                  .ok());
  const auto merge = [&](const CallContext& context, EventName source, EventName target) {
    return events().MergeEvents(context, {{std::move(source)}, {}, std::move(target), "x"}, false);
  };
  const auto less = merge(admin, {"f", "1"}, {"s", "1"});
  EXPECT_EQ(less.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(less.status()), "TARGET_LESS_VISIBLE");
  EXPECT_EQ(ErrorReason(merge(admin, {"s", "1"}, {"t", "1"}).status()), "TARGET_LESS_VISIBLE")
      << "those who may write to s see it without being named";
  EXPECT_EQ(ErrorReason(merge(context_, {"f", "1"}, {"s", "1"}).status()), "EVENT_NOT_FOUND");
  EXPECT_EQ(ErrorReason(merge(context_, {"s", "1"}, {"f", "1"}).status()), "EVENT_NOT_FOUND");
  EXPECT_TRUE(merge(admin, {"s", "2"}, {"s", "1"}).ok());
  EXPECT_TRUE(merge(admin, {"s", "1"}, {"f", "1"}).ok());
}

TEST_P(StoreMerge, HidesWhereItLedOnceThatIsHidden) {
  const CallContext admin{.visibility = Visibility::All()};
  Upsert({EventBuilder("f", "1").Row(), EventBuilder("g", "1").Row()});
  ASSERT_TRUE(Merge({{{"f", "1"}}, {}, {"g", "1"}, "x"}).ok());
  auto feed = catalog().GetFeed(admin, "g");
  ASSERT_TRUE(feed.ok());
  feed->set_visibility(annals::v1::FEED_VISIBILITY_RESTRICTED);
  ASSERT_TRUE(catalog().UpdateFeed(admin, *feed).ok());
  EXPECT_EQ(Get({"f", "1"}).state(), EVENT_STATE_MERGED);
  EXPECT_EQ(Get({"f", "1"}).merged_into(), "");
  const auto refused = events().RetractEvent(context_, {"f", "1"}, "x", "", false);
  EXPECT_EQ(ErrorReason(refused.status()), "MERGED");
  EXPECT_THAT(std::string(refused.status().message()),
              ::testing::Not(::testing::HasSubstr("feeds/g")));
  const auto seen = events().GetEvents(admin, {{"f", "1"}}, {});
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen->events.at(0)->merged_into(), "feeds/g/events/1");
}

TEST_P(StoreMerge, NotesWhoMergedAndWhy) {
  Upsert({EventBuilder("f", "1").Row(), EventBuilder("f", "2").Row()});
  CallContext carl = context_;
  carl.caller.principal = "principals/carl";
  ASSERT_TRUE(
      events().MergeEvents(carl, {{{"f", "1"}}, {}, {"f", "2"}, "same strike"}, false).ok());
  const auto revisions = events().ListRevisions(context_, {"f", "1"}, std::nullopt, 10);
  ASSERT_TRUE(revisions.ok());
  EXPECT_EQ(revisions->revisions.at(0).audit.principal(), "principals/carl");
  EXPECT_EQ(revisions->revisions.at(0).audit.reason(), "same strike");
}

// What a merge and its undoing leave behind: nothing but numbers and times.
TEST_P(StoreMerge, IsUndoneWithoutLoss) {
  const std::uint64_t seed = TestSeed();
  fmt::print("ANNALS_SEED={}\n", seed);
  RandomRecord random(&TestGazetteer(), seed);
  std::vector<storage::UpsertRow> rows;
  for (int i = 0; i < 60; ++i) {
    rows.push_back({random.Event(i % 2 == 0 ? "f" : "g", std::to_string(i)), std::nullopt, false});
  }
  Upsert(rows);
  const auto answer = [&] {
    std::vector<std::string> all;
    for (auto event : List({}, {.limit = 1'000}).events) {
      event.clear_revision();
      event.clear_update_time();
      event.clear_etag();
      all.push_back(event.SerializeAsString());
    }
    return all;
  };
  const auto before = answer();
  const auto by_kind = Summarize({}, {{storage::Dimension::Kind::kKind}}).groups;
  const auto by_actor = Summarize({}, {{storage::Dimension::Kind::kActor}}).groups;
  MergeOrder order{{}, {}, {"f", "0"}, "x"};
  for (int i = 1; i < 60; ++i) {
    if (random.Chance(0.5)) order.sources.push_back({i % 2 == 0 ? "f" : "g", std::to_string(i)});
  }
  order.sources.push_back({"f", "58"});
  std::ranges::sort(order.sources, {}, &EventName::ToString);
  order.sources.erase(std::ranges::unique(order.sources).begin(), order.sources.end());
  ASSERT_TRUE(Merge(order).ok());
  EXPECT_EQ(List({}, {.limit = 1'000}).events.size(), 60 - order.sources.size());
  ASSERT_TRUE(Unmerge(order.sources).ok());
  EXPECT_EQ(answer(), before);
  EXPECT_TRUE(Summarize({}, {{storage::Dimension::Kind::kKind}}).groups == by_kind);
  EXPECT_TRUE(Summarize({}, {{storage::Dimension::Kind::kActor}}).groups == by_actor);
  // To the store they are what was ingested.
  for (const auto& row : Upsert(rows).rows) {
    EXPECT_EQ(row.outcome, annals::v1::ROW_OUTCOME_UNCHANGED);
  }
}

ANNALS_ON_EVERY_STORE(StoreMerge);

}  // namespace
}  // namespace annals::testing

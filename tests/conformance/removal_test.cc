// What is removed for law or safety: nothing of it is left in any answer.
#include "storage/event_columns.h"
#include "storage/event_words.h"
#include "tests/conformance/store_conformance.h"

namespace annals::testing {
namespace {

using annals::v1::EVENT_STATE_ACTIVE;
using annals::v1::EVENT_STATE_MERGED;
using annals::v1::EVENT_STATE_RETRACTED;
using annals::v1::PARTICIPANT_ROLE_CAPTIVE;
using storage::CallContext;
using storage::Dimension;
using storage::ErrorReason;
using storage::EventName;
using storage::Position;
using storage::Visibility;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kSecret[] = "Ivan Ivanenko";

class StoreRemoval : public StoreConformance {
 protected:
  annals::v1::Event Get(const EventName& name, storage::Snapshot snapshot = {}) {
    const auto found = events().GetEvents(context_, {name}, snapshot);
    EXPECT_TRUE(found.ok()) << found.status();
    if (!found.ok() || !found->events.at(0)) return {};
    return *found->events.at(0);
  }
  storage::RetractReceipt Redact(std::string_view id, bool validate_only = false) {
    auto receipt = events().RedactEvent(context_, {"f", std::string(id)}, "safety", validate_only);
    EXPECT_TRUE(receipt.ok()) << receipt.status();
    return receipt.ok() ? *std::move(receipt) : storage::RetractReceipt{};
  }
  absl::StatusOr<storage::DeletionReceipt> Delete(std::string_view feed, bool purge,
                                                  bool validate_only = false) {
    return events().DeleteFeed(context_, feed, "withdrawn", purge, validate_only);
  }
  // Names its secret in every place that there is for words.
  static EventBuilder Secret(std::string_view id, std::string_view title = kSecret) {
    EventBuilder builder("f", id);
    builder.Title(std::string(title))
        .Place(35.27, 51.19)
        .Persons(3)
        .Label(kSecret, PARTICIPANT_ROLE_CAPTIVE);
    auto row = builder.Row();
    row.event.set_description(kSecret);
    row.event.mutable_location()->set_place_name(kSecret);
    row.event.add_tags(kSecret);
    row.event.add_claims()->set_source(kSecret);
    return EventBuilder(row.event);
  }
  // Everything that the store answers of an event, and of all, at every position.
  std::string AllAnswers(const EventName& name) {
    std::string text;
    const auto info = events().Info(context_);
    storage::EventQuery query;
    query.include_retracted = true;
    for (std::int64_t position = 0; position <= info->position.value; ++position) {
      const storage::Snapshot snapshot{Position{position}};
      text += Get(name, snapshot).DebugString();
      for (const auto& event : List(query, {}, snapshot).events) text += event.DebugString();
      for (const auto& group : Summarize(query, {{Dimension::Kind::kActor}}, snapshot).groups) {
        text += group.keys[0] + "\n";
      }
    }
    const auto revisions = events().ListRevisions(context_, name, std::nullopt, 1'000);
    for (const auto& revision : revisions->revisions) text += revision.event.DebugString();
    return text;
  }
};

TEST_P(StoreRemoval, RemovesContentFromEveryRevision) {
  Upsert(Secret("1", "Second title"));
  Upsert(Secret("1"));
  ASSERT_THAT(AllAnswers({"f", "1"}), HasSubstr(kSecret));
  const auto receipt = Redact("1");
  EXPECT_EQ(receipt.position, Position{3});
  EXPECT_TRUE(receipt.event.redacted());
  EXPECT_EQ(receipt.event.SerializeAsString(), Get({"f", "1"}).SerializeAsString());
  const std::string all = AllAnswers({"f", "1"});
  EXPECT_THAT(all, Not(HasSubstr(kSecret)));
  EXPECT_THAT(all, Not(HasSubstr("Second title")));
  EXPECT_THAT(all, Not(HasSubstr("longitude")));
}

TEST_P(StoreRemoval, KeepsWhenAndHowItWasRecorded) {
  Upsert(Secret("1"));
  const auto created = Get({"f", "1"});
  Retract("1");
  Upsert({{Secret("1", "Again").Build(), std::nullopt, true}});
  Redact("1");
  const auto revisions = events().ListRevisions(context_, {"f", "1"}, std::nullopt, 10);
  ASSERT_TRUE(revisions.ok());
  std::vector<int> states;
  for (const auto& revision : revisions->revisions) {
    states.push_back(revision.event.state());
    EXPECT_TRUE(revision.event.redacted());
    EXPECT_EQ(revision.event.title(), "[redacted]");
    EXPECT_EQ(revision.event.kind(), created.kind());
    EXPECT_EQ(revision.event.occurred().SerializeAsString(),
              created.occurred().SerializeAsString());
  }
  EXPECT_THAT(states, ElementsAre(EVENT_STATE_RETRACTED, EVENT_STATE_ACTIVE, EVENT_STATE_RETRACTED,
                                  EVENT_STATE_ACTIVE));
  EXPECT_EQ(revisions->revisions[0].event.retraction_reason(), "redacted");
  EXPECT_EQ(revisions->revisions[2].event.retraction_reason(), "redacted") << "not as it was given";
  EXPECT_EQ(revisions->revisions[3].event.etag(), created.etag());
  EXPECT_EQ(storage::ToMicros(revisions->revisions[3].event.update_time()),
            storage::ToMicros(created.update_time()));
  EXPECT_EQ(revisions->revisions[0].audit.reason(), "safety");
  EXPECT_EQ(Get({"f", "1"}, {Position{1}}).state(), EVENT_STATE_ACTIVE);
  EXPECT_EQ(Get({"f", "1"}, {Position{2}}).state(), EVENT_STATE_RETRACTED);
}

TEST_P(StoreRemoval, AnswersNoQuestionAboutWhatWasRemoved) {
  Upsert(Secret("1"));
  Upsert({EventBuilder("f", "2").Row()});
  Redact("1");
  EXPECT_THAT(Ids(), ElementsAre("2"));
  storage::EventQuery query;
  query.include_retracted = true;
  query.persons_min = 1;
  EXPECT_THAT(Ids(query), IsEmpty());
  EXPECT_THAT(Ids(query, {}, {Position{1}}), IsEmpty());
  query.persons_min.reset();
  query.actors = {{.key = storage::LabelKey(kSecret), .roles = 0, .validity = {}}};
  EXPECT_THAT(Ids(query), IsEmpty());
  EXPECT_THAT(Ids(query, {}, {Position{1}}), IsEmpty());
  query.actors.reset();
  query.regions = storage::MakeRegionTerm(TestGazetteer(), {"RU-KRS"});
  for (const auto match : {storage::MatchMode::kNominal, storage::MatchMode::kPossible}) {
    query.match = match;
    EXPECT_THAT(Ids(query), IsEmpty());
    EXPECT_THAT(Ids(query, {}, {Position{1}}), IsEmpty());
  }
  query.regions.reset();
  query.words = storage::QueryWords(kSecret);
  EXPECT_THAT(Ids(query), IsEmpty());
  EXPECT_THAT(Ids(query, {}, {Position{1}}), IsEmpty());
  const auto info = events().Info(context_);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->event_count, 1);
  EXPECT_EQ(info->retracted_count, 1);
  EXPECT_EQ(info->superseded_revision_count, 1);
}

TEST_P(StoreRemoval, NeverComesBack) {
  Upsert({{Secret("1").Build(), 5, false}});
  Redact("1");
  for (const bool reinstate : {false, true}) {
    const auto sent = Upsert({{Secret("1").Build(), 6, reinstate}});
    EXPECT_EQ(sent.rows.at(0).outcome, annals::v1::ROW_OUTCOME_STAYS_REDACTED);
    EXPECT_EQ(sent.position, Position{2});
  }
  EXPECT_EQ(Redact("1").position, Position{2}) << "once is enough";
  EXPECT_EQ(Get({"f", "1"}).revision(), 2);
}

TEST_P(StoreRemoval, KeepsSpellingsThatOtherEventsHave) {
  Upsert({Secret("1").Row(), EventBuilder("f", "2").Label("Band", PARTICIPANT_ROLE_CAPTIVE).Row(),
          EventBuilder("f", "3")
              .Label("Band", PARTICIPANT_ROLE_CAPTIVE)
              .Label("Old", PARTICIPANT_ROLE_CAPTIVE)
              .Row(),
          EventBuilder("f", "4").Label("Old", PARTICIPANT_ROLE_CAPTIVE).Row()});
  Upsert(EventBuilder("f", "4"));
  Redact("1");
  Redact("3");
  std::vector<std::string> keys;
  for (const auto& group : Summarize({}, {{Dimension::Kind::kActor}}).groups) {
    keys.push_back(group.keys[0]);
  }
  EXPECT_THAT(keys, ElementsAre("Band"));
  // As of then, event 4 had the other.
  keys.clear();
  for (const auto& group : Summarize({}, {{Dimension::Kind::kActor}}, {Position{1}}).groups) {
    keys.push_back(group.keys[0]);
  }
  EXPECT_THAT(keys, ElementsAre("Band", "Old"));
}

TEST_P(StoreRemoval, RedactsAMergedEventWithoutLosingWhereItsNameLeads) {
  Upsert({Secret("1").Row(), EventBuilder("f", "2").Row()});
  ASSERT_TRUE(events().MergeEvents(context_, {{{"f", "1"}}, {}, {"f", "2"}, "x"}, false).ok());
  Redact("1");
  EXPECT_EQ(Get({"f", "1"}).state(), EVENT_STATE_MERGED);
  EXPECT_EQ(Get({"f", "1"}).merged_into(), "feeds/f/events/2");
  EXPECT_THAT(AllAnswers({"f", "1"}), Not(HasSubstr(kSecret)));
  EXPECT_EQ(ErrorReason(events().UnmergeEvents(context_, {{"f", "1"}}, "x", false).status()),
            "REDACTED");
}

TEST_P(StoreRemoval, ChangesNothingWhenOnlyValidating) {
  Upsert(Secret("1"));
  EXPECT_TRUE(Redact("1", /*validate_only=*/true).event.redacted());
  EXPECT_EQ(Get({"f", "1"}).title(), kSecret);
  const auto counted = Delete("f", /*purge=*/true, /*validate_only=*/true);
  ASSERT_TRUE(counted.ok()) << counted.status();
  EXPECT_EQ(counted->event_count, 1);
  EXPECT_EQ(Get({"f", "1"}).title(), kSecret);
  EXPECT_EQ(ErrorReason(events().RedactEvent(context_, {"f", "none"}, "x", false).status()),
            "EVENT_NOT_FOUND");
  const CallContext stranger{.visibility = Visibility::Of({}, {})};
  EXPECT_EQ(ErrorReason(events().DeleteFeed(stranger, "none", "x", true, false).status()),
            "FEED_NOT_FOUND");
}

TEST_P(StoreRemoval, DeletesAnEmptyFeed) {
  const auto version = catalog().CatalogVersion(context_);
  const auto deleted = Delete("g", /*purge=*/false);
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(deleted->position, Position{0}) << "the record has not changed";
  EXPECT_EQ(ErrorReason(catalog().GetFeed(context_, "g").status()), "FEED_NOT_FOUND");
  EXPECT_GT(*catalog().CatalogVersion(context_), *version);
  EXPECT_EQ(ErrorReason(Delete("g", false).status()), "FEED_NOT_FOUND");
  EXPECT_EQ(
      ErrorReason(events().UpsertEvents(context_, {EventBuilder("g", "1").Row()}, {}).status()),
      "FEED_NOT_FOUND");
}

TEST_P(StoreRemoval, DeletesAFeedWithItsEventsOnlyWhenToldTo) {
  Upsert({Secret("1").Row(), Secret("2").Row(), EventBuilder("g", "1").Row()});
  Upsert({Secret("1", "New").Row(), EventBuilder("g", "1").Title("New").Row()});
  Retract("2");
  const auto refused = Delete("f", /*purge=*/false);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(refused.status()), "FEED_NOT_EMPTY");
  const auto deleted = Delete("f", /*purge=*/true);
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(deleted->event_count, 2);
  EXPECT_EQ(deleted->revision_count, 4);
  EXPECT_EQ(deleted->position, Position{4});
  EXPECT_EQ(Get({"f", "1"}).name(), "");
  EXPECT_EQ(Get({"f", "1"}, {Position{1}}).name(), "");
  storage::EventQuery all;
  all.include_retracted = true;
  EXPECT_THAT(Ids(all), ElementsAre("1"));
  EXPECT_THAT(Ids(all, {}, {Position{1}}), ElementsAre("1"));
  EXPECT_THAT(Summarize(all, {{Dimension::Kind::kActor}}, {Position{1}}).groups, IsEmpty());
  EXPECT_EQ(Summarize({}, {}, {Position{1}}).record_count, 1);
  const auto info = events().Info(context_);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->event_count, 1);
  EXPECT_EQ(info->retracted_count, 0);
  EXPECT_EQ(info->superseded_revision_count, 1);
  EXPECT_EQ(info->feed_count, 1);
}

TEST_P(StoreRemoval, StartsAnewInAFeedOfTheSameName) {
  Upsert({Secret("1").Row(), EventBuilder("g", "1").Row()});
  ASSERT_TRUE(events().MergeEvents(context_, {{{"g", "1"}}, {}, {"f", "1"}, "x"}, false).ok());
  ASSERT_TRUE(Delete("f", /*purge=*/true).ok());
  CreateFeed("f");
  const auto created = Upsert(EventBuilder("f", "1"));
  EXPECT_EQ(created.rows.at(0).outcome, annals::v1::ROW_OUTCOME_CREATED);
  EXPECT_EQ(created.rows.at(0).revision, 1);
  EXPECT_EQ(Get({"g", "1"}).merged_into(), "feeds/f/events/1");
  EXPECT_THAT(AllAnswers({"f", "1"}), Not(HasSubstr(kSecret)));
}

ANNALS_ON_EVERY_STORE(StoreRemoval);

}  // namespace
}  // namespace annals::testing

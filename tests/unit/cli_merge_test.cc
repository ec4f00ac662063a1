// Commands that merge events, find what may be merged, and remove for good.
#include "cli_runner.h"
#include "clients/cli/record_change.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace annals::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

v1::Event Merged(const std::string& name, const std::string& into) {
  v1::Event event;
  event.set_name(name);
  event.set_title("A strike");
  event.set_state(v1::EVENT_STATE_MERGED);
  event.set_merged_into(into);
  return event;
}

TEST(Merge, SendsAllAsOneAndTellsOfEach) {
  Runner runner;
  v1::MergeEventsRequest sent;
  runner.record->merge_events = [&](const v1::MergeEventsRequest& request) {
    sent = request;
    v1::MergeEventsResponse response;
    for (const auto& name : request.sources())
      *response.add_events() = Merged(name, request.target());
    return response;
  };
  const Ran ran = runner({"merge", "a/1", "feeds/a/events/2", "--into", "b/3", "--reason", "same"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(sent.sources(), ElementsAre("feeds/a/events/1", "feeds/a/events/2"));
  EXPECT_EQ(sent.target(), "feeds/b/events/3");
  EXPECT_EQ(sent.reason(), "same");
  EXPECT_THAT(ran.err, HasSubstr("merged feeds/a/events/2 into feeds/b/events/3: A strike\n"));
  EXPECT_EQ(runner({"merge", "a/1", "--reason", "same"}).exit_code, 2);
  EXPECT_EQ(runner({"merge", "a/1", "--into", "b/3"}).exit_code, 2);
}

TEST(Merge, IsUndone) {
  Runner runner;
  runner.record->unmerge_events = [](const v1::UnmergeEventsRequest& request) {
    EXPECT_TRUE(request.validate_only());
    v1::UnmergeEventsResponse response;
    response.add_events()->set_name(request.names(0));
    return response;
  };
  const Ran ran = runner({"unmerge", "a/1", "--reason", "other", "--dry-run"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.err, HasSubstr("dry run, nothing changed: unmerged feeds/a/events/1"));
}

TEST(Get, FollowsAMergeAndSaysSo) {
  Runner runner;
  runner.record->batch_get_events = [](const v1::BatchGetEventsRequest& request) {
    v1::BatchGetEventsResponse response;
    *response.add_events() = Merged(request.names(0), "feeds/b/events/3");
    return response;
  };
  runner.record->get_event = [](const v1::GetEventRequest& request) {
    v1::GetEventResponse response;
    response.mutable_event()->set_name("feeds/b/events/3");
    response.set_merged_from(request.name());
    return response;
  };
  const Ran ran = runner({"get", "a/1"});
  EXPECT_EQ(ran.out, "{\"name\":\"feeds/b/events/3\"}\n");
  EXPECT_THAT(ran.err, HasSubstr("feeds/a/events/1: merged into feeds/b/events/3"));
  const Ran itself = runner({"get", "a/1", "--keep-merged"});
  EXPECT_THAT(itself.out, HasSubstr("\"mergedInto\":\"feeds/b/events/3\""));
  EXPECT_EQ(itself.err, "");
}

TEST(Changes, TellOfAMerge) {
  v1::Event before;
  before.set_name("feeds/a/events/1");
  before.set_state(v1::EVENT_STATE_ACTIVE);
  before.set_revision(1);
  v1::Event after = Merged(before.name(), "feeds/b/events/3");
  after.set_revision(2);
  const auto change = ChangeOf(&before, after);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->kind, ChangeKind::kMerged);
  EXPECT_THAT(ChangeCells(*change, false), ::testing::Contains("into b/3"));
  EXPECT_THAT(ChangeJson(*change), HasSubstr(R"("change":"MERGED")"));
  EXPECT_THAT(ChangeJson(*change), HasSubstr(R"("merged_into":"feeds/b/events/3")"));
  ChangeTally tally;
  tally.Add(*change);
  EXPECT_EQ(tally.Text(), "1 merged");
  // Undone, it is a correction.
  before.set_revision(3);
  const auto undone = ChangeOf(&after, before);
  ASSERT_TRUE(undone);
  EXPECT_EQ(undone->kind, ChangeKind::kCorrected);
}

TEST(Redact, AsksForTheNameFirst) {
  Runner runner;
  int redacted = 0;
  runner.record->redact_event = [&](const v1::RedactEventRequest& request) {
    ++redacted;
    v1::RedactEventResponse response;
    response.mutable_event()->set_name(request.name());
    return response;
  };
  for (const char* typed : {"", "yes\n", "a/2\n"}) {
    runner.input = typed;
    EXPECT_EQ(runner({"redact", "a/1", "--reason", "safety"}).exit_code, 2);
  }
  EXPECT_EQ(redacted, 0);
  runner.input = "a/1\n";
  const Ran ran = runner({"redact", "a/1", "--reason", "safety"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.err, HasSubstr("redacted feeds/a/events/1\n"));
  runner.input = "";
  EXPECT_EQ(runner({"redact", "a/1", "--reason", "safety", "--yes"}).exit_code, 0);
  EXPECT_EQ(redacted, 2);
}

TEST(FeedsDelete, SaysWhatGoesAndAsksForTheName) {
  Runner runner;
  std::vector<bool> checks;
  runner.record->delete_feed = [&](const v1::DeleteFeedRequest& request) {
    EXPECT_TRUE(request.purge());
    checks.push_back(request.validate_only());
    v1::DeleteFeedResponse response;
    response.set_event_count(1'234);
    response.set_revision_count(2'000);
    return response;
  };
  const std::vector<std::string> command = {"feeds",   "delete",   "bought",
                                            "--purge", "--reason", "withdrawn"};
  runner.input = "y\n";
  const Ran refused = runner(command);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("feeds/bought with 1,234 events in 2,000 revisions"));
  EXPECT_THAT(checks, ElementsAre(true));
  runner.input = "bought\n";
  const Ran ran = runner(command);
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.err, HasSubstr("deleted feeds/bought with 1,234 events"));
  EXPECT_THAT(checks, ElementsAre(true, true, false));
}

TEST(FeedsDelete, TellsWhyItIsRefused) {
  Runner runner;
  runner.record->delete_feed = [](const v1::DeleteFeedRequest&) {
    return absl::FailedPreconditionError("feeds/f has 2 events");
  };
  const Ran ran = runner({"feeds", "delete", "f", "--reason", "x", "--yes"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("feeds/f has 2 events"));
  EXPECT_THAT(ran.err, Not(HasSubstr("deleted")));
}

// Two pages of one pair each, on the first an event with too many.
struct Pairs : Runner {
  std::vector<v1::ListDuplicateCandidatesRequest> requests;

  Pairs() {
    record->list_duplicate_candidates = [this](const v1::ListDuplicateCandidatesRequest& request) {
      requests.push_back(request);
      v1::ListDuplicateCandidatesResponse response;
      v1::DuplicateCandidate& candidate = *response.add_candidates();
      const bool first = request.page_token().empty();
      candidate.mutable_first()->set_name(first ? "feeds/a/events/1" : "feeds/a/events/2");
      candidate.mutable_first()->set_kind(v1::EVENT_KIND_STRIKE);
      candidate.mutable_second()->set_name("feeds/b/events/1");
      candidate.set_distance_m(1'500);
      candidate.mutable_gap()->set_seconds(43'200);
      candidate.add_shared_participants("actors/rus");
      candidate.set_score(first ? 0.75 : 0.25);
      if (first) response.add_crowded_names("feeds/a/events/1");
      if (first) response.set_next_page_token("more");
      return response;
    };
  }
};

TEST(Duplicates, ListsPairsPageAfterPage) {
  Pairs pairs;
  pairs.on_terminal = true;
  const Ran ran = pairs({"duplicates", "--kind", "strike", "--distance", "5km", "--days", "1.5"});
  EXPECT_EQ(ran.exit_code, 0);
  ASSERT_EQ(pairs.requests.size(), 2u);
  EXPECT_EQ(pairs.requests[0].distance_max_m(), 5'000);
  EXPECT_EQ(pairs.requests[0].gap_max().seconds(), 129'600);
  EXPECT_EQ(pairs.requests[0].filter().kinds_size(), 1);
  EXPECT_FALSE(pairs.requests[0].same_feed());
  EXPECT_THAT(ran.out, HasSubstr("0.75"));
  EXPECT_THAT(ran.out, HasSubstr("1.5"));
  EXPECT_THAT(ran.out, HasSubstr("rus"));
  EXPECT_THAT(ran.out, HasSubstr("a/2"));
  EXPECT_THAT(ran.err, HasSubstr("1 events have more candidates than are listed, such as "
                                 "feeds/a/events/1: "));
}

TEST(Duplicates, KeepsToScoreAndLimit) {
  Pairs pairs;
  EXPECT_THAT(pairs({"duplicates", "--score-min", "0.5"}).out, Not(HasSubstr("feeds/a/events/2")));
  const Ran ran = pairs({"duplicates", "--limit", "1"});
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1);
  EXPECT_THAT(ran.err, HasSubstr("the first 1 pairs"));
  EXPECT_EQ(pairs({"duplicates", "--distance", "near"}).exit_code, 2);
  EXPECT_EQ(pairs({"duplicates", "--days", "-1"}).exit_code, 2);
  EXPECT_EQ(pairs({"duplicates", "--as-of", "2025-01-01"}).exit_code, 2);
}

}  // namespace
}  // namespace annals::cli

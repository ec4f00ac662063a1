// The sheets that `annals new` and `annals edit` open editors on, and what comes of them.
#include "clients/cli/event_sheet.h"

#include <unistd.h>

#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "cli_runner.h"
#include "clients/cli/event_comments.h"
#include "clients/cli/ulid.h"
#include "clients/cli/words.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace annals::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::Event Captured() {
  v1::Event event;
  event.set_name("feeds/f/events/1");
  event.set_kind(v1::EVENT_KIND_CAPTURE);
  event.set_title("Two \"soldiers\"\n# captured");
  event.mutable_occurred()->mutable_start()->set_seconds(0);
  event.mutable_occurred()->set_precision(v1::TIME_PRECISION_INSTANT);
  event.mutable_location()->mutable_point()->set_latitude(51.5);
  event.mutable_location()->set_region("regions/RU-KRS");
  event.mutable_persons()->set_low(0);
  auto* participant = event.add_participants();
  participant->set_label("soldiers");
  participant->set_role(v1::PARTICIPANT_ROLE_CAPTIVE);
  *event.add_participants() = *participant;
  event.add_tags("a");
  event.add_tags("b");
  event.mutable_capture()->add_captives()->set_category("soldier");
  event.mutable_capture()->mutable_wishes()->set_stay_count(1);
  return event;
}

TEST(Ulid, SortsByTimeAndHoldsAllBits) {
  const absl::Time time = absl::FromUnixMillis(1'469'918'176'385);
  EXPECT_EQ(MakeUlid(time, {}), "01ARYZ6S410000000000000000");
  EXPECT_EQ(MakeUlid(time, {255, 255, 255, 255, 255, 255, 255, 255, 255, 255}),
            "01ARYZ6S41ZZZZZZZZZZZZZZZZ");
  EXPECT_EQ(MakeUlid(time, {0, 0, 0, 0, 0, 0, 0, 0, 0, 1}), "01ARYZ6S410000000000000001");
  EXPECT_LT(NewUlid().substr(0, 10), MakeUlid(absl::Now() + absl::Hours(1), {}));
  EXPECT_NE(NewUlid(), NewUlid());
}

TEST(EventComments, AreThoseOfTheContract) {
  EXPECT_THAT(CommentOf(*v1::Event::descriptor()->FindFieldByName("title")),
              HasSubstr("Required. One line, 1-300 characters"));
  EXPECT_EQ(CommentOf(*v1::Participant::descriptor()->FindOneofByName("identity")),
            "Required. Who.");
  EXPECT_NE(CommentOf(*v1::Point::descriptor()->FindFieldByName("latitude")), "");
  EXPECT_EQ(CommentOf(*v1::EventRevision::descriptor()->FindFieldByName("event")), "");
}

TEST(EventSheet, ReadsBackAsTheEvent) {
  v1::Event event = Captured();
  const auto read = ReadSheet(EventSheet(event, {"A heading."}));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->DebugString(), event.DebugString());
  event.set_revision(7);
  event.set_licence("CC0-1.0");
  event.mutable_location()->set_resolved_region("regions/UA");
  EXPECT_EQ(ReadSheet(EventSheet(event, {}))->DebugString(), Captured().DebugString());
}

TEST(EventSheet, KeepsStepsOfTheServerApart) {
  v1::Event event;
  event.mutable_exchange_offer()->add_steps()->set_note("ours");
  event.mutable_exchange_offer()->add_steps()->mutable_advance_time()->set_seconds(1);
  event.mutable_exchange_offer()->set_status(v1::OFFER_STATUS_AGREED);
  const v1::Event left = ClientSet(event);
  ASSERT_EQ(left.exchange_offer().steps_size(), 1);
  EXPECT_EQ(left.exchange_offer().steps(0).note(), "ours");
  EXPECT_EQ(left.exchange_offer().status(), v1::OFFER_STATUS_UNSPECIFIED);
}

TEST(EventSheet, OffersTheDetailsOfTheKindAlone) {
  for (int kind = 1; kind < v1::EventKind_ARRAYSIZE; ++kind) {
    v1::Event event;
    event.set_kind(static_cast<v1::EventKind>(kind));
    const std::string sheet = EventSheet(event, {});
    const std::string word = Word(event.kind());
    EXPECT_EQ(sheet.find("# \"capture\": {") != std::string::npos, word == "capture");
    EXPECT_EQ(sheet.find("# \"exchangeOffer\": {") != std::string::npos, word == "exchange-offer");
    EXPECT_THAT(sheet, Not(HasSubstr("licence")));
    EXPECT_THAT(sheet, HasSubstr("LINK_KIND_CONCERNS"));
    // Nothing is made up: what must be given is refused until it is.
    EXPECT_FALSE(ReadSheet(sheet).ok());
  }
}

// Every field that is offered can be taken: what remains wrong is a value to fill in.
TEST(EventSheet, IsJsonOnceCommentMarksAreTaken) {
  v1::Event event;
  event.set_kind(v1::EVENT_KIND_CAPTURE);
  std::string sheet = EventSheet(event, {});
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"\"precision\": \"\",", ""},
                                 {"YYYY-MM-DDThh:mm:ssZ", "2025-01-31T00:00:00Z"}}) {
    sheet = absl::StrReplaceAll(sheet, {{from, to}});
  }
  EXPECT_TRUE(ReadSheet(sheet).ok()) << ReadSheet(sheet).status();
  const std::string location =
      absl::StrReplaceAll(sheet, {{"  # \"location\": {", "\"location\": {"},
                                  {"  # },\n  # Optional. Who took part", "},\n# Who took part"}});
  const auto read = ReadSheet(location);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->has_location());
}

TEST(EventSheet, IsBlankWithCommentsAlone) {
  EXPECT_TRUE(IsBlank(""));
  EXPECT_TRUE(IsBlank("# a\n\n  # b\r\n"));
  EXPECT_FALSE(IsBlank("# a\n{"));
}

TEST(EventSheet, HasTheLastComplaintsAtItsTop) {
  const std::string once = WithComplaints("# h\n{}\n", {"title: must be given"});
  EXPECT_EQ(once, "#! title: must be given\n# h\n{}\n");
  EXPECT_EQ(WithComplaints(once, {"a\n\nb"}), "#! a\n#! b\n# h\n{}\n");
}

// A record that answers `outcome` to whatever is sent, and keeps it.
struct Writable : Runner {
  explicit Writable(v1::RowOutcome outcome, std::int64_t revision = 1) {
    record->batch_upsert_events = [this, outcome,
                                   revision](const v1::BatchUpsertEventsRequest& request) {
      (request.validate_only() ? checked : sent).push_back(request.rows(0).event());
      v1::BatchUpsertEventsResponse response;
      response.add_results()->set_outcome(outcome);
      response.mutable_results(0)->set_name(request.rows(0).event().name());
      response.mutable_results(0)->set_revision(revision);
      return response;
    };
    record->batch_get_events = [](const v1::BatchGetEventsRequest&) {
      v1::BatchGetEventsResponse response;
      *response.add_events() = Captured();
      response.mutable_events(0)->set_revision(1);
      response.mutable_events(0)->set_state(v1::EVENT_STATE_ACTIVE);
      return response;
    };
  }
  std::vector<v1::Event> checked, sent;
};

TEST(New, SendsNothingThatWasLeftAsItWas) {
  Writable record(v1::ROW_OUTCOME_CREATED);
  record.editor = "true";
  const Ran ran = record({"new", "--kind", "capture", "--feed", "f"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_EQ(ran.err, "annals: nothing was sent: the text was left as it was\n");
  EXPECT_TRUE(record.checked.empty());
}

TEST(New, NeedsAnEditorAndAKind) {
  Writable record(v1::ROW_OUTCOME_CREATED);
  EXPECT_EQ(record({"new", "--kind", "capture"}).exit_code, 1);
  EXPECT_THAT(record({"new", "--kind", "capture"}).err, HasSubstr("set VISUAL or EDITOR"));
  EXPECT_EQ(record({"new"}).exit_code, 2);
  EXPECT_EQ(record({"new", "--kind", "dance"}).exit_code, 2);
  EXPECT_THAT(record({"new", "--kind", "capture", "--editor", "false"}).err,
              HasSubstr("the editor 'false' ended with 1"));
}

TEST(Edit, SendsWhatWasChanged) {
  Writable record(v1::ROW_OUTCOME_UPDATED, 2);
  record.editor = "sed -i s/soldiers/marines/";
  const Ran ran = record({"edit", "f/1"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out, "feeds/f/events/1\n");
  ASSERT_EQ(record.sent.size(), 1U);
  v1::Event expected = Captured();
  expected.set_title("Two \"marines\"\n# captured");
  for (auto& participant : *expected.mutable_participants()) participant.set_label("marines");
  EXPECT_EQ(record.sent[0].DebugString(), expected.DebugString());
}

TEST(Edit, RefusesWhatWasChangedMeanwhile) {
  Writable record(v1::ROW_OUTCOME_UPDATED, 3);
  record.editor = "sed -i s/soldiers/marines/";
  const Ran ran = record({"edit", "f/1"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_TRUE(record.sent.empty());
  EXPECT_THAT(ran.err, HasSubstr("ABORTED: feeds/f/events/1 was changed by somebody else"));
  const std::size_t path = ran.err.find("/tmp/annals-");
  ASSERT_NE(path, std::string::npos) << ran.err;
  EXPECT_EQ(unlink(ran.err.substr(path, ran.err.find(": go on") - path).c_str()), 0);
}

}  // namespace
}  // namespace annals::cli

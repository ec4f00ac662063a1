#include <deque>

#include "cli_runner.h"
#include "clients/cli/time_text.h"
#include "clients/cpp/status.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"

namespace annals::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

v1::Event Strike(const std::string& id) {
  v1::Event event;
  event.set_name("feeds/f/events/" + id);
  event.set_kind(v1::EVENT_KIND_STRIKE);
  event.set_title("Strike " + id);
  event.set_state(v1::EVENT_STATE_ACTIVE);
  event.set_licence("CC0-1.0");
  *event.mutable_occurred()->mutable_start() = ToTimestamp(ParseWrittenTime("2025-01-05")->start);
  *event.mutable_occurred()->mutable_end() = ToTimestamp(ParseWrittenTime("2025-01-06")->start);
  event.mutable_occurred()->set_precision(v1::TIME_PRECISION_DAY);
  return event;
}

// The events `ids` created in one write at `position`.
v1::WatchEventsResponse Write(const std::vector<std::string>& ids, const std::string& position) {
  v1::WatchEventsResponse response;
  for (const std::string& id : ids) {
    v1::EventChange& change = *response.add_changes();
    change.set_kind(v1::CHANGE_KIND_CREATED);
    *change.mutable_event() = Strike(id);
  }
  response.set_position(position);
  if (!ids.empty()) {
    *response.mutable_commit_time() = ToTimestamp(ParseWrittenTime("2026-02-03T04:05:06Z")->start);
  }
  return response;
}

absl::Status Refusal(grpc::StatusCode code, const std::string& reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  google::rpc::Status details;
  details.add_details()->PackFrom(info);
  return client::FromGrpcStatus(grpc::Status(code, "refused", details.SerializeAsString()));
}

// A record at position "p0" of whose watches each gives what the test says, one after another; the
// one after these is interrupted.
struct Watching : Runner {
  struct Call {
    std::vector<v1::WatchEventsResponse> responses;
    absl::Status end;
  };
  std::deque<Call> calls;
  std::vector<v1::WatchEventsRequest> asked;
  EndCause cause = EndCause::kInterrupted;

  // Its end is that of the command.
  struct EndingCall : client::WatchCall {
    explicit EndingCall(Watching* on) : record(on) {}
    absl::StatusOr<std::optional<v1::WatchEventsResponse>> Next() override {
      record->end(record->cause);
      return absl::CancelledError("cancelled");
    }
    void Cancel() override {}
    Watching* const record;
  };

  Watching() {
    record->get_status = [](const v1::GetStatusRequest&) {
      v1::GetStatusResponse response;
      response.set_position("p0");
      return response;
    };
    record->get_feed = [](const v1::GetFeedRequest& request) {
      v1::GetFeedResponse response;
      response.mutable_feed()->set_name(request.name());
      response.mutable_feed()->set_title("Strikes");
      response.mutable_feed()->set_licence("CC0-1.0");
      return response;
    };
    record->watch_events =
        [this](const v1::WatchEventsRequest& request) -> std::unique_ptr<client::WatchCall> {
      asked.push_back(request);
      if (calls.empty()) return std::make_unique<EndingCall>(this);
      const Call call = calls.front();
      calls.pop_front();
      return std::make_unique<client::FakeWatchCall>(call.responses, call.end);
    };
    record->export_events = [](const v1::ExportEventsRequest&) {
      v1::ExportEventsResponse part;
      *part.add_events() = Strike("old");
      return std::make_unique<client::FakeExportReader>(std::vector{part});
    };
  }
};

TEST(Watch, PrintsAChangeALineWithThePositionToGoOnFrom) {
  Watching watching;
  watching.calls = {{{Write({"a", "b"}, "p1"), Write({}, "p2"), Write({"c"}, "p3")},
                     absl::UnavailableError("gone")}};
  const Ran ran = watching({"watch", "--feed", "f"});
  EXPECT_EQ(ran.exit_code, 0);
  const auto line = [](const std::string& id, const std::string& position) {
    return R"({"kind":"CHANGE_KIND_CREATED","event":{"name":"feeds/f/events/)" + id +
           R"(","kind":"EVENT_KIND_STRIKE","occurred":{"start":"2025-01-05T00:00:00Z",)"
           R"("end":"2025-01-06T00:00:00Z","precision":"TIME_PRECISION_DAY"},"title":"Strike )" +
           id + R"(","licence":"CC0-1.0","state":"EVENT_STATE_ACTIVE"},"position":")" + position +
           R"(","commitTime":"2026-02-03T04:05:06Z"})"
           "\n";
  };
  EXPECT_EQ(ran.out, line("a", "p0") + line("b", "p1") + line("c", "p3"));
  EXPECT_THAT(ran.err,
              AllOf(HasSubstr("the server went away; connecting again\n"), HasSubstr("CC0-1.0"),
                    HasSubstr("to go on, the same command with --from p3\n")));
  ASSERT_EQ(watching.asked.size(), 2u);
  EXPECT_EQ(watching.asked[0].position(), "p0");
  EXPECT_EQ(watching.asked[1].position(), "p3");
  EXPECT_EQ(watching.asked[0].filter().feeds(0), "feeds/f");
}

TEST(Watch, KeepsThePositionBeforeAWriteUntilItsLastChange) {
  Watching watching;
  v1::WatchEventsResponse part = Write({"a"}, "within");
  part.set_write_continues(true);
  watching.calls = {{{part, Write({"b"}, "p1")}, absl::OkStatus()}};
  const std::string out = watching({"watch", "--from", "here"}).out;
  EXPECT_THAT(out, AllOf(HasSubstr(R"("position":"here")"), HasSubstr(R"("position":"p1")"),
                         Not(HasSubstr("within"))));
}

TEST(Watch, BeginsWhereItIsTold) {
  Watching watching;
  EXPECT_THAT(watching({"watch", "--from", "start"}).err, HasSubstr("--from start\n"));
  EXPECT_THAT(watching({"watch", "--from", "there"}).err, HasSubstr("--from there\n"));
  EXPECT_THAT(watching({"watch", "--from", "now"}).err, HasSubstr("--from p0\n"));
  ASSERT_EQ(watching.asked.size(), 3u);
  EXPECT_EQ(watching.asked[0].origin(), v1::WATCH_ORIGIN_BEGINNING);
  EXPECT_EQ(watching.asked[1].position(), "there");
  EXPECT_EQ(watching.asked[2].position(), "p0");
}

TEST(Watch, ListsWhatIsThereFirst) {
  Watching watching;
  watching.calls = {{{Write({"new"}, "p1")}, absl::OkStatus()}};
  const Ran ran = watching({"watch", "--with-existing"});
  EXPECT_EQ(ran.out.find(R"({"event":{"name":"feeds/f/events/old")"), 0u);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("}}\n{\"position\":\"p0\"}\n{\"kind\":"),
                             HasSubstr(R"("position":"p1","commitTime")")));
  EXPECT_THAT(ran.err, HasSubstr("--from p1 in place of --with-existing\n"));
}

TEST(Watch, ShowsATableOnATerminalLineByLine) {
  Watching watching;
  watching.on_terminal = true;
  watching.columns = 160;
  v1::WatchEventsResponse changed = Write({"x"}, "p1");
  changed.mutable_changes(0)->set_kind(v1::CHANGE_KIND_UPDATED);
  changed.mutable_changes(0)->set_entered_filter(true);
  changed.mutable_changes(0)->mutable_event()->set_title("Longer than it was \033[2J");
  watching.calls = {{{Write({"a"}, "p1"), changed}, absl::OkStatus()}};
  const std::string out = watching({"watch"}).out;
  EXPECT_EQ(out,
            "RECORDED (UTC)       CHANGE          WHEN (UTC)  KIND            WHERE                     "
            "TITLE                                     EVENT\n"
            "2026-02-03 04:05:06  created         2025-01-05  strike                                    "
            "Strike a                                  f/a\n"
            "2026-02-03 04:05:06  entered-filter  2025-01-05  strike                                    "
            "Longer than it was  [2J                   f/x\n");
}

TEST(Watch, PrintsCsvAndCheckpoints) {
  Watching watching;
  watching.calls = {{{Write({"a"}, "-p1"), Write({}, "p2")}, absl::OkStatus()}};
  EXPECT_EQ(watching({"watch", "-o", "csv", "--checkpoints"}).out,
            "name,change,commit_time,kind,start,end,region,place,title,state,revision,licence,"
            "position\n"
            "feeds/f/events/a,created,2026-02-03T04:05:06Z,strike,2025-01-05T00:00:00Z,"
            "2025-01-06T00:00:00Z,,,Strike a,active,0,CC0-1.0,-p1\n"
            ",,,,,,,,,,,,p2\n");
  watching.calls = {{{Write({}, "p2")}, absl::OkStatus()}};
  EXPECT_EQ(watching({"watch", "--checkpoints"}).out, "{\"position\":\"p2\"}\n");
}

TEST(Watch, EndsAfterItsLimit) {
  Watching watching;
  watching.calls = {{{Write({"a"}, "p1"), Write({"b", "c"}, "p2")}, absl::OkStatus()}};
  const Ran ran = watching({"watch", "--limit", "2"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 2);
  EXPECT_THAT(ran.err, HasSubstr("--from p1\n")) << "before the write that was cut";
}

TEST(Watch, SaysHowToStartAnewWhereItCannotGoOn) {
  for (const auto& [code, reason] : {std::pair(grpc::StatusCode::ABORTED, "SCOPE_CHANGED"),
                                     std::pair(grpc::StatusCode::OUT_OF_RANGE, "HISTORY_PURGED")}) {
    Watching watching;
    watching.calls = {{{Write({"a"}, "p1")}, Refusal(code, reason)}};
    const Ran ran = watching({"watch"});
    EXPECT_EQ(ran.exit_code, 1);
    EXPECT_THAT(ran.err, AllOf(HasSubstr("watch --with-existing"), Not(HasSubstr("to go on"))));
  }
}

TEST(Watch, TellsWhereToGoOnAfterOtherErrors) {
  Watching watching;
  watching.calls = {
      {{Write({"a"}, "p1")}, Refusal(grpc::StatusCode::UNAUTHENTICATED, "TOKEN_EXPIRED")}};
  const Ran ran = watching({"watch"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("--from p1\n"));
}

TEST(Watch, SaysThatItWasTooSlow) {
  Watching watching;
  watching.calls = {
      {{Write({"a"}, "p1")}, Refusal(grpc::StatusCode::RESOURCE_EXHAUSTED, "SLOW_CONSUMER")}};
  EXPECT_THAT(watching({"watch"}).err, HasSubstr("not read in time"));
}

TEST(Watch, EndsWithoutAWordWhereNobodyReads) {
  Watching watching;
  watching.cause = EndCause::kReaderGone;
  watching.calls = {{{Write({"a"}, "p1")}, absl::OkStatus()}};
  const Ran ran = watching({"watch"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.err, Not(HasSubstr("to go on")));
}

TEST(Watch, RefusesWhatMakesNoSense) {
  Watching watching;
  EXPECT_THAT(watching({"watch", "--as-of", "2025"}).err, HasSubstr("--as-of"));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"watch", "--as-of", "2025"},
        {"watch", "-o", "json"},
        {"watch", "-o", "geojson"},
        {"watch", "--from", "start", "--with-existing"},
        {"watch", "--limit", "0"}}) {
    const Ran ran = watching(arguments);
    EXPECT_EQ(ran.exit_code, 2) << arguments.back();
    EXPECT_EQ(ran.out, "");
  }
  EXPECT_THAT(watching.asked, IsEmpty());
}

TEST(Watch, PrintsNothingWhereItIsRefused) {
  Watching watching;
  watching.calls = {{{}, Refusal(grpc::StatusCode::FAILED_PRECONDITION, "OTHER_STORE")}};
  const Ran ran = watching({"watch", "--from", "elsewhere", "-o", "csv"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, Not(HasSubstr("to go on")));
}

TEST(Watch, IsToldAtOnceThatNoServerAnswers) {
  Watching watching;
  watching.record->get_status = [](const auto&) { return absl::UnavailableError("nobody"); };
  EXPECT_EQ(watching({"watch", "--from", "there"}).exit_code, 1);
  EXPECT_THAT(watching.asked, IsEmpty());
}

}  // namespace
}  // namespace annals::cli

#include <deque>
#include <thread>

#include "clients/cpp/client.h"
#include "clients/cpp/status.h"
#include "fake_connection.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"

namespace annals::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// An error as the server gives it.
absl::Status Refusal(grpc::StatusCode code, const std::string& reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  google::rpc::Status details;
  details.add_details()->PackFrom(info);
  return FromGrpcStatus(grpc::Status(code, "refused", details.SerializeAsString()));
}

// A change of the event `id` that moves a watch to `position`; a checkpoint where it is empty.
v1::WatchEventsResponse Change(const std::string& id, const std::string& position) {
  v1::WatchEventsResponse response;
  response.set_position(position);
  if (!id.empty()) response.add_changes()->mutable_event()->set_name(id);
  return response;
}

// A server at position "p0" whose watches give what the test says, one after another, and then
// nothing more; its clock moves by sleeping alone.
struct FakeServer {
  struct Call {
    std::vector<v1::WatchEventsResponse> responses;
    absl::Status end;
  };

  std::shared_ptr<FakeConnection> connection = std::make_shared<FakeConnection>();
  std::deque<Call> calls;
  std::vector<std::string> asked;  // Where each watch began: its position, or "".
  v1::WatchEventsRequest request;  // The last.
  std::vector<absl::Status> resumed;
  absl::Time now = absl::UnixEpoch();

  FakeServer() {
    connection->get_status = [](const v1::GetStatusRequest&) {
      v1::GetStatusResponse response;
      response.set_position("p0");
      return response;
    };
    connection->watch_events = [this](const v1::WatchEventsRequest& sent) {
      request = sent;
      asked.push_back(sent.position());
      Call call{.end = absl::PermissionDeniedError("the end of the test")};
      if (!calls.empty()) {
        call = calls.front();
        calls.pop_front();
      }
      return std::make_unique<FakeWatchCall>(call.responses, call.end);
    };
  }

  WatchOptions Options() {
    WatchOptions options;
    options.on_resume = [this](const absl::Status& status) { resumed.push_back(status); };
    options.retry = RetryPolicy(
        {.delay_initial = absl::Seconds(1), .delay_max = absl::Seconds(8), .attempts_max = 1'000},
        {.now = [this] { return now; },
         .sleep = [this](absl::Duration delay, absl::Notification*) { now += delay; },
         .uniform = [] { return 0.5; }});
    return options;
  }

  // Reads to the end, which is `end`; the names of the events that changed.
  std::vector<std::string> ReadAll(WatchStream& watch) {
    std::vector<std::string> names;
    for (const auto& response : watch.Responses()) {
      if (!response.ok()) {
        end = response.status();
        break;
      }
      for (const auto& change : response->changes()) names.push_back(change.event().name());
    }
    return names;
  }
  absl::Status end;
};

v1::WatchEventsRequest From(const std::string& position) {
  v1::WatchEventsRequest request;
  request.set_position(position);
  return request;
}

const absl::Status kGone = absl::UnavailableError("gone");

TEST(WatchStream, ResumesBehindTheLastResponse) {
  FakeServer server;
  server.calls = {{{Change("a", "p1"), Change("b", "p2")}, kGone},
                  {{}, kGone},
                  {{Change("", "p3")}, kGone},
                  {{Change("c", "p4")}, absl::OkStatus()}};
  const auto watch = Client(server.connection).WatchEvents(From("p0"), server.Options());
  EXPECT_THAT(server.ReadAll(*watch), ElementsAre("a", "b", "c"));
  EXPECT_THAT(server.asked, ElementsAre("p0", "p2", "p2", "p3", "p4"));
  EXPECT_EQ(watch->position(), "p4");
  EXPECT_TRUE(absl::IsPermissionDenied(server.end));
  EXPECT_EQ(server.request.view(), v1::EVENT_VIEW_FULL);
}

TEST(WatchStream, BeginsNowAtThePositionOfTheServer) {
  FakeServer server;
  server.calls = {{{}, kGone}, {{Change("a", "p1")}, kGone}};
  v1::WatchEventsRequest now;
  now.set_origin(v1::WATCH_ORIGIN_NOW);
  for (const auto& request : {now, v1::WatchEventsRequest()}) {
    WatchStream watch(server.connection, request, server.Options());
    EXPECT_EQ(watch.position(), "p0");
    server.ReadAll(watch);
  }
  EXPECT_THAT(server.asked, ElementsAre("p0", "p0", "p1", "p0"));
}

TEST(WatchStream, BeginsAtTheBeginning) {
  FakeServer server;
  server.calls = {{{}, kGone}};
  v1::WatchEventsRequest request;
  request.set_origin(v1::WATCH_ORIGIN_BEGINNING);
  WatchStream watch(server.connection, request, server.Options());
  EXPECT_EQ(watch.position(), "");
  server.ReadAll(watch);
  EXPECT_THAT(server.asked, ElementsAre("", ""));
  EXPECT_EQ(server.request.origin(), v1::WATCH_ORIGIN_BEGINNING);
}

TEST(WatchStream, GivesTheErrorOfItsBeginning) {
  FakeServer server;
  server.connection->get_status = [](const auto&) { return kGone; };
  WatchStream watch(server.connection, {}, server.Options());
  EXPECT_EQ(watch.Next().status(), kGone);
  EXPECT_THAT(server.asked, IsEmpty());
}

TEST(WatchStream, ResumesWhereItWasTooSlow) {
  FakeServer server;
  const absl::Status slow = Refusal(grpc::StatusCode::RESOURCE_EXHAUSTED, "SLOW_CONSUMER");
  server.calls = {{{Change("a", "p1")}, slow}, {{Change("b", "p2")}, kGone}};
  WatchStream watch(server.connection, From("p0"), server.Options());
  EXPECT_THAT(server.ReadAll(watch), ElementsAre("a", "b"));
  EXPECT_THAT(server.resumed, ElementsAre(slow, kGone));
}

TEST(WatchStream, EndsWithWhatAnotherAttemptDoesNotMend) {
  for (const absl::Status& error :
       {Refusal(grpc::StatusCode::ABORTED, "SCOPE_CHANGED"),
        Refusal(grpc::StatusCode::OUT_OF_RANGE, "HISTORY_PURGED"),
        Refusal(grpc::StatusCode::OUT_OF_RANGE, "POSITION_AHEAD"),
        Refusal(grpc::StatusCode::FAILED_PRECONDITION, "OTHER_STORE"),
        Refusal(grpc::StatusCode::INVALID_ARGUMENT, "TOKEN_UNREADABLE"),
        Refusal(grpc::StatusCode::PERMISSION_DENIED, "ROLE_TOO_LOW"),
        Refusal(grpc::StatusCode::UNAUTHENTICATED, "TOKEN_UNKNOWN"),
        Refusal(grpc::StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS"),
        Refusal(grpc::StatusCode::INTERNAL, "BUG"), absl::UnimplementedError("old server")}) {
    FakeServer server;
    server.calls = {{{Change("a", "p1")}, error}};
    WatchStream watch(server.connection, From("p0"), server.Options());
    EXPECT_THAT(server.ReadAll(watch), ElementsAre("a"));
    EXPECT_EQ(server.end, error);
    EXPECT_EQ(watch.Next().status(), error) << "it is final";
    EXPECT_THAT(server.asked, ElementsAre("p0"));
    EXPECT_THAT(server.resumed, IsEmpty());
  }
}

TEST(WatchStream, GivesUpWhereItGetsNoFurtherInTime) {
  FakeServer server;
  server.calls = {{{Change("a", "p1")}, kGone}};
  // Such a server says where it begins, and falls over again.
  for (int i = 0; i < 1'000; ++i) server.calls.push_back({{Change("", "p1")}, kGone});
  WatchStream watch(server.connection, From("p0"), server.Options());
  EXPECT_THAT(server.ReadAll(watch), ElementsAre("a"));
  EXPECT_TRUE(absl::IsUnavailable(server.end));
  EXPECT_LE(server.now, absl::UnixEpoch() + absl::Minutes(2));
  EXPECT_GT(server.now, absl::UnixEpoch() + absl::Seconds(110));
  EXPECT_EQ(server.resumed.size(), 1u);
  EXPECT_EQ(watch.position(), "p1");
}

TEST(WatchStream, TriesAsLongAsItGetsFurther) {
  FakeServer server;
  for (int i = 1; i <= 500; ++i) {
    server.calls.push_back({{Change("e", "p" + std::to_string(i))}, kGone});
  }
  WatchStream watch(server.connection, From("p0"), server.Options());
  EXPECT_EQ(server.ReadAll(watch).size(), 500u);
  EXPECT_EQ(server.resumed.size(), 500u);
}

TEST(WatchStream, EndsWhereItIsCancelled) {
  FakeServer server;
  server.calls = {{{Change("a", "p1"), Change("b", "p2")}, kGone}};
  WatchStream watch(server.connection, From("p0"), server.Options());
  ASSERT_TRUE(watch.Next().ok());
  std::thread([&] { watch.Cancel(); }).join();
  watch.Cancel();
  EXPECT_THAT(server.ReadAll(watch), IsEmpty());
  EXPECT_TRUE(server.end.ok());
  EXPECT_EQ(watch.position(), "p1");
}

TEST(WatchStream, IsWokenFromItsWaitByCancel) {
  FakeServer server;
  server.calls = {{{}, kGone}};
  WatchOptions options;
  options.retry = RetryPolicy({.delay_initial = absl::Hours(1), .delay_max = absl::Hours(1)},
                              {.now = [] { return absl::UnixEpoch(); },
                               .sleep = RetryEnvironment::Real().sleep,
                               .uniform = [] { return 0.5; }});
  options.progress_timeout = absl::Hours(2);
  WatchStream watch(server.connection, From("p0"), options);
  std::thread cancelling([&] { watch.Cancel(); });
  EXPECT_THAT(server.ReadAll(watch), IsEmpty());
  cancelling.join();
  EXPECT_TRUE(server.end.ok());
}

// What a FollowStream gave, a word for each item.
std::vector<std::string> Told(FollowStream& follow, absl::Status* end = nullptr) {
  std::vector<std::string> told;
  while (true) {
    const auto item = follow.Next();
    if (!item.ok() && end != nullptr) *end = item.status();
    if (!item.ok() || !*item) return told;
    if (const auto* event = std::get_if<v1::Event>(&**item)) told.push_back(event->name());
    if (const auto* listed = std::get_if<ListingEnd>(&**item)) {
      told.push_back("listed at " + listed->position);
    }
    if (const auto* response = std::get_if<v1::WatchEventsResponse>(&**item)) {
      told.push_back("reached " + response->position());
    }
  }
}

// A server with two events, by export and by pages.
struct ListingServer : FakeServer {
  absl::Status forbidden;
  std::vector<std::string> listed_as_of;

  ListingServer() {
    connection->export_events =
        [this](const v1::ExportEventsRequest& request) -> std::unique_ptr<ExportReader> {
      listed_as_of.push_back("export " + request.as_of().position());
      if (!forbidden.ok()) return std::make_unique<RefusedExport>(forbidden);
      v1::ExportEventsResponse part;
      part.add_events()->set_name("x");
      part.add_events()->set_name("y");
      return std::make_unique<FakeExportReader>(std::vector{part});
    };
    connection->list_events = [this](const v1::ListEventsRequest& request) {
      listed_as_of.push_back("page " + request.as_of().position());
      v1::ListEventsResponse page;
      page.add_events()->set_name(request.page_token().empty() ? "x" : "y");
      if (request.page_token().empty()) page.set_next_page_token("2");
      return page;
    };
  }

  struct RefusedExport : ExportReader {
    explicit RefusedExport(absl::Status with) : status(std::move(with)) {}
    absl::StatusOr<std::optional<v1::ExportEventsResponse>> Next() override { return status; }
    const absl::Status status;
  };
};

TEST(FollowStream, ListsAtOnePositionAndWatchesFromThere) {
  ListingServer server;
  server.calls = {{{Change("z", "p1")}, kGone}, {{Change("x", "p2")}, kGone}};
  v1::EventFilter filter;
  filter.add_feeds("feeds/f");
  const auto follow = Client(server.connection).FollowEvents(filter, server.Options());
  EXPECT_EQ(follow->position(), "");
  absl::Status end;
  EXPECT_THAT(Told(*follow, &end),
              ElementsAre("x", "y", "listed at p0", "reached p1", "reached p2"));
  EXPECT_TRUE(absl::IsPermissionDenied(end));
  EXPECT_THAT(server.listed_as_of, ElementsAre("export p0"));
  EXPECT_THAT(server.asked, ElementsAre("p0", "p1", "p2"));
  EXPECT_EQ(server.request.filter().feeds(0), "feeds/f");
  EXPECT_EQ(follow->position(), "p2");
}

TEST(FollowStream, ListsPagesWhereAnExportIsForbidden) {
  ListingServer server;
  server.forbidden = Refusal(grpc::StatusCode::FAILED_PRECONDITION, "REDISTRIBUTION_FORBIDDEN");
  server.calls = {{{Change("z", "p1")}, kGone}};
  FollowStream follow(server.connection, {}, server.Options());
  EXPECT_THAT(Told(follow), ElementsAre("x", "y", "listed at p0", "reached p1"));
  EXPECT_THAT(server.listed_as_of, ElementsAre("export p0", "page p0", "page p0"));
}

TEST(FollowStream, EndsWithAnErrorOfItsListing) {
  ListingServer server;
  server.forbidden = Refusal(grpc::StatusCode::INVALID_ARGUMENT, "UNKNOWN_REGION");
  FollowStream follow(server.connection, {}, server.Options());
  EXPECT_EQ(follow.Next().status(), server.forbidden);
  EXPECT_EQ(follow.Next().status(), server.forbidden);
  EXPECT_THAT(server.asked, IsEmpty());
}

TEST(FollowStream, EndsWhereItIsCancelled) {
  ListingServer server;
  FollowStream listing(server.connection, {}, server.Options());
  ASSERT_TRUE(listing.Next().ok());
  listing.Cancel();
  EXPECT_THAT(Told(listing), IsEmpty());

  server.calls = {{{Change("z", "p1"), Change("w", "p2")}, kGone}};
  FollowStream watching(server.connection, {}, server.Options());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(watching.Next().ok());
  watching.Cancel();
  EXPECT_THAT(Told(watching), IsEmpty());
  EXPECT_EQ(watching.position(), "p1");
}

}  // namespace
}  // namespace annals::client

#include "clients/cpp/ingest_stream.h"

#include "fake_connection.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace annals::client {
namespace {

using ::testing::ElementsAre;

// A message that carries `number` as its only row's version.
v1::IngestEventsRequest Numbered(int number) {
  v1::IngestEventsRequest request;
  request.mutable_batch()->add_rows()->set_source_version(number);
  return request;
}

int NumberOf(const v1::IngestEventsRequest& request) {
  return static_cast<int>(request.batch().rows(0).source_version());
}

// Connections taken one after another by the stream under test, and what arrived on all of them.
struct FakeServer {
  std::shared_ptr<FakeConnection> connection = std::make_shared<FakeConnection>();
  std::vector<std::pair<int, absl::Status>> calls;  // Messages taken before the end, and the end.
  std::size_t next_call = 0;
  std::vector<int> received;
  std::vector<int> acknowledged;
  int reconnects = 0;

  IngestStreamOptions Options() {
    connection->ingest_events = [this] {
      const auto answer = [this](const v1::IngestEventsRequest& request) {
        received.push_back(NumberOf(request));
        v1::IngestEventsResponse response;
        response.set_position(std::to_string(NumberOf(request)));
        return response;
      };
      if (next_call == calls.size()) return std::make_unique<FakeIngestCall>(answer);
      const auto& [writes_max, end] = calls[next_call++];
      return std::make_unique<FakeIngestCall>(answer, writes_max, end);
    };
    IngestStreamOptions options;
    options.on_ack = [this](const auto& request, const auto& response) {
      acknowledged.push_back(NumberOf(request));
      EXPECT_EQ(response.position(), std::to_string(NumberOf(request)));
    };
    options.on_reconnect = [this](const absl::Status&) { ++reconnects; };
    options.retry =
        RetryPolicy({.attempts_max = 3}, {.now = [] { return absl::UnixEpoch(); },
                                          .sleep = [](absl::Duration, absl::Notification*) {},
                                          .uniform = [] { return 0.0; }});
    return options;
  }
};

TEST(IngestStream, AcknowledgesInOrder) {
  FakeServer server;
  IngestStream stream(server.connection, server.Options());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(stream.Send(Numbered(i)).ok());
  ASSERT_TRUE(stream.Finish().ok());
  EXPECT_THAT(server.acknowledged, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(server.reconnects, 0);
}

TEST(IngestStream, SendsWhatWasNotAcknowledgedAgainInOrder) {
  FakeServer server;
  server.calls = {{3, absl::UnavailableError("gone")}, {2, absl::UnavailableError("gone")}};
  IngestStream stream(server.connection, server.Options());
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(stream.Send(Numbered(i)).ok());
  ASSERT_TRUE(stream.Finish().ok());
  EXPECT_THAT(server.acknowledged, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(server.received, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_EQ(server.reconnects, 2);
}

TEST(IngestStream, GivesUpWhereNothingGetsFurther) {
  FakeServer server;
  server.calls.assign(3, {0, absl::UnavailableError("gone")});
  IngestStream stream(server.connection, server.Options());
  absl::Status status = stream.Send(Numbered(0));
  if (status.ok()) status = stream.Finish();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_EQ(server.reconnects, 1);
}

TEST(IngestStream, DoesNotResumeACompleteRelease) {
  FakeServer server;
  server.calls = {{1, absl::UnavailableError("gone")}};
  IngestStreamOptions options = server.Options();
  options.resume = false;
  options.window_batches = 1;
  IngestStream stream(server.connection, options);
  ASSERT_TRUE(stream.Send(Numbered(0)).ok());
  absl::Status status = stream.Send(Numbered(1));
  if (status.ok()) status = stream.Finish();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_EQ(server.reconnects, 0);
}

TEST(IngestStream, ReportsOtherErrors) {
  FakeServer server;
  server.calls = {{0, absl::ResourceExhaustedError("too much")}};
  IngestStream stream(server.connection, server.Options());
  absl::Status status = stream.Send(Numbered(0));
  while (status.ok()) status = stream.Send(Numbered(1));
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_TRUE(absl::IsResourceExhausted(stream.Send(Numbered(2))));
  EXPECT_TRUE(absl::IsResourceExhausted(stream.Finish()));
}

}  // namespace
}  // namespace annals::client

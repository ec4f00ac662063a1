#include "clients/cpp/ingest_stream.h"

#include <utility>

#include "clients/cpp/status.h"
#include "fake_connection.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
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
  std::vector<std::string> batch_ids;  // Of these.
  std::vector<int> acknowledged;
  int reconnects = 0;

  IngestStreamOptions Options() {
    connection->ingest_events = [this] {
      const auto answer = [this](const v1::IngestEventsRequest& request) {
        received.push_back(NumberOf(request));
        batch_ids.push_back(request.batch().batch_id());
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

// Takes `writes_max` messages, noting their batch ids, and then is gone without an answer.
class SilentIngestCall : public IngestCall {
 public:
  SilentIngestCall(std::vector<std::string>* batch_ids, int writes_max)
      : batch_ids_(batch_ids), writes_left_(writes_max) {}
  bool Write(const v1::IngestEventsRequest& request) override {
    const std::lock_guard lock(mutex_);
    if (writes_left_ == 0) return false;
    batch_ids_->push_back(request.batch().batch_id());
    if (--writes_left_ == 0) changed_.notify_all();
    return true;
  }
  bool Read(v1::IngestEventsResponse*) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return writes_left_ == 0; });
    return false;
  }
  void WritesDone() override { Cancel(); }
  void Cancel() override {
    const std::lock_guard lock(mutex_);
    writes_left_ = 0;
    changed_.notify_all();
  }
  absl::Status Finish() override { return absl::UnavailableError("gone"); }

 private:
  std::vector<std::string>* const batch_ids_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int writes_left_;
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

TEST(IngestStream, NamesEachBatchOnceHoweverOftenItIsSent) {
  FakeServer server;
  // The first call takes two messages and acknowledges none of them.
  auto lost = std::make_shared<std::vector<std::string>>();
  const IngestStreamOptions options = [&] {
    IngestStreamOptions made = server.Options();
    made.stream_id = "run-7";
    return made;
  }();
  const auto answering = server.connection->ingest_events;
  bool first = true;
  server.connection->ingest_events = [&]() -> std::unique_ptr<IngestCall> {
    if (!std::exchange(first, false)) return answering();
    return std::make_unique<SilentIngestCall>(lost.get(), 2);
  };
  IngestStream stream(server.connection, options);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(stream.Send(Numbered(i)).ok());
  ASSERT_TRUE(stream.Finish().ok());
  EXPECT_THAT(*lost, ElementsAre("run-7-0", "run-7-1"));
  EXPECT_THAT(server.batch_ids, ElementsAre("run-7-0", "run-7-1", "run-7-2", "run-7-3"));
  EXPECT_THAT(server.acknowledged, ElementsAre(0, 1, 2, 3));
}

TEST(IngestStream, NamesBatchesOfEachStreamOtherwise) {
  FakeServer server;
  for (int i = 0; i < 2; ++i) {
    IngestStream stream(server.connection, server.Options());
    ASSERT_TRUE(stream.Send(Numbered(0)).ok());
    ASSERT_TRUE(stream.Finish().ok());
  }
  ASSERT_EQ(server.batch_ids.size(), 2u);
  EXPECT_NE(server.batch_ids[0], server.batch_ids[1]);
}

TEST(IngestStream, LeavesNamesThatWereGivenAndNamesNoDryRun) {
  FakeServer server;
  IngestStream stream(server.connection, server.Options());
  v1::IngestEventsRequest named = Numbered(0);
  named.mutable_batch()->set_batch_id("mine");
  v1::IngestEventsRequest dry = Numbered(1);
  dry.mutable_batch()->set_validate_only(true);
  ASSERT_TRUE(stream.Send(named).ok());
  ASSERT_TRUE(stream.Send(dry).ok());
  ASSERT_TRUE(stream.Finish().ok());
  EXPECT_THAT(server.batch_ids, ElementsAre("mine", ""));
}

TEST(IngestStream, SendsAgainWhereTheServerCouldNotLearnWhatBecameOfIt) {
  FakeServer server;
  google::rpc::ErrorInfo info;
  info.set_reason("OUTCOME_UNKNOWN");
  google::rpc::Status details;
  details.add_details()->PackFrom(info);
  server.calls = {{1, FromGrpcStatus(grpc::Status(grpc::StatusCode::UNKNOWN, "",
                                                  details.SerializeAsString()))}};
  IngestStream stream(server.connection, server.Options());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(stream.Send(Numbered(i)).ok());
  ASSERT_TRUE(stream.Finish().ok());
  EXPECT_THAT(server.acknowledged, ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace annals::client

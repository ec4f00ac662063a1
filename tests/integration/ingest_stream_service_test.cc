// A stream with several batches under way: order, bounds, and every way in which it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "service/ingest_reactor.h"
#include "storage/error.h"
#include "tests/support/auth_fixture.h"

namespace annals::testing {
namespace {

using annals::v1::IngestEventsRequest;
using annals::v1::IngestEventsResponse;
using annals::v1::IngestService;
using service::kMessagesUnderWay;

// An open stream.
class Stream {
 public:
  explicit Stream(IngestService::Stub* stub, const std::string& token = {},
                  absl::Time deadline = absl::InfiniteFuture()) {
    if (!token.empty()) context_.AddMetadata("authorization", "Bearer " + token);
    if (deadline != absl::InfiniteFuture()) context_.set_deadline(absl::ToChronoTime(deadline));
    call_ = stub->IngestEvents(&context_);
  }
  ~Stream() { context_.TryCancel(); }

  void Send(const IngestEventsRequest& request) { call_->Write(request); }
  // The next answer.
  IngestEventsResponse Read() {
    IngestEventsResponse response;
    EXPECT_TRUE(call_->Read(&response));
    return response;
  }
  // What the stream ends with; there is no further answer.
  Failure End() {
    IngestEventsResponse response;
    EXPECT_FALSE(call_->Read(&response));
    return FailureOf(call_->Finish());
  }
  // The same, whatever is answered before.
  Failure SkipToEnd() {
    for (IngestEventsResponse response; call_->Read(&response);) {
    }
    return FailureOf(call_->Finish());
  }
  void SendsNoMore() { call_->WritesDone(); }
  void Cancel() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<IngestEventsRequest, IngestEventsResponse>> call_;
};

// A batch of new events, by which its answer is known: as many as it has rows.
IngestEventsRequest Batch(int number, int rows = 1) {
  IngestEventsRequest request;
  for (int i = 0; i < rows; ++i) {
    *request.mutable_batch()->add_rows()->mutable_event() =
        EventBuilder("f", fmt::format("{}-{}", number, i)).Build();
  }
  return request;
}

IngestEventsRequest ReleaseEnd() {
  IngestEventsRequest request;
  request.mutable_release_end()->set_feed("feeds/f");
  request.mutable_release_end()->set_reason("gone from the release");
  request.mutable_release_end()->set_retracted_share_max(1);
  return request;
}

// On one thread for the database, so that none can be held without others noticing.
class IngestStreamTest : public ServiceTest {
 protected:
  void SetUp() override {
    options.sql_threads = 1;
    ServiceTest::SetUp();
    CreateFeed("f");
  }
  void TearDown() override {
    store.ReleaseAll();
    ServiceTest::TearDown();
  }

  std::unique_ptr<Stream> Open(absl::Time deadline = absl::InfiniteFuture()) {
    return std::make_unique<Stream>(ingest.get(), "", deadline);
  }
  // So many other calls that a stream which does what it should not has done it.
  void AskForAWhile() {
    for (int i = 0; i < 100; ++i) EventCount();
  }
  std::int64_t EventCount() {
    annals::v1::GetStatusResponse response;
    grpc::ClientContext call;
    EXPECT_TRUE(server_status->GetStatus(&call, {}, &response).ok());
    return response.event_count();
  }
};

TEST_F(IngestStreamTest, StartsABatchBeforeTheOneBeforeIsAnswered) {
  store.HoldUpserts();
  const auto stream = Open();
  stream->Send(Batch(1, 1));
  stream->Send(Batch(2, 2));
  store.AwaitHeld(2);
  EXPECT_EQ(EventCount(), 3);
  store.ReleaseAll();
  EXPECT_EQ(stream->Read().counts().created(), 1);
  EXPECT_EQ(stream->Read().counts().created(), 2);
  stream->SendsNoMore();
  EXPECT_EQ(stream->End().code, grpc::StatusCode::OK);
}

TEST_F(IngestStreamTest, AnswersInTheOrderOfMessages) {
  store.HoldUpserts();
  const auto stream = Open();
  stream->Send(Batch(1, 1));
  auto checked = Batch(2, 2);
  checked.mutable_batch()->set_validate_only(true);
  stream->Send(checked);
  stream->Send(Batch(3, 3));
  auto refused = Batch(4, 1);
  refused.mutable_batch()->mutable_rows(0)->mutable_event()->clear_title();
  stream->Send(refused);
  stream->SendsNoMore();
  store.AwaitHeld(4);
  for (const std::size_t index : {3, 1, 1, 0}) store.Release(index);
  for (const int created : {1, 2, 3}) EXPECT_EQ(stream->Read().counts().created(), created);
  EXPECT_EQ(stream->Read().counts().invalid(), 1);
  EXPECT_EQ(stream->End().code, grpc::StatusCode::OK);
  EXPECT_EQ(EventCount(), 4);
}

TEST_F(IngestStreamTest, BoundsTheMessagesUnderWay) {
  constexpr int kBatches = 20;
  store.HoldUpserts();
  const auto stream = Open();
  for (int i = 1; i <= kBatches; ++i) stream->Send(Batch(i, i));
  for (int i = 1; i <= kBatches; ++i) {
    const int left = kBatches - i + 1;
    store.AwaitHeld(std::min<std::size_t>(kMessagesUnderWay, static_cast<std::size_t>(left)));
    if (i == 1) AskForAWhile();
    store.Release();
    EXPECT_EQ(stream->Read().counts().created(), i);
  }
  EXPECT_EQ(store.held_max(), kMessagesUnderWay);
}

TEST_F(IngestStreamTest, BoundsTheBytesUnderWay) {
  constexpr int kBatches = 6;
  store.HoldUpserts();
  const auto stream = Open();
  std::thread sender([&] {
    for (int i = 0; i < kBatches; ++i) {
      auto request = Batch(i);
      request.mutable_batch()->mutable_rows(0)->mutable_event()->set_description(
          std::string(service::kBytesUnderWay / 2 + 1'000, 'x'));
      stream->Send(request);
    }
  });
  for (int i = 0; i < kBatches; ++i) {
    store.AwaitHeld(i + 1 < kBatches ? 2 : 1);
    AskForAWhile();
    store.Release();
    EXPECT_EQ(stream->Read().results(0).reason(), "TOO_LONG");
  }
  sender.join();
  EXPECT_EQ(store.held_max(), 2);
}

TEST_F(IngestStreamTest, EndsWithABadMessageAfterTheAnswersBefore) {
  store.HoldUpserts();
  const auto stream = Open();
  stream->Send(Batch(1, 1));
  stream->Send(Batch(2, 2));
  stream->Send({});
  store.AwaitHeld(2);
  store.ReleaseAll();
  EXPECT_EQ(stream->Read().counts().created(), 1);
  EXPECT_EQ(stream->Read().counts().created(), 2);
  const Failure failure = stream->End();
  EXPECT_EQ(failure.reason, "REQUIRED");
  EXPECT_EQ(failure.field, "message");
}

TEST_F(IngestStreamTest, EndsWithAFullQueueAfterTheAnswersBefore) {
  store.before_upsert = [](const storage::UpsertOptions& upsert) {
    return upsert.batch_id == "full" ? storage::Error(absl::StatusCode::kResourceExhausted,
                                                      "WRITE_QUEUE_FULL", "too much waits")
                                     : absl::OkStatus();
  };
  store.HoldUpserts();
  const auto stream = Open();
  stream->Send(Batch(1, 1));
  auto full = Batch(2, 2);
  full.mutable_batch()->set_batch_id("full");
  stream->Send(full);
  stream->Send(Batch(3, 3));
  store.AwaitHeld(3);
  // The failure is known first, then the one after it, which is dropped.
  store.Release(1);
  store.Release(1);
  store.Release(0);
  EXPECT_EQ(stream->Read().counts().created(), 1);
  const Failure failure = stream->End();
  EXPECT_EQ(failure.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(failure.reason, "WRITE_QUEUE_FULL");
  EXPECT_TRUE(failure.may_retry);
  EXPECT_EQ(EventCount(), 4);
  // A unary call is told the same.
  annals::v1::BatchUpsertEventsRequest request;
  annals::v1::BatchUpsertEventsResponse response;
  *request.mutable_rows() = full.batch().rows();
  request.set_batch_id("full");
  store.ReleaseAll();
  const Failure unary = Call(*ingest, &IngestService::Stub::BatchUpsertEvents, request, &response);
  EXPECT_EQ(unary.reason, "WRITE_QUEUE_FULL");
  EXPECT_TRUE(unary.may_retry);
}

TEST_F(IngestStreamTest, EndsAReleaseWhenTheBatchesBeforeAreCommitted) {
  Ingest({EventBuilder("f", "old").Build()});
  std::atomic<bool> committed = false;
  std::atomic<bool> in_order = false;
  store.before_change = [&] { in_order = committed.load(); };
  store.HoldUpserts();
  const auto stream = Open();
  stream->Send(Batch(1, 1));
  stream->Send(Batch(2, 2));
  stream->Send(ReleaseEnd());
  stream->SendsNoMore();
  store.AwaitHeld(2);
  store.Release(1);
  AskForAWhile();
  EXPECT_EQ(EventCount(), 4);
  committed = true;
  store.Release(0);
  EXPECT_EQ(stream->Read().counts().created(), 1);
  EXPECT_EQ(stream->Read().counts().created(), 2);
  const auto ended = stream->Read();
  EXPECT_EQ(ended.counts().retracted(), 1);
  EXPECT_EQ(ended.results(0).name(), "feeds/f/events/old");
  EXPECT_EQ(stream->End().code, grpc::StatusCode::OK);
  EXPECT_TRUE(in_order);
}

TEST_F(IngestStreamTest, EndsNoReleaseWhereABatchBeforeFailed) {
  Ingest({EventBuilder("f", "old").Build()});
  std::atomic<bool> changed = false;
  store.before_change = [&] { changed = true; };
  store.before_upsert = [](const storage::UpsertOptions&) {
    return absl::UnavailableError("the database is away");
  };
  store.HoldUpserts();
  const auto stream = Open();
  stream->Send(Batch(1));
  stream->Send(ReleaseEnd());
  store.AwaitHeld(1);
  AskForAWhile();
  store.Release();
  EXPECT_EQ(stream->End().code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(changed);
}

TEST_F(IngestStreamTest, OutlivesItsClient) {
  store.HoldUpserts();
  const auto waiting = Open();  // gone while nothing more is read
  for (int i = 0; i < 8; ++i) waiting->Send(Batch(i));
  store.AwaitHeld(kMessagesUnderWay);
  const auto reading = Open();  // gone while more is waited for
  reading->Send(Batch(10));
  store.AwaitHeld(kMessagesUnderWay + 1);
  for (const auto& stream : {waiting.get(), reading.get()}) {
    stream->Cancel();
    EXPECT_EQ(stream->End().code, grpc::StatusCode::CANCELLED);
  }
  store.ReleaseAll();
  // More, where annalsd has not heard of it yet.
  EXPECT_GE(EventCount(), kMessagesUnderWay + 1);
}

TEST_F(IngestStreamTest, OutlivesItsDeadline) {
  store.HoldUpserts();
  const auto stream = Open(absl::Now() + absl::Seconds(1));
  stream->Send(Batch(1));
  store.AwaitHeld(1);
  EXPECT_EQ(stream->End().code, grpc::StatusCode::DEADLINE_EXCEEDED);
  store.ReleaseAll();
  EXPECT_EQ(EventCount(), 1);
}

TEST_F(IngestStreamTest, HoldsTheServerUntilItsBatchesAreAnswered) {
  store.HoldUpserts();
  const auto stream = Open();
  for (int i = 0; i < 3; ++i) stream->Send(Batch(i));
  annals::v1::BatchUpsertEventsRequest request;
  *request.mutable_rows() = Batch(10).batch().rows();
  auto unary = std::async(std::launch::async, [&] {
    annals::v1::BatchUpsertEventsResponse response;
    return Call(*ingest, &IngestService::Stub::BatchUpsertEvents, request, &response);
  });
  store.AwaitHeld(4);
  auto drained = std::async(std::launch::async, [&] { server.reset(); });
  // Both are cut, and their clients know, while the server waits for the store.
  EXPECT_NE(stream->End().code, grpc::StatusCode::OK);
  EXPECT_NE(unary.get().code, grpc::StatusCode::OK);
  store.ReleaseAll();
  drained.get();
  EXPECT_EQ(store.Info({})->event_count, 4);
}

TEST_F(IngestStreamTest, LeavesThreadsToOthersWhileACommitIsWaitedFor) {
  store.HoldUpserts();
  annals::v1::BatchUpsertEventsRequest request;
  *request.mutable_rows() = Batch(1).batch().rows();
  annals::v1::BatchUpsertEventsResponse response;
  auto unary = std::async(std::launch::async, [&] {
    return Call(*ingest, &IngestService::Stub::BatchUpsertEvents, request, &response);
  });
  const auto stream = Open();
  stream->Send(Batch(2));
  store.AwaitHeld(2);
  EXPECT_EQ(EventCount(), 2);
  store.ReleaseAll();
  EXPECT_EQ(unary.get().code, grpc::StatusCode::OK);
  EXPECT_EQ(response.counts().created(), 1);
  EXPECT_EQ(stream->Read().counts().created(), 1);
}

// One who may write to "f", in two streams at once.
class IngestStreamAccessTest : public AuthTest {
 protected:
  void SetUp() override {
    AuthTest::SetUp();
    options.limits.streams_max = 2;
    AddPrincipal("root", annals::v1::ROLE_ADMIN, {});
    AddPrincipal("carl", annals::v1::ROLE_CONTRIBUTOR, {"f"});
    ServiceTest::SetUp();
    annals::v1::CreateFeedRequest request;
    request.mutable_feed()->set_name("feeds/f");
    request.mutable_feed()->set_title("Feed");
    request.mutable_feed()->set_licence("CC0-1.0");
    annals::v1::CreateFeedResponse response;
    ASSERT_EQ(
        CallAs("root", *catalog, &annals::v1::CatalogService::Stub::CreateFeed, request, &response)
            .code,
        grpc::StatusCode::OK);
  }
  void TearDown() override {
    store.ReleaseAll();
    AuthTest::TearDown();
  }

  std::unique_ptr<Stream> Open() {
    return std::make_unique<Stream>(ingest.get(), tokens.at("carl"));
  }
};

TEST_F(IngestStreamAccessTest, EndsWhenItsCallerIsRevoked) {
  store.HoldUpserts();
  const auto stream = Open();
  for (int i = 1; i <= 3; ++i) stream->Send(Batch(i, i));
  store.AwaitHeld(3);
  const auto idle = Open();
  RemovePrincipal("carl");
  EXPECT_EQ(idle->End().reason, "BAD_TOKEN");
  store.ReleaseAll();
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(stream->Read().counts().created(), i);
  EXPECT_EQ(stream->End().reason, "BAD_TOKEN");
}

TEST_F(IngestStreamAccessTest, CountsUntilItsBatchesAreAnswered) {
  store.HoldUpserts();
  const auto first = Open();
  first->Send(Batch(1));
  const auto second = Open();
  second->Send(Batch(2));
  store.AwaitHeld(2);
  first->Cancel();
  EXPECT_EQ(first->End().code, grpc::StatusCode::CANCELLED);
  EXPECT_EQ(Open()->End().reason, "TOO_MANY_STREAMS");
  store.ReleaseAll();
  // It is closed when annalsd has noticed.
  for (int number = 3;; ++number) {
    const auto again = Open();
    again->Send(Batch(number));  // fails where the stream ended already
    again->SendsNoMore();
    if (again->SkipToEnd().code == grpc::StatusCode::OK) break;
  }
}

}  // namespace
}  // namespace annals::testing

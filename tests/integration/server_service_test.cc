// What every call has in common, and the server's life.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <future>
#include <stdexcept>
#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/stubs/logging.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "storage/error.h"
#include "tests/support/service_test_server.h"

namespace annals::testing {
namespace {

using annals::v1::EventService;
using std::chrono::system_clock;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ServerServiceTest : public ServiceTest {
 protected:
  Failure Get(grpc::ClientContext* context) {
    annals::v1::GetEventRequest request;
    annals::v1::GetEventResponse response;
    request.set_name("feeds/f/events/1");
    return FailureOf(events->GetEvent(context, request, &response));
  }

  // Calls a method with these bytes.
  Failure CallRaw(const std::string& method, const std::string& bytes) {
    grpc::GenericStub stub(channel);
    grpc::CompletionQueue queue;
    grpc::ClientContext context;
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    grpc::Status status;
    const auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
    call->StartCall();
    call->Finish(&response, &status, this);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return FailureOf(status);
  }

  // Makes the next reads of events wait, the first of them having begun when `began` is set.
  void HoldReads() {
    store.before_get = [this](const storage::CallContext&) {
      if (!held.exchange(true)) began.set_value();
      released.wait();
      return absl::OkStatus();
    };
  }

  std::atomic<bool> held = false;
  std::promise<void> began;
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
};

TEST_F(ServerServiceTest, TellsWhatItIs) {
  CreateFeed("f");
  Ingest({EventBuilder("f", "1").Build()});
  annals::v1::GetStatusResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(server_status->GetStatus(&context, {}, &response).ok());
  EXPECT_EQ(response.version(), ANNALS_VERSION);
  EXPECT_EQ(response.store_id().size(), 32u);
  EXPECT_EQ(response.event_count(), 1);
  EXPECT_EQ(response.feed_count(), 1);
  EXPECT_TRUE(response.has_start_time());
  EXPECT_TRUE(response.has_last_change_time());
}

TEST_F(ServerServiceTest, AnswersHealthAndReflection) {
  // grpc.health.v1: SERVING is field 1, value 1.
  grpc::GenericStub stub(channel);
  for (const std::string service : {"", "annals.v1.EventService", "annals.v1.StatusService"}) {
    const std::string request =
        service.empty() ? "" : "\x0A" + std::string(1, static_cast<char>(service.size())) + service;
    EXPECT_EQ(CallRaw("/grpc.health.v1.Health/Check", request).code, grpc::StatusCode::OK);
  }
  EXPECT_EQ(CallRaw("/grpc.health.v1.Health/Check", "\x0A\x01x").code, grpc::StatusCode::NOT_FOUND);
  EXPECT_NE(CallRaw("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "").code,
            grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(CallRaw("/annals.v1.EventService/NoSuchMethod", "").code,
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(ServerServiceTest, GivesEveryCallARequestId) {
  grpc::ClientContext first, second;
  EXPECT_EQ(Get(&first).reason, "EVENT_NOT_FOUND");
  Get(&second);
  const auto& trailers = first.GetServerTrailingMetadata();
  const auto id = trailers.find("annals-request-id");
  ASSERT_NE(id, trailers.end());
  EXPECT_EQ(id->second.size(), 16u);
  EXPECT_NE(id->second, second.GetServerTrailingMetadata().find("annals-request-id")->second);
}

TEST_F(ServerServiceTest, NamesStringsThatAreNoUtf8) {
  const google::protobuf::LogSilencer silence;
  // ListEventsRequest{filter{feeds: "\xFF"}} and BatchUpsertEventsRequest{rows{event{title:
  // "\xFF"}}}.
  const Failure filter =
      CallRaw("/annals.v1.EventService/ListEvents", std::string("\x0A\x03\x52\x01\xFF"));
  EXPECT_EQ(filter.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(filter.reason, "INVALID_UTF8");
  EXPECT_EQ(filter.field, "filter.feeds[0]");
  const Failure row = CallRaw("/annals.v1.IngestService/BatchUpsertEvents",
                              std::string("\x0A\x05\x0A\x03\x52\x01\xFF"));
  EXPECT_EQ(row.field, "rows[0].event.title");
  EXPECT_EQ(CallRaw("/annals.v1.EventService/ListEvents", "\x0A\xFF").reason, "MALFORMED_MESSAGE");
}

TEST_F(ServerServiceTest, HidesWhatTheStoreSaysOfItsFailures) {
  absl::Status failure = absl::UnavailableError("could not connect to db_host");
  store.before_get = [&](const storage::CallContext&) { return failure; };
  grpc::ClientContext first, second, third;
  const Failure unavailable = Get(&first);
  EXPECT_EQ(unavailable.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(unavailable.may_retry);
  EXPECT_THAT(unavailable.message, Not(HasSubstr("db_host")));
  failure = absl::InternalError("relation db_host");
  EXPECT_THAT(Get(&second).message, Not(HasSubstr("db_host")));
  store.before_get = [](const storage::CallContext&) -> absl::Status {
    throw std::runtime_error("db_host");
  };
  const Failure internal = Get(&third);
  EXPECT_EQ(internal.code, grpc::StatusCode::INTERNAL);
  EXPECT_THAT(internal.message, Not(HasSubstr("db_host")));
}

TEST_F(ServerServiceTest, CarriesDeadlinesIntoTheStore) {
  absl::Time given;
  store.before_get = [&](const storage::CallContext& context) {
    given = context.deadline;
    return absl::OkStatus();
  };
  grpc::ClientContext with, without;
  const auto deadline = system_clock::now() + std::chrono::seconds(20);
  with.set_deadline(deadline);
  Get(&with);
  EXPECT_LT(absl::AbsDuration(given - absl::FromChrono(deadline)), absl::Seconds(1));
  Get(&without);
  EXPECT_LT(given, absl::Now() + absl::Minutes(6));
}

TEST_F(ServerServiceTest, AnswersDeadlineExceededInTime) {
  HoldReads();
  grpc::ClientContext context;
  context.set_deadline(system_clock::now() + std::chrono::milliseconds(50));
  EXPECT_EQ(Get(&context).code, grpc::StatusCode::DEADLINE_EXCEEDED);
  release.set_value();
}

TEST_F(ServerServiceTest, RefusesCallsBeyondItsQueue) {
  server.reset();
  options.sql_threads = 1;
  options.queued_calls_max = 1;
  Start();
  HoldReads();
  auto first = std::async(std::launch::async, [this] {
    grpc::ClientContext context;
    return Get(&context);
  });
  began.get_future().wait();
  // Of two more calls, one finds the queue full, whichever comes second.
  grpc::ClientContext second, third;
  auto waiting = std::async(std::launch::async, [&] { return Get(&second); });
  third.set_deadline(system_clock::now() + std::chrono::seconds(30));
  Failure refused;
  while (refused.reason != "QUEUE_FULL") {
    grpc::ClientContext probe;
    probe.set_deadline(system_clock::now() + std::chrono::milliseconds(100));
    refused = Get(&probe);
  }
  EXPECT_EQ(refused.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(refused.may_retry);
  release.set_value();
  EXPECT_EQ(first.get().reason, "EVENT_NOT_FOUND");
  waiting.get();
}

TEST_F(ServerServiceTest, LetsCallsFinishWhenItDrains) {
  HoldReads();
  auto call = std::async(std::launch::async, [this] {
    grpc::ClientContext context;
    return Get(&context);
  });
  began.get_future().wait();
  auto drain = std::async(std::launch::async, [this] { server->Drain(absl::Seconds(30)); });
  // No new connection is served any more.
  for (Failure refused; refused.code != grpc::StatusCode::UNAVAILABLE;) {
    annals::v1::GetStatusResponse response;
    grpc::ClientContext context;
    context.set_deadline(system_clock::now() + std::chrono::seconds(5));
    const auto stub = annals::v1::StatusService::NewStub(NewChannel());
    refused = FailureOf(stub->GetStatus(&context, {}, &response));
  }
  release.set_value();
  EXPECT_EQ(call.get().reason, "EVENT_NOT_FOUND");
  drain.get();
}

TEST_F(ServerServiceTest, CutsStreamsThatGoOnAfterItsPatience) {
  grpc::ClientContext context;
  const auto stream = ingest->IngestEvents(&context);
  annals::v1::IngestEventsRequest request;
  CreateFeed("f");
  *request.mutable_batch()->add_rows()->mutable_event() = EventBuilder("f", "1").Build();
  annals::v1::IngestEventsResponse response;
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Read(&response));
  server->Drain(absl::Milliseconds(50));
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_FALSE(stream->Finish().ok());
}

TEST_F(ServerServiceTest, NeverSharesAPort) {
  service::ServerOptions tcp;
  tcp.listen = {"127.0.0.1:0"};
  const auto first = service::Server::Start(tcp, Stores());
  ASSERT_TRUE(first.ok());
  tcp.listen = (*first)->addresses();
  EXPECT_NE(tcp.listen[0], "127.0.0.1:0");
  const auto second = service::Server::Start(tcp, Stores());
  EXPECT_EQ(storage::ErrorReason(second.status()), "ADDRESS_TAKEN");
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(tcp.listen[0]));
}

TEST_F(ServerServiceTest, NeverTakesALiveSocketAway) {
  const auto second = service::Server::Start(options, Stores());
  EXPECT_EQ(storage::ErrorReason(second.status()), "ADDRESS_TAKEN");
  grpc::ClientContext context;
  EXPECT_EQ(Get(&context).reason, "EVENT_NOT_FOUND");
}

TEST_F(ServerServiceTest, ReplacesTheSocketOfAServerThatIsGone) {
  server.reset();
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, socket_path.data(), socket_path.size());
  const int left = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(left, reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0);
  close(left);
  Start();
  struct stat file {};
  ASSERT_EQ(stat(socket_path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0660u);
  grpc::ClientContext context;
  EXPECT_EQ(Get(&context).reason, "EVENT_NOT_FOUND");
}

TEST_F(ServerServiceTest, LeavesFilesAloneThatAreNoSockets) {
  server.reset();
  std::ofstream(socket_path) << "precious";
  const auto started = service::Server::Start(options, Stores());
  EXPECT_EQ(storage::ErrorReason(started.status()), "ADDRESS_TAKEN");
  EXPECT_EQ(access(socket_path.c_str(), F_OK), 0);
}

TEST_F(ServerServiceTest, RefusesCompressedMessages) {
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  annals::v1::ResolveNamesRequest request;
  request.set_text(std::string(300, 'x'));
  request.set_target(annals::v1::RESOLVE_TARGET_REGION);
  annals::v1::ResolveNamesResponse response;
  EXPECT_EQ(catalog->ResolveNames(&context, request, &response).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  grpc::ClientContext plain;
  EXPECT_TRUE(catalog->ResolveNames(&plain, request, &response).ok());
}

TEST_F(ServerServiceTest, RefusesAddressesThatOthersReach) {
  service::ServerOptions open;
  open.listen = {"0.0.0.0:0"};
  EXPECT_EQ(storage::ErrorReason(service::Server::Start(open, Stores()).status()),
            "OPEN_TO_OTHERS");
  open.listen = {"unix:/no/such/directory/s"};
  EXPECT_EQ(storage::ErrorReason(service::Server::Start(open, Stores()).status()), "ADDRESS_TAKEN");
}

}  // namespace
}  // namespace annals::testing

#include "clients/cpp/grpc_connection.h"

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "annals/v1/event_service.grpc.pb.h"
#include "annals/v1/ingest_service.grpc.pb.h"
#include "annals/v1/status_service.grpc.pb.h"
#include "clients/cpp/client.h"
#include "clients/cpp/status.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "test_certificate.h"

namespace annals::client {
namespace {

using ::testing::ElementsAre;

// How calls end, first to last, and what each said of its caller. Calls beyond these succeed.
struct Calls {
  std::mutex mutex;
  std::vector<grpc::Status> ends;
  std::vector<std::string> authorizations;
  std::condition_variable over;
  bool is_over = false;  // Watches may end.

  grpc::Status Arrive(const grpc::ServerContext& context) {
    const std::lock_guard lock(mutex);
    const auto found = context.client_metadata().find("authorization");
    authorizations.push_back(found == context.client_metadata().end()
                                 ? "none"
                                 : std::string(found->second.data(), found->second.size()));
    const std::size_t call = authorizations.size() - 1;
    return call < ends.size() ? ends[call] : grpc::Status::OK;
  }
};

struct FakeStatusService : v1::StatusService::Service {
  explicit FakeStatusService(Calls& seen) : calls(seen) {}
  grpc::Status GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest*,
                         v1::GetStatusResponse*) override {
    return calls.Arrive(*context);
  }
  Calls& calls;
};

struct FakeEventService : v1::EventService::Service {
  explicit FakeEventService(Calls& seen) : calls(seen) {}
  // One event a call: its title is the resume token, which grows by a letter.
  grpc::Status ExportEvents(grpc::ServerContext* context, const v1::ExportEventsRequest* request,
                            grpc::ServerWriter<v1::ExportEventsResponse>* writer) override {
    v1::ExportEventsResponse part;
    part.add_events()->set_title(request->resume_token());
    part.set_resume_token(request->resume_token() + "x");
    writer->Write(part);
    return calls.Arrive(*context);
  }
  // A checkpoint where it was asked to begin; then nothing until the client is gone, but where the
  // test gives an end.
  grpc::Status WatchEvents(grpc::ServerContext* context, const v1::WatchEventsRequest* request,
                           grpc::ServerWriter<v1::WatchEventsResponse>* writer) override {
    v1::WatchEventsResponse checkpoint;
    checkpoint.set_position(request->position() + "x");
    writer->Write(checkpoint);
    if (grpc::Status end = calls.Arrive(*context); !end.ok()) return end;
    std::unique_lock lock(calls.mutex);
    calls.over.wait_for(lock, std::chrono::seconds(30), [&] { return calls.is_over; });
    return grpc::Status::OK;
  }
  Calls& calls;
};

struct FakeIngestService : v1::IngestService::Service {
  explicit FakeIngestService(Calls& seen) : calls(seen) {}
  grpc::Status BatchUpsertEvents(grpc::ServerContext* context,
                                 const v1::BatchUpsertEventsRequest* request,
                                 v1::BatchUpsertEventsResponse*) override {
    batch_ids.push_back(request->batch_id());
    return calls.Arrive(*context);
  }
  grpc::Status RetractEvent(grpc::ServerContext* context, const v1::RetractEventRequest*,
                            v1::RetractEventResponse*) override {
    return calls.Arrive(*context);
  }
  grpc::Status UnmergeEvents(grpc::ServerContext* context, const v1::UnmergeEventsRequest*,
                             v1::UnmergeEventsResponse*) override {
    return calls.Arrive(*context);
  }
  grpc::Status IngestEvents(grpc::ServerContext* context,
                            grpc::ServerReaderWriter<v1::IngestEventsResponse,
                                                     v1::IngestEventsRequest>* stream) override {
    if (grpc::Status end = calls.Arrive(*context); !end.ok()) return end;
    v1::IngestEventsRequest request;
    while (stream->Read(&request)) stream->Write(v1::IngestEventsResponse());
    return grpc::Status::OK;
  }
  std::vector<std::string> batch_ids;
  Calls& calls;
};

class GrpcConnectionTest : public ::testing::Test {
 protected:
  void Start(const std::shared_ptr<grpc::ServerCredentials>& credentials =
                 grpc::InsecureServerCredentials()) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port);
    builder.RegisterService(&status_service_);
    builder.RegisterService(&event_service_);
    builder.RegisterService(&ingest_service_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    address_ = "127.0.0.1:" + std::to_string(port);
  }

  Client Connect(std::string token, std::optional<TlsOptions> tls = {}) {
    auto connection = MakeGrpcConnection(
        {.server = address_, .token = std::move(token), .tls = std::move(tls), .retry = Retry()});
    EXPECT_TRUE(connection.ok()) << connection.status();
    return Client(*connection);
  }

  // Three attempts, and no time between them.
  RetryPolicy Retry() {
    return RetryPolicy(
        {.attempts_max = 3},
        {.now = [] { return absl::Now(); },
         .sleep = [this](absl::Duration delay, absl::Notification*) { waits_.push_back(delay); },
         .uniform = [] { return 0.0; }});
  }

  Calls calls_;
  std::vector<absl::Duration> waits_;

  FakeIngestService ingest_service_{calls_};

 private:
  FakeStatusService status_service_{calls_};
  FakeEventService event_service_{calls_};
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

const grpc::Status kGone(grpc::StatusCode::UNAVAILABLE, "gone");

TEST_F(GrpcConnectionTest, SendsNoTokenWhereThereIsNone) {
  Start();
  ASSERT_TRUE(Connect("").GetStatus().ok());
  EXPECT_THAT(calls_.authorizations, ElementsAre("none"));
}

TEST_F(GrpcConnectionTest, SendsTheTokenWithEveryAttemptOfACall) {
  Start();
  calls_.ends = {kGone, kGone};
  ASSERT_TRUE(Connect("secret").GetStatus().ok());
  EXPECT_THAT(calls_.authorizations,
              ElementsAre("Bearer secret", "Bearer secret", "Bearer secret"));
}

TEST_F(GrpcConnectionTest, SendsTheTokenWithAnExportAndWhereItResumes) {
  Start();
  calls_.ends = {kGone};
  std::vector<std::string> titles;
  for (const auto& event : Connect("secret").ExportEvents({})) {
    ASSERT_TRUE(event.ok()) << event.status();
    titles.push_back(event->title());
  }
  EXPECT_THAT(titles, ElementsAre("", "x"));
  EXPECT_THAT(calls_.authorizations, ElementsAre("Bearer secret", "Bearer secret"));
}

TEST_F(GrpcConnectionTest, SendsTheTokenWithAnIngestAndWhereItConnectsAnew) {
  Start();
  calls_.ends = {kGone};
  int acknowledged = 0;
  const auto stream = Connect("secret").IngestEvents(
      {.on_ack = [&acknowledged](const auto&, const auto&) { ++acknowledged; }, .retry = Retry()});
  ASSERT_TRUE(stream->Send({}).ok());
  ASSERT_TRUE(stream->Finish().ok());
  EXPECT_EQ(acknowledged, 1);
  EXPECT_THAT(calls_.authorizations, ElementsAre("Bearer secret", "Bearer secret"));
}

TEST_F(GrpcConnectionTest, SendsTheTokenWithAWatchWhichResumesAndCanBeCancelled) {
  Start();
  calls_.ends = {kGone};
  v1::WatchEventsRequest request;
  request.set_position("p");
  const auto watch = Connect("secret").WatchEvents(request, {.retry = Retry()});
  for (const char* position : {"px", "pxx"}) {
    const auto response = watch->Next();
    ASSERT_TRUE(response.ok() && *response) << response.status();
    EXPECT_EQ((*response)->position(), position);
  }
  std::thread cancelling([&] { watch->Cancel(); });
  const auto last = watch->Next();
  cancelling.join();
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_FALSE(*last);
  const std::lock_guard lock(calls_.mutex);
  calls_.is_over = true;
  calls_.over.notify_all();
  EXPECT_THAT(calls_.authorizations, ElementsAre("Bearer secret", "Bearer secret"));
}

TEST_F(GrpcConnectionTest, SendsABatchAgainUnderTheSameName) {
  Start();
  calls_.ends = {kGone, kGone};
  ASSERT_TRUE(Connect("").BatchUpsertEvents({}).ok());
  ASSERT_EQ(ingest_service_.batch_ids.size(), 3u);
  EXPECT_EQ(ingest_service_.batch_ids[0].size(), 32u);
  EXPECT_THAT(ingest_service_.batch_ids, ::testing::Each(ingest_service_.batch_ids[0]));
}

TEST_F(GrpcConnectionTest, RetriesAWriteOnlyWhereTheAnswerWouldBeTheFirst) {
  Start();
  calls_.ends = {kGone, grpc::Status::OK, kGone, kGone};
  const Client client = Connect("");
  v1::RetractEventRequest retract;
  EXPECT_TRUE(client.RetractEvent(retract).ok());
  retract.set_etag("e");
  EXPECT_TRUE(absl::IsUnavailable(client.RetractEvent(retract).status()));
  EXPECT_TRUE(absl::IsUnavailable(client.UnmergeEvents({}).status()));
  EXPECT_EQ(calls_.authorizations.size(), 4u);
}

TEST_F(GrpcConnectionTest, NeverRetriesARefusal) {
  Start();
  calls_.ends = {grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "who?"),
                 grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "no")};
  const Client client = Connect("secret");
  EXPECT_TRUE(absl::IsUnauthenticated(client.GetStatus().status()));
  EXPECT_TRUE(absl::IsPermissionDenied(client.GetStatus().status()));
  EXPECT_EQ(calls_.authorizations.size(), 2u);
}

TEST_F(GrpcConnectionTest, WaitsAsLongAsTheServerAsks) {
  Start();
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(7);
  google::rpc::Status details;
  details.add_details()->PackFrom(info);
  calls_.ends = {grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many calls",
                              details.SerializeAsString())};
  ASSERT_TRUE(Connect("").GetStatus().ok());
  EXPECT_THAT(waits_, ElementsAre(absl::Seconds(7)));
}

// A server that asks for a certificate, and takes only this one.
std::shared_ptr<grpc::ServerCredentials> AskingFor(const testing::TestCertificate& client,
                                                   const testing::TestCertificate& server) {
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = client.certificate_pem;
  options.pem_key_cert_pairs = {{server.key_pem, server.certificate_pem}};
  return grpc::SslServerCredentials(options);
}

TEST_F(GrpcConnectionTest, SpeaksTlsWithACertificateOfItsOwn) {
  const testing::TestCertificate server = testing::MakeTestCertificate();
  const testing::TestCertificate client = testing::MakeTestCertificate();
  Start(AskingFor(client, server));
  const auto status = Connect("secret", TlsOptions{.ca_pem = server.certificate_pem,
                                                   .certificate_pem = client.certificate_pem,
                                                   .key_pem = client.key_pem})
                          .GetStatus()
                          .status();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(calls_.authorizations, ElementsAre("Bearer secret"));
}

TEST_F(GrpcConnectionTest, TrustsOnlyItsAuthoritiesAndTellsWhoItIs) {
  const testing::TestCertificate server = testing::MakeTestCertificate();
  const testing::TestCertificate client = testing::MakeTestCertificate();
  Start(AskingFor(client, server));
  const auto code = [this](std::optional<TlsOptions> tls) {
    return Connect("secret", std::move(tls)).GetStatus().status().code();
  };
  const std::string& other_pem = client.certificate_pem;
  EXPECT_EQ(code(TlsOptions{.ca_pem = other_pem,
                            .certificate_pem = client.certificate_pem,
                            .key_pem = client.key_pem}),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(TlsOptions{.ca_pem = server.certificate_pem}), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code({}), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(calls_.authorizations.empty());
}

TEST_F(GrpcConnectionTest, IsUnavailableWhereTheServerSpeaksNoTls) {
  Start();
  EXPECT_TRUE(absl::IsUnavailable(Connect("secret", TlsOptions()).GetStatus().status()));
  EXPECT_TRUE(calls_.authorizations.empty());
}

}  // namespace
}  // namespace annals::client

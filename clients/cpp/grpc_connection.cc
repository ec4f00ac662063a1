#include "clients/cpp/grpc_connection.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <utility>

#include "annals/v1/catalog_service.grpc.pb.h"
#include "annals/v1/event_service.grpc.pb.h"
#include "annals/v1/ingest_service.grpc.pb.h"
#include "annals/v1/status_service.grpc.pb.h"
#include "clients/cpp/status.h"

namespace annals::client {
namespace {

// A page ends at 3 MiB and an export message holds up to 1,000 events of 64 KiB.
constexpr int kMessageBytesMax = 80 << 20;

absl::Status Check(const ConnectionOptions& options) {
  if (options.tls) {
    if (absl::Status status = CheckTls(*options.tls); !status.ok()) return status;
  }
  if (options.token.empty()) return absl::OkStatus();
  if (!IsToken(options.token)) {
    return absl::InvalidArgumentError("the token is not of visible ASCII characters, or too long");
  }
  if (!options.tls && !IsLocal(options.server)) {
    return absl::FailedPreconditionError(
        fmt::format("a token is not sent to {} without TLS", options.server));
  }
  return absl::OkStatus();
}

std::shared_ptr<grpc::ChannelCredentials> MakeCredentials(const ConnectionOptions& options) {
  if (!options.tls) return grpc::InsecureChannelCredentials();
  return grpc::SslCredentials({.pem_root_certs = options.tls->ca_pem,
                               .pem_private_key = options.tls->key_pem,
                               .pem_cert_chain = options.tls->certificate_pem});
}

// The context of a call. Every call's is made here, so that none goes without the token.
std::unique_ptr<grpc::ClientContext> NewContext(const ConnectionOptions& options) {
  auto context = std::make_unique<grpc::ClientContext>();
  if (!options.token.empty()) context->AddMetadata("authorization", "Bearer " + options.token);
  return context;
}

std::shared_ptr<grpc::Channel> MakeChannel(const ConnectionOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetUserAgentPrefix("annals/" ANNALS_VERSION);
  // gRPC waits a second before it dials again by default: longer than a first retry.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  // A peer that vanished without a word is noticed while a stream waits for it.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 300'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  // A watch sends nothing, for as long as it likes.
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // A proxy from the environment has no business with loopback.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(options.server, MakeCredentials(options), arguments);
}

class GrpcExportReader : public ExportReader {
 public:
  GrpcExportReader(v1::EventService::StubInterface* stub, v1::ExportEventsRequest request,
                   const ConnectionOptions& options, RetryBudget* budget)
      : stub_(stub),
        request_(std::move(request)),
        options_(options),
        retries_(options.retry, options.timeout, budget) {}

  ~GrpcExportReader() override {
    if (context_) context_->TryCancel();
  }

  absl::StatusOr<std::optional<v1::ExportEventsResponse>> Next() override {
    while (true) {
      if (!reader_) {
        context_ = NewContext(options_);
        reader_ = stub_->ExportEvents(context_.get(), request_);
      }
      v1::ExportEventsResponse response;
      if (reader_->Read(&response)) {
        request_.set_resume_token(response.resume_token());
        retries_.GetFurther();
        return response;
      }
      const absl::Status status = FromGrpcStatus(reader_->Finish());
      reader_.reset();
      if (status.ok()) return std::nullopt;
      if (!retries_.Wait(status)) return status;
    }
  }

 private:
  v1::EventService::StubInterface* stub_;
  v1::ExportEventsRequest request_;
  const ConnectionOptions& options_;
  StreamRetries retries_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReaderInterface<v1::ExportEventsResponse>> reader_;
};

class GrpcWatchCall : public WatchCall {
 public:
  GrpcWatchCall(v1::EventService::StubInterface* stub, const v1::WatchEventsRequest& request,
                const ConnectionOptions& options)
      : context_(NewContext(options)), reader_(stub->WatchEvents(context_.get(), request)) {}

  ~GrpcWatchCall() override { context_->TryCancel(); }

  absl::StatusOr<std::optional<v1::WatchEventsResponse>> Next() override {
    v1::WatchEventsResponse response;
    if (reader_->Read(&response)) return response;
    const absl::Status status = FromGrpcStatus(reader_->Finish());
    if (!status.ok()) return status;
    return std::nullopt;
  }
  void Cancel() override { context_->TryCancel(); }

 private:
  const std::unique_ptr<grpc::ClientContext> context_;
  const std::unique_ptr<grpc::ClientReaderInterface<v1::WatchEventsResponse>> reader_;
};

class GrpcIngestCall : public IngestCall {
 public:
  GrpcIngestCall(v1::IngestService::StubInterface* stub, const ConnectionOptions& options)
      : context_(NewContext(options)), stream_(stub->IngestEvents(context_.get())) {}

  ~GrpcIngestCall() override { context_->TryCancel(); }

  bool Write(const v1::IngestEventsRequest& request) override { return stream_->Write(request); }
  bool Read(v1::IngestEventsResponse* response) override { return stream_->Read(response); }
  void WritesDone() override { stream_->WritesDone(); }
  void Cancel() override { context_->TryCancel(); }
  absl::Status Finish() override { return FromGrpcStatus(stream_->Finish()); }

 private:
  const std::unique_ptr<grpc::ClientContext> context_;
  const std::unique_ptr<
      grpc::ClientReaderWriterInterface<v1::IngestEventsRequest, v1::IngestEventsResponse>>
      stream_;
};

class GrpcConnection : public Connection {
 public:
  explicit GrpcConnection(ConnectionOptions options)
      : Connection(options.retry_budget),
        options_(std::move(options)),
        channel_(MakeChannel(options_)) {}

  absl::StatusOr<v1::GetEventResponse> GetEvent(const v1::GetEventRequest& request) override {
    return Repeat(*events_, &EventStub::GetEvent, request);
  }
  absl::StatusOr<v1::BatchGetEventsResponse> BatchGetEvents(
      const v1::BatchGetEventsRequest& request) override {
    return Repeat(*events_, &EventStub::BatchGetEvents, request);
  }
  absl::StatusOr<v1::ListEventsResponse> ListEvents(const v1::ListEventsRequest& request) override {
    return Repeat(*events_, &EventStub::ListEvents, request);
  }
  absl::StatusOr<v1::SummarizeEventsResponse> SummarizeEvents(
      const v1::SummarizeEventsRequest& request) override {
    return Repeat(*events_, &EventStub::SummarizeEvents, request);
  }
  absl::StatusOr<v1::ListEventRevisionsResponse> ListEventRevisions(
      const v1::ListEventRevisionsRequest& request) override {
    return Repeat(*events_, &EventStub::ListEventRevisions, request);
  }
  absl::StatusOr<v1::ListDuplicateCandidatesResponse> ListDuplicateCandidates(
      const v1::ListDuplicateCandidatesRequest& request) override {
    return Repeat(*events_, &EventStub::ListDuplicateCandidates, request);
  }
  std::unique_ptr<ExportReader> ExportEvents(const v1::ExportEventsRequest& request) override {
    return std::make_unique<GrpcExportReader>(events_.get(), request, options_, &retry_budget());
  }
  std::unique_ptr<WatchCall> WatchEvents(const v1::WatchEventsRequest& request) override {
    return std::make_unique<GrpcWatchCall>(events_.get(), request, options_);
  }
  absl::StatusOr<v1::BatchUpsertEventsResponse> BatchUpsertEvents(
      const v1::BatchUpsertEventsRequest& request) override {
    // Content that is there changes nothing; with a batch_id the answer is the first one, too.
    return Repeat(*ingest_, &IngestStub::BatchUpsertEvents, request);
  }
  absl::StatusOr<v1::RetractEventResponse> RetractEvent(
      const v1::RetractEventRequest& request) override {
    return RepeatIf(request.validate_only() || request.etag().empty(), *ingest_,
                    &IngestStub::RetractEvent, request);
  }
  absl::StatusOr<v1::AdvanceExchangeOfferResponse> AdvanceExchangeOffer(
      const v1::AdvanceExchangeOfferRequest& request) override {
    return RepeatIf(request.validate_only() || request.etag().empty(), *ingest_,
                    &IngestStub::AdvanceExchangeOffer, request);
  }
  absl::StatusOr<v1::MergeEventsResponse> MergeEvents(
      const v1::MergeEventsRequest& request) override {
    return RepeatIf(request.validate_only() || request.etags().empty(), *ingest_,
                    &IngestStub::MergeEvents, request);
  }
  absl::StatusOr<v1::UnmergeEventsResponse> UnmergeEvents(
      const v1::UnmergeEventsRequest& request) override {
    return RepeatIf(request.validate_only(), *ingest_, &IngestStub::UnmergeEvents, request);
  }
  absl::StatusOr<v1::RedactEventResponse> RedactEvent(
      const v1::RedactEventRequest& request) override {
    return Repeat(*ingest_, &IngestStub::RedactEvent, request);
  }
  std::unique_ptr<IngestCall> IngestEvents() override {
    return std::make_unique<GrpcIngestCall>(ingest_.get(), options_);
  }
  absl::StatusOr<v1::ListFeedsResponse> ListFeeds(const v1::ListFeedsRequest& request) override {
    return Repeat(*catalog_, &CatalogStub::ListFeeds, request);
  }
  absl::StatusOr<v1::GetFeedResponse> GetFeed(const v1::GetFeedRequest& request) override {
    return Repeat(*catalog_, &CatalogStub::GetFeed, request);
  }
  absl::StatusOr<v1::CreateFeedResponse> CreateFeed(const v1::CreateFeedRequest& request) override {
    return Once(*catalog_, &CatalogStub::CreateFeed, request);
  }
  absl::StatusOr<v1::UpdateFeedResponse> UpdateFeed(const v1::UpdateFeedRequest& request) override {
    return Once(*catalog_, &CatalogStub::UpdateFeed, request);
  }
  absl::StatusOr<v1::DeleteFeedResponse> DeleteFeed(const v1::DeleteFeedRequest& request) override {
    return Once(*catalog_, &CatalogStub::DeleteFeed, request);
  }
  absl::StatusOr<v1::ListRegionsResponse> ListRegions(
      const v1::ListRegionsRequest& request) override {
    return Repeat(*catalog_, &CatalogStub::ListRegions, request);
  }
  absl::StatusOr<v1::GetRegionResponse> GetRegion(const v1::GetRegionRequest& request) override {
    return Repeat(*catalog_, &CatalogStub::GetRegion, request);
  }
  absl::StatusOr<v1::ListActorsResponse> ListActors(const v1::ListActorsRequest& request) override {
    return Repeat(*catalog_, &CatalogStub::ListActors, request);
  }
  absl::StatusOr<v1::GetActorResponse> GetActor(const v1::GetActorRequest& request) override {
    return Repeat(*catalog_, &CatalogStub::GetActor, request);
  }
  absl::StatusOr<v1::CreateActorResponse> CreateActor(
      const v1::CreateActorRequest& request) override {
    return Once(*catalog_, &CatalogStub::CreateActor, request);
  }
  absl::StatusOr<v1::ResolveNamesResponse> ResolveNames(
      const v1::ResolveNamesRequest& request) override {
    return Repeat(*catalog_, &CatalogStub::ResolveNames, request);
  }
  absl::StatusOr<v1::GetStatusResponse> GetStatus(const v1::GetStatusRequest& request) override {
    return Repeat(*status_, &StatusStub::GetStatus, request);
  }

 private:
  using EventStub = v1::EventService::StubInterface;
  using IngestStub = v1::IngestService::StubInterface;
  using CatalogStub = v1::CatalogService::StubInterface;
  using StatusStub = v1::StatusService::StubInterface;

  template <typename Stub, typename Request, typename Response>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Attempt(Stub& stub, Method<Stub, Request, Response> method,
                                   const Request& request, absl::Time deadline) const {
    const std::unique_ptr<grpc::ClientContext> context = NewContext(options_);
    context->set_deadline(absl::ToChronoTime(deadline));
    Response response;
    const grpc::Status status = (stub.*method)(context.get(), request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response;
  }

  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Once(Stub& stub, Method<Stub, Request, Response> method,
                                const Request& request) {
    retry_budget().AddCall();
    return Attempt(stub, method, request, options_.retry.Now() + options_.timeout);
  }

  // For calls whose repetition has no further effect and is answered like the first.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Repeat(Stub& stub, Method<Stub, Request, Response> method,
                                  const Request& request) {
    const absl::Time deadline = options_.retry.Now() + options_.timeout;
    absl::StatusOr<Response> response;
    const auto attempt = [&] {
      response = Attempt(stub, method, request, deadline);
      return response.status();
    };
    const absl::Status status = options_.retry.Run(deadline, attempt, &retry_budget());
    if (!status.ok()) return status;
    return response;
  }

  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> RepeatIf(bool repeatable, Stub& stub,
                                    Method<Stub, Request, Response> method,
                                    const Request& request) {
    return repeatable ? Repeat(stub, method, request) : Once(stub, method, request);
  }

  const ConnectionOptions options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<EventStub> events_ = v1::EventService::NewStub(channel_);
  const std::unique_ptr<IngestStub> ingest_ = v1::IngestService::NewStub(channel_);
  const std::unique_ptr<CatalogStub> catalog_ = v1::CatalogService::NewStub(channel_);
  const std::unique_ptr<StatusStub> status_ = v1::StatusService::NewStub(channel_);
};

}  // namespace

absl::StatusOr<std::shared_ptr<Connection>> MakeGrpcConnection(ConnectionOptions options) {
  if (absl::Status status = Check(options); !status.ok()) return status;
  return std::make_shared<GrpcConnection>(std::move(options));
}

}  // namespace annals::client

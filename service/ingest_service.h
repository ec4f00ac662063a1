// annals.v1.IngestService: takes events in.
#pragma once

#include "absl/status/status.h"
#include "annals/v1/ingest_service.grpc.pb.h"
#include "service/backend.h"
#include "service/call.h"

namespace annals::service {

// The generated service with every method taking raw bytes (service/message_parser.h says why).
using RawIngestService = annals::v1::IngestService::WithRawCallbackMethod_IngestEvents<
    annals::v1::IngestService::WithRawCallbackMethod_BatchUpsertEvents<
        annals::v1::IngestService::WithRawCallbackMethod_RetractEvent<
            annals::v1::IngestService::WithRawCallbackMethod_AdvanceExchangeOffer<
                annals::v1::IngestService::WithRawCallbackMethod_MergeEvents<
                    annals::v1::IngestService::WithRawCallbackMethod_UnmergeEvents<
                        annals::v1::IngestService::WithRawCallbackMethod_RedactEvent<
                            annals::v1::IngestService::Service>>>>>>>;

class IngestService final : public RawIngestService {
 public:
  explicit IngestService(const Backend& backend) : backend_(backend) {}

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* IngestEvents(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* BatchUpsertEvents(grpc::CallbackServerContext* context,
                                              const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* RetractEvent(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* AdvanceExchangeOffer(grpc::CallbackServerContext* context,
                                                 const grpc::ByteBuffer* request,
                                                 grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* MergeEvents(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* UnmergeEvents(grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* RedactEvent(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;

 private:
  absl::Status BatchUpsert(const Call& call, annals::v1::BatchUpsertEventsRequest&& request,
                           Respond<annals::v1::BatchUpsertEventsResponse> respond) const;
  absl::Status Retract(const Call& call, const annals::v1::RetractEventRequest& request,
                       annals::v1::RetractEventResponse* response) const;
  absl::Status Advance(const Call& call, annals::v1::AdvanceExchangeOfferRequest&& request,
                       annals::v1::AdvanceExchangeOfferResponse* response) const;
  // In merge_handlers.cc.
  absl::Status Merge(const Call& call, const annals::v1::MergeEventsRequest& request,
                     annals::v1::MergeEventsResponse* response) const;
  absl::Status Unmerge(const Call& call, const annals::v1::UnmergeEventsRequest& request,
                       annals::v1::UnmergeEventsResponse* response) const;
  absl::Status Redact(const Call& call, const annals::v1::RedactEventRequest& request,
                      annals::v1::RedactEventResponse* response) const;

  // PERMISSION_DENIED (FEED_NOT_YOURS) where the caller sees the event's feed but may not write to
  // it, NOT_FOUND (EVENT_NOT_FOUND) where it does not see the feed. `field` names the event.
  absl::Status CheckMayWrite(const Call& call, const storage::CallContext& context,
                             const storage::EventName& name, std::string_view field) const;

  const Backend& backend_;
};

}  // namespace annals::service

// annals.v1.EventService: answers questions about events.
#pragma once

#include "absl/status/status.h"
#include "annals/v1/event_service.grpc.pb.h"
#include "service/backend.h"
#include "service/call.h"

namespace annals::service {

// The generated service with every method taking raw bytes (service/message_parser.h says why).
using RawEventService = annals::v1::EventService::WithRawCallbackMethod_GetEvent<
    annals::v1::EventService::WithRawCallbackMethod_BatchGetEvents<
        annals::v1::EventService::WithRawCallbackMethod_ListEvents<
            annals::v1::EventService::WithRawCallbackMethod_ExportEvents<
                annals::v1::EventService::WithRawCallbackMethod_SummarizeEvents<
                    annals::v1::EventService::WithRawCallbackMethod_ListEventRevisions<
                        annals::v1::EventService::WithRawCallbackMethod_ListDuplicateCandidates<
                            annals::v1::EventService::Service>>>>>>>;

class EventService final : public RawEventService {
 public:
  explicit EventService(const Backend& backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* GetEvent(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* BatchGetEvents(grpc::CallbackServerContext* context,
                                           const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListEvents(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* ExportEvents(
      grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* SummarizeEvents(grpc::CallbackServerContext* context,
                                            const grpc::ByteBuffer* request,
                                            grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListEventRevisions(grpc::CallbackServerContext* context,
                                               const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListDuplicateCandidates(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request,
                                                    grpc::ByteBuffer* response) override;

 private:
  absl::Status Get(const Call& call, const annals::v1::GetEventRequest& request,
                   annals::v1::GetEventResponse* response) const;
  absl::Status BatchGet(const Call& call, const annals::v1::BatchGetEventsRequest& request,
                        annals::v1::BatchGetEventsResponse* response) const;
  absl::Status List(const Call& call, const annals::v1::ListEventsRequest& request,
                    annals::v1::ListEventsResponse* response) const;
  absl::Status Summarize(const Call& call, const annals::v1::SummarizeEventsRequest& request,
                         annals::v1::SummarizeEventsResponse* response) const;
  absl::Status ListRevisions(const Call& call, const annals::v1::ListEventRevisionsRequest& request,
                             annals::v1::ListEventRevisionsResponse* response) const;
  absl::Status ListDuplicates(const Call& call,
                              const annals::v1::ListDuplicateCandidatesRequest& request,
                              annals::v1::ListDuplicateCandidatesResponse* response) const;

  const Backend& backend_;
};

}  // namespace annals::service

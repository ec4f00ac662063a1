// annals.v1.StatusService: what a server is and holds.
#pragma once

#include "absl/status/status.h"
#include "annals/v1/status_service.grpc.pb.h"
#include "service/backend.h"
#include "service/call.h"

namespace annals::service {

// The generated service taking raw bytes (service/message_parser.h says why).
using RawStatusService =
    annals::v1::StatusService::WithRawCallbackMethod_GetStatus<annals::v1::StatusService::Service>;

class StatusService final : public RawStatusService {
 public:
  explicit StatusService(const Backend& backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;

 private:
  absl::Status Get(const Call& call, const annals::v1::GetStatusRequest& request,
                   annals::v1::GetStatusResponse* response) const;

  const Backend& backend_;
};

}  // namespace annals::service

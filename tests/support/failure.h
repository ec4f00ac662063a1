// What a call failed with, as a client reads it.
#pragma once

#include <string>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/support/status.h"

namespace annals::testing {

struct Failure {
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string reason, field, message;
  std::vector<std::string> violations;  // fields of BadRequest
  bool may_retry = false;               // RetryInfo is there
};

inline Failure FailureOf(const grpc::Status& status) {
  Failure failure{.code = status.error_code(),
                  .reason = {},
                  .field = {},
                  .message = status.error_message(),
                  .violations = {}};
  google::rpc::Status rich;
  if (!rich.ParseFromString(status.error_details())) return failure;
  for (const auto& detail : rich.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest request;
    if (detail.UnpackTo(&info)) {
      failure.reason = info.reason();
      const auto field = info.metadata().find("field");
      if (field != info.metadata().end()) failure.field = field->second;
    } else if (detail.UnpackTo(&request)) {
      for (const auto& violation : request.field_violations()) {
        failure.violations.push_back(violation.field());
      }
    }
    failure.may_retry = failure.may_retry || detail.Is<google::rpc::RetryInfo>();
  }
  return failure;
}

}  // namespace annals::testing

// Errors as a client sees them.
//
// Every failed call gives an absl::Status whose code and message are the server's. The stable
// reason and the field at fault travel as google.rpc payloads; read them with the functions below.
// Branch on code and reason, never on the message.
#pragma once

#include <grpcpp/support/status.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace annals::client {

// One wrong field of a request.
struct FieldViolation {
  std::string field;        // Path from the request's root: "filter.circle.radius_m".
  std::string description;  // What is wrong with it.
};

// The same status with the server's google.rpc.ErrorInfo, BadRequest and RetryInfo as payloads.
// Details that cannot be read are left out.
[[nodiscard]] absl::Status FromGrpcStatus(const grpc::Status& status);

// The UPPER_SNAKE_CASE reason of an error ("UNKNOWN_REGION"), or empty.
[[nodiscard]] std::string ErrorReason(const absl::Status& status);

// The path of the field at fault, or empty.
[[nodiscard]] std::string ErrorField(const absl::Status& status);

// Every violation that a refused request had, in field order; empty where the server named none.
[[nodiscard]] std::vector<FieldViolation> FieldViolations(const absl::Status& status);

// How long the server asks to wait, at least, before the call is tried again; never negative.
// Absent where it did not say.
[[nodiscard]] std::optional<absl::Duration> RetryDelay(const absl::Status& status);

}  // namespace annals::client

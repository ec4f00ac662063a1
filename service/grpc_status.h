// The one way from absl::Status to grpc::Status: a google.rpc.Status travels in the error details.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/support/status.h"

namespace annals::service {

// Bounds what an error carries: gRPC clients take 8 KiB of trailing metadata.
inline constexpr std::size_t kViolationBytesMax = 3'000;
inline constexpr std::size_t kMessageBytesMax = 1'000;

// The same error with every violation listed (BadRequest); REQUIRES: each made by storage::Error
// with a field, the first of them being `first`. Violations beyond kViolationBytesMax are counted
// in the message.
[[nodiscard]] absl::Status WithViolations(const absl::Status& first,
                                          const std::vector<absl::Status>& violations);

// The same error, to be tried again after `delay`.
[[nodiscard]] absl::Status WithRetryDelay(const absl::Status& status, absl::Duration delay);

// What the caller of the request reads. Details are ErrorInfo (reason, domain, field, request_id),
// then BadRequest where a field is at fault, or RetryInfo where trying again may help: with
// UNAVAILABLE, DATABASE_FULL, WRITE_QUEUE_FULL and errors WithRetryDelay. INTERNAL, UNKNOWN,
// UNAVAILABLE, DEADLINE_EXCEEDED and CANCELLED carry a fixed sentence: what a driver said is for
// the log alone.
[[nodiscard]] grpc::Status ToGrpcStatus(const absl::Status& status, std::string_view request_id);

// The reason that a client reads: that of storage::Error, else the code's name.
[[nodiscard]] std::string ReasonOf(const absl::Status& status);

}  // namespace annals::service

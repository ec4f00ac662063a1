// The one way to make an error that a caller of annals will see.
//
// An error is an absl::Status that carries a google.rpc.ErrorInfo payload {reason, domain "annals",
// metadata}. service/grpc_status turns it into a grpc::Status. Tests assert the reason, never the
// prose.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace annals::storage {

// An error with a stable UPPER_SNAKE_CASE `reason`. `field`, where given, is the path of the field
// at fault from the request's root ("filter.circle.radius_m"); it becomes metadata["field"].
[[nodiscard]] absl::Status Error(absl::StatusCode code, std::string_view reason,
                                 std::string_view message, std::string_view field = {});

// INVALID_ARGUMENT for one field: the message a client reads is "<field>: <message>".
[[nodiscard]] absl::Status InvalidField(std::string_view field, std::string_view reason,
                                        std::string_view message);

// The same error with "<prefix>." put before its field path ("radius_m" ->
// "filter.circle.radius_m"), in metadata and message. `prefix` empty, or an error without a field:
// unchanged.
[[nodiscard]] absl::Status PrefixField(const absl::Status& status, std::string_view prefix);

// The reason of an error made by Error(), or empty.
[[nodiscard]] std::string ErrorReason(const absl::Status& status);

// The field path of an error made by Error(), or empty.
[[nodiscard]] std::string ErrorField(const absl::Status& status);

}  // namespace annals::storage

// Which role each method needs: one table, checked against the contract when a server starts.
//
// What a role may do within a method (to which feed) is decided by the handler, which knows the
// feed. grpc.health.v1 and reflection are gRPC's own: they ask for nobody and tell nothing of the
// record.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "annals/v1/status_service.pb.h"

namespace annals::service {

// The least role that may call the method of this full name ("annals.v1.EventService/GetEvent");
// none where the table has no entry: nobody may.
[[nodiscard]] std::optional<annals::v1::Role> RoleNeeded(std::string_view method);

// INTERNAL (POLICY_INCOMPLETE) where a method of these services (full names) has no entry, or an
// entry names no method of theirs.
[[nodiscard]] absl::Status CheckPolicy(std::span<const std::string_view> services);

}  // namespace annals::service

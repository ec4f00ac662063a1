// Which feeds a caller may be handed as a whole.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "service/backend.h"
#include "service/call.h"

namespace annals::service {

// FAILED_PRECONDITION (REDISTRIBUTION_FORBIDDEN) where one of `feeds` (ids; empty is every feed
// that the caller sees) forbids redistribution and the caller may not write to it. Names such feeds
// and the `filter.feeds` to ask for instead; of feeds that the caller does not see nothing is said.
// Whether the feeds hold events that match does not matter: the answer does not change with them.
[[nodiscard]] absl::Status CheckRedistribution(const Backend& backend, const Call& call,
                                               const storage::CallContext& context,
                                               const std::vector<std::string>& feeds);

}  // namespace annals::service

// Which merges are allowed. Both stores decide here.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "annals/v1/events.pb.h"
#include "storage/event_store.h"

namespace annals::storage {

inline constexpr std::size_t kMergedEventsMax = 100;  // in one write

// INVALID_ARGUMENT (REQUIRED, TOO_MANY_VALUES, DUPLICATE_NAME) unless there are 1 to 100 names,
// each once. `field` is theirs.
[[nodiscard]] absl::Status CheckMergeNames(const std::vector<EventName>& names,
                                           std::string_view field);
// The same of an order, and TARGET_AMONG_SOURCES; COUNT_MISMATCH where there are etags, but not one
// for each source.
[[nodiscard]] absl::Status CheckMergeOrder(const MergeOrder& order);

// FAILED_PRECONDITION (NOT_ACTIVE) unless events can be merged into `target`.
[[nodiscard]] absl::Status CheckMergeTarget(const annals::v1::Event& target);
// Whether the order's source of this index, as it is now, is still to be merged: false where it is
// merged into the target already. ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (NOT_ACTIVE).
[[nodiscard]] absl::StatusOr<bool> DecideMerge(const MergeOrder& order, std::size_t index,
                                               const annals::v1::Event& source);
// FAILED_PRECONDITION (NOT_MERGED, REDACTED) unless the event of this index can stand for itself
// again.
[[nodiscard]] absl::Status CheckUnmerge(std::size_t index, const annals::v1::Event& event);
// FAILED_PRECONDITION (MERGED) where a retraction would lose what the event was merged into.
[[nodiscard]] absl::Status CheckRetraction(const annals::v1::Event& event);

}  // namespace annals::storage

// What is removed from the record for law or safety, and what is left of it. Both stores decide
// here.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "annals/v1/events.pb.h"
#include "storage/event_store.h"

namespace annals::storage {

inline constexpr std::string_view kRedactedTitle = "[redacted]";
// Takes the place of every reason for a retraction, which may repeat what was removed.
inline constexpr std::string_view kRedactedReason = "redacted";

// Leaves name, kind and window, licence, and when and how this revision came to be (times, number,
// etag, state, `merged_into`); everything else goes, and `redacted` is set. Columns of a redacted
// revision are derived from it like any others (storage/event_columns.h).
void RemoveContent(annals::v1::Event* event);

// FAILED_PRECONDITION (FEED_NOT_EMPTY) unless a feed (its id) that holds `held` may be deleted.
[[nodiscard]] absl::Status CheckDeletion(std::string_view feed, const DeletionReceipt& held,
                                         bool purge);

}  // namespace annals::storage

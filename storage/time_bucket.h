// Calendar buckets in UTC.
#pragma once

#include <string>

#include "storage/event_query.h"
#include "storage/time_span.h"

namespace annals::storage {

// The start of the bucket that holds `time`, as RFC 3339 to the second ("2025-01-01T00:00:00Z").
// Weeks start on Monday. `kind` is kDay, kWeek, kMonth, kQuarter or kYear.
[[nodiscard]] std::string BucketKey(Dimension::Kind kind, Micros time);

}  // namespace annals::storage

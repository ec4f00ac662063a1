// Calendar buckets, as SummarizeEvents answers them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "annals/v1/event_service.pb.h"

namespace annals::cli {

// "2025-01-05", "2025-01-06 W02" (the Monday), "2025-01", "2025 Q1", "2025" for a bucket's key,
// which is the RFC 3339 time of its start. The key itself where it is no time.
[[nodiscard]] std::string BucketLabel(std::string_view key, v1::TimeBucket bucket);

// The keys of every bucket from the first to the last, both included, so that gaps can be shown;
// the two alone where there would be more than `buckets_max`.
[[nodiscard]] std::vector<std::string> BucketKeys(std::string_view first, std::string_view last,
                                                  v1::TimeBucket bucket, std::size_t buckets_max);

// A bar of `value` out of `value_max`, at most `columns` wide, in eighths of a column. Anything
// above 0 shows.
[[nodiscard]] std::string Bar(std::int64_t value, std::int64_t value_max, int columns);

}  // namespace annals::cli

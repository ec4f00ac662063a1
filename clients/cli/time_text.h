// Times as people write them, and as tables show them. All in UTC.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "annals/v1/events.pb.h"
#include "annals/v1/values.pb.h"

namespace annals::cli {

// What a written time covers, [start, end): a year, month or day; start = end for an instant.
struct WrittenTime {
  absl::Time start;
  absl::Time end;
};

// "2025", "2025-01", "2025-01-31" (UTC) or RFC 3339 ("2025-01-31T08:30:00+02:00"; seconds may be
// left out). A usage error that quotes `text` otherwise.
[[nodiscard]] absl::StatusOr<WrittenTime> ParseWrittenTime(std::string_view text);

// An interval "A/B", [start of A, start of B); either side empty or ".." is open. A single time is
// the whole year, month or day (or the instant) that it names.
[[nodiscard]] absl::StatusOr<v1::TimeRange> ParseInterval(std::string_view text);

// A length of time: "0", or a whole number with s, m (minutes), h, d or w. A usage error that
// quotes `text` otherwise.
[[nodiscard]] absl::StatusOr<absl::Duration> ParseSpan(std::string_view text);

[[nodiscard]] google::protobuf::Timestamp ToTimestamp(absl::Time time);
[[nodiscard]] absl::Time ToTime(const google::protobuf::Timestamp& timestamp);

// "2025-01-31T08:30:00Z", with a fraction where there is one.
[[nodiscard]] std::string Rfc3339(const google::protobuf::Timestamp& timestamp);

// "2025-01-31 08:30:05", for tables; whole minutes without seconds.
[[nodiscard]] std::string MomentText(const google::protobuf::Timestamp& timestamp);

// A window as precisely as it was given and no more: "2025-01-12", "2025-01", "2025", "2025-01-12
// 14:30", "2025-01-05 … 2025-01-12" (last day included). "≈" where it was given as a week, month or
// year that is no calendar one.
[[nodiscard]] std::string WindowText(const v1::OccurredWindow& window);

// "2014-02-20 … 2021-12-31", last day included; "…" alone on an open side.
[[nodiscard]] std::string RangeText(const v1::TimeRange& range);

}  // namespace annals::cli

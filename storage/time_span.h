// Times inside the store: microseconds since 1970-01-01T00:00:00Z, as PostgreSQL keeps them.
// Anything finer is floored for questions (the record keeps what was sent).
#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace annals::storage {

using Micros = std::int64_t;

[[nodiscard]] inline Micros ToMicros(const google::protobuf::Timestamp& timestamp) {
  return timestamp.seconds() * 1'000'000 + timestamp.nanos() / 1'000;
}
[[nodiscard]] inline Micros ToMicros(absl::Time time) { return absl::ToUnixMicros(time); }
[[nodiscard]] inline google::protobuf::Timestamp ToTimestamp(Micros micros) {
  google::protobuf::Timestamp timestamp;
  const Micros remainder = ((micros % 1'000'000) + 1'000'000) % 1'000'000;
  timestamp.set_seconds((micros - remainder) / 1'000'000);
  timestamp.set_nanos(static_cast<std::int32_t>(remainder * 1'000));
  return timestamp;
}

// When an event happened: [start, end), or the instant start where both are equal. start <= end.
struct Window {
  Micros start = 0;
  Micros end = 0;
  auto operator<=>(const Window&) const = default;
};

// A range asked for: [start, end), an absent side is open.
struct TimeSpan {
  std::optional<Micros> start;
  std::optional<Micros> end;
  bool operator==(const TimeSpan&) const = default;

  [[nodiscard]] bool unbounded() const { return !start && !end; }
  [[nodiscard]] bool Contains(Micros time) const {
    return (!start || time >= *start) && (!end || time < *end);
  }
  // Whether a window that overlaps lies wholly in it: s >= a and e <= b.
  [[nodiscard]] bool Holds(const Window& window) const {
    return (!start || window.start >= *start) && (!end || window.end <= *end);
  }
  // s < b and (e > a, or s = e >= a).
  [[nodiscard]] bool Overlaps(const Window& window) const {
    const bool before_end = !end || window.start < *end;
    const bool after_start =
        !start || window.end > *start || (window.start == window.end && window.end >= *start);
    return before_end && after_start;
  }
};

}  // namespace annals::storage

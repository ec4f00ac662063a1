#include "clients/cli/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "absl/time/civil_time.h"
#include "clients/cli/time_text.h"

namespace annals::cli {
namespace {

std::optional<absl::CivilDay> KeyDay(std::string_view key) {
  const absl::StatusOr<WrittenTime> time = ParseWrittenTime(key);
  if (!time.ok()) return std::nullopt;
  return absl::ToCivilDay(time->start, absl::UTCTimeZone());
}

absl::CivilDay Next(absl::CivilDay day, v1::TimeBucket bucket) {
  switch (bucket) {
    case v1::TIME_BUCKET_WEEK:
      return day + 7;
    case v1::TIME_BUCKET_MONTH:
      return absl::CivilDay(absl::CivilMonth(day) + 1);
    case v1::TIME_BUCKET_QUARTER:
      return absl::CivilDay(absl::CivilMonth(day) + 3);
    case v1::TIME_BUCKET_YEAR:
      return absl::CivilDay(absl::CivilYear(day) + 1);
    default:
      return day + 1;
  }
}

// The ISO week of a Monday: that of its Thursday, counted in the Thursday's year.
int IsoWeek(absl::CivilDay monday) { return (absl::GetYearDay(monday + 3) - 1) / 7 + 1; }

}  // namespace

std::string BucketLabel(std::string_view key, v1::TimeBucket bucket) {
  const std::optional<absl::CivilDay> day = KeyDay(key);
  if (!day) return std::string(key);
  switch (bucket) {
    case v1::TIME_BUCKET_WEEK:
      return fmt::format("{:04}-{:02}-{:02} W{:02}", day->year(), day->month(), day->day(),
                         IsoWeek(*day));
    case v1::TIME_BUCKET_MONTH:
      return fmt::format("{:04}-{:02}", day->year(), day->month());
    case v1::TIME_BUCKET_QUARTER:
      return fmt::format("{:04} Q{}", day->year(), (day->month() + 2) / 3);
    case v1::TIME_BUCKET_YEAR:
      return fmt::format("{:04}", day->year());
    default:
      return fmt::format("{:04}-{:02}-{:02}", day->year(), day->month(), day->day());
  }
}

std::vector<std::string> BucketKeys(std::string_view first, std::string_view last,
                                    v1::TimeBucket bucket, std::size_t buckets_max) {
  const std::optional<absl::CivilDay> start = KeyDay(first);
  const std::optional<absl::CivilDay> end = KeyDay(last);
  std::vector<std::string> keys;
  for (absl::CivilDay day = start.value_or(absl::CivilDay());
       start && end && day <= *end && keys.size() <= buckets_max; day = Next(day, bucket)) {
    keys.push_back(fmt::format("{:04}-{:02}-{:02}T00:00:00Z", day.year(), day.month(), day.day()));
  }
  if (keys.empty() || keys.size() > buckets_max) return {std::string(first), std::string(last)};
  return keys;
}

std::string Bar(std::int64_t value, std::int64_t value_max, int columns) {
  static constexpr std::array<std::string_view, 8> kParts = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (value <= 0 || value_max <= 0) return {};
  const double share = static_cast<double>(value) / static_cast<double>(value_max);
  const int eighths = std::max(1, static_cast<int>(share * columns * 8 + 0.5));
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i) bar += "█";
  return bar + std::string(kParts[static_cast<std::size_t>(eighths % 8)]);
}

}  // namespace annals::cli

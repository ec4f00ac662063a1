#include "storage/time_bucket.h"

#include "absl/time/civil_time.h"
#include "fmt/format.h"

namespace annals::storage {
namespace {

absl::CivilDay StartOf(Dimension::Kind kind, absl::CivilDay day) {
  switch (kind) {
    case Dimension::Kind::kWeek:
      return absl::PrevWeekday(day + 1, absl::Weekday::monday);
    case Dimension::Kind::kMonth:
      return absl::CivilDay(absl::CivilMonth(day));
    case Dimension::Kind::kQuarter:
      return absl::CivilDay(day.year(), (day.month() - 1) / 3 * 3 + 1, 1);
    case Dimension::Kind::kYear:
      return absl::CivilDay(absl::CivilYear(day));
    default:
      return day;
  }
}

}  // namespace

std::string BucketKey(Dimension::Kind kind, Micros time) {
  const auto day = StartOf(kind, absl::ToCivilDay(absl::FromUnixMicros(time), absl::UTCTimeZone()));
  return fmt::format("{:04}-{:02}-{:02}T00:00:00Z", day.year(), day.month(), day.day());
}

}  // namespace annals::storage

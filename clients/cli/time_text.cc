#include "clients/cli/time_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "absl/time/civil_time.h"
#include "clients/cli/outcome.h"

namespace annals::cli {
namespace {

const absl::TimeZone kUtc = absl::UTCTimeZone();
constexpr std::int64_t kSpanCountMax = 10'000'000;

absl::Status NotATime(std::string_view text) {
  return UsageError(fmt::format(
      "'{}' is not a time: write 2025, 2025-01, 2025-01-31 or 2025-01-31T08:30:00Z", text));
}

// Whether `text` has the shape of `pattern`, in which 0 stands for a digit.
bool HasShape(std::string_view text, std::string_view pattern) {
  return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(),
                    [](char c, char p) { return p == '0' ? c >= '0' && c <= '9' : c == p; });
}

template <typename Civil>
bool ParsePeriod(std::string_view text, WrittenTime& time) {
  Civil civil;
  if (!absl::ParseCivilTime(std::string(text), &civil)) return false;
  time = {absl::FromCivil(civil, kUtc), absl::FromCivil(civil + 1, kUtc)};
  return true;
}

bool ParseMoment(std::string_view text, WrittenTime& time) {
  if (text.size() < 17 || !HasShape(text.substr(0, 16), "0000-00-00T00:00")) return false;
  std::string full(text);
  if (full[16] != ':') full.insert(16, ":00");
  if (full.back() == 'z') full.back() = 'Z';
  absl::Time moment;
  if (!absl::ParseTime(absl::RFC3339_full, full, &moment, nullptr)) return false;
  time = {moment, moment};
  return true;
}

bool IsMidnight(absl::Time time) {
  return time == absl::FromCivil(absl::ToCivilDay(time, kUtc), kUtc);
}

std::string DayText(absl::Time time) { return absl::FormatTime("%Y-%m-%d", time, kUtc); }

std::string MomentText(absl::Time time) {
  const bool whole_minute = absl::ToCivilSecond(time, kUtc).second() == 0;
  return absl::FormatTime(whole_minute ? "%Y-%m-%d %H:%M" : "%Y-%m-%d %H:%M:%S", time, kUtc);
}

// [start, end) with the last day, or the end itself where the window does not end with a day.
std::string SpanText(absl::Time start, absl::Time end) {
  if (!IsMidnight(start) || !IsMidnight(end)) {
    return fmt::format("{} … {}", MomentText(start), MomentText(end));
  }
  const std::string first = DayText(start);
  const std::string last = DayText(end - absl::Nanoseconds(1));
  return first == last ? first : fmt::format("{} … {}", first, last);
}

template <typename Civil>
bool IsWhole(absl::Time start, absl::Time end) {
  const Civil civil(absl::ToCivilSecond(start, kUtc));
  return start == absl::FromCivil(civil, kUtc) && end == absl::FromCivil(civil + 1, kUtc);
}

}  // namespace

absl::StatusOr<WrittenTime> ParseWrittenTime(std::string_view text) {
  WrittenTime time;
  const bool parsed = (HasShape(text, "0000") && ParsePeriod<absl::CivilYear>(text, time)) ||
                      (HasShape(text, "0000-00") && ParsePeriod<absl::CivilMonth>(text, time)) ||
                      (HasShape(text, "0000-00-00") && ParsePeriod<absl::CivilDay>(text, time)) ||
                      ParseMoment(text, time);
  if (!parsed) return NotATime(text);
  return time;
}

absl::StatusOr<v1::TimeRange> ParseInterval(std::string_view text) {
  v1::TimeRange range;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    const absl::StatusOr<WrittenTime> time = ParseWrittenTime(text);
    if (!time.ok()) return time.status();
    // The record keeps microseconds: an instant is asked for as one of them.
    const absl::Time end = std::max(time->end, time->start + absl::Microseconds(1));
    *range.mutable_start() = ToTimestamp(time->start);
    *range.mutable_end() = ToTimestamp(end);
    return range;
  }
  const auto parse = [](std::string_view side, auto set) -> absl::Status {
    if (side.empty() || side == "..") return absl::OkStatus();
    const absl::StatusOr<WrittenTime> time = ParseWrittenTime(side);
    if (time.ok()) *set() = ToTimestamp(time->start);
    return time.status();
  };
  absl::Status status = parse(text.substr(0, slash), [&] { return range.mutable_start(); });
  if (status.ok()) status = parse(text.substr(slash + 1), [&] { return range.mutable_end(); });
  if (!status.ok()) return status;
  return range;
}

absl::StatusOr<absl::Duration> ParseSpan(std::string_view text) {
  std::int64_t count = -1;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit = text.substr(static_cast<std::size_t>(read.ptr - text.data()));
  if (read.ec == std::errc() && count >= 0 && count <= kSpanCountMax) {
    if (unit == "s" || (unit.empty() && count == 0)) return absl::Seconds(count);
    if (unit == "m") return absl::Minutes(count);
    if (unit == "h") return absl::Hours(count);
    if (unit == "d") return absl::Hours(24 * count);
    if (unit == "w") return absl::Hours(7 * 24 * count);
  }
  return UsageError(fmt::format("'{}' is no length of time: write 0, 90m, 12h, 1d or 2w", text));
}

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  const std::int64_t seconds = absl::ToUnixSeconds(time);  // Rounds towards the past.
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(
      static_cast<std::int32_t>((time - absl::FromUnixSeconds(seconds)) / absl::Nanoseconds(1)));
  return timestamp;
}

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

std::string Rfc3339(const google::protobuf::Timestamp& timestamp) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", ToTime(timestamp), kUtc);
}

std::string MomentText(const google::protobuf::Timestamp& timestamp) {
  return MomentText(ToTime(timestamp));
}

std::string WindowText(const v1::OccurredWindow& window) {
  const absl::Time start = ToTime(window.start());
  const absl::Time end = window.has_end() ? ToTime(window.end()) : start;
  if (start == end) return MomentText(start);
  switch (window.precision()) {
    case v1::TIME_PRECISION_MONTH:
      if (IsWhole<absl::CivilMonth>(start, end)) return absl::FormatTime("%Y-%m", start, kUtc);
      break;
    case v1::TIME_PRECISION_YEAR:
      if (IsWhole<absl::CivilYear>(start, end)) return absl::FormatTime("%Y", start, kUtc);
      break;
    case v1::TIME_PRECISION_WEEK:
      break;
    default:
      return SpanText(start, end);
  }
  return fmt::format("≈ {}", SpanText(start, end));
}

std::string RangeText(const v1::TimeRange& range) {
  if (range.has_start() && range.has_end()) {
    return SpanText(ToTime(range.start()), ToTime(range.end()));
  }
  return fmt::format("{}…{}", range.has_start() ? DayText(ToTime(range.start())) + " " : "",
                     range.has_end() ? " " + DayText(ToTime(range.end())) : "");
}

}  // namespace annals::cli

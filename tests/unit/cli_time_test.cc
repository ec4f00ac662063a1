#include "clients/cli/outcome.h"
#include "clients/cli/time_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace annals::cli {
namespace {

std::string Shown(std::string_view text) {
  const auto time = ParseWrittenTime(text);
  if (!time.ok()) return "refused";
  return Rfc3339(ToTimestamp(time->start)) + " " + Rfc3339(ToTimestamp(time->end));
}

TEST(ParseWrittenTime, CoversThePeriodItNames) {
  EXPECT_EQ(Shown("2024"), "2024-01-01T00:00:00Z 2025-01-01T00:00:00Z");
  EXPECT_EQ(Shown("2024-12"), "2024-12-01T00:00:00Z 2025-01-01T00:00:00Z");
  EXPECT_EQ(Shown("2024-02-29"), "2024-02-29T00:00:00Z 2024-03-01T00:00:00Z");
}

TEST(ParseWrittenTime, ReadsRfc3339WithAndWithoutSeconds) {
  EXPECT_EQ(Shown("2025-01-12T08:30:05Z"), "2025-01-12T08:30:05Z 2025-01-12T08:30:05Z");
  EXPECT_EQ(Shown("2025-01-12T08:30Z"), "2025-01-12T08:30:00Z 2025-01-12T08:30:00Z");
  EXPECT_EQ(Shown("2025-01-12T08:30:00.25+02:00"),
            "2025-01-12T06:30:00.25Z 2025-01-12T06:30:00.25Z");
}

TEST(ParseWrittenTime, RefusesEverythingElse) {
  for (const char* text : {"", "now", "20250112", "2025-13", "2025-02-30", "2025-1-1", "25",
                           "2025-01-12T25:00:00Z", "2025-01-12T08:30:00", "2025-01-12 08:30",
                           " 2025", "2025-01-12T08:30:00Zx", "infinite-future"}) {
    EXPECT_EQ(Shown(text), "refused") << text;
    EXPECT_EQ(ExitCode(ParseWrittenTime(text).status()), kExitUsage) << text;
  }
}

std::string ShownInterval(std::string_view text) {
  const auto range = ParseInterval(text);
  if (!range.ok()) return "refused";
  return (range->has_start() ? Rfc3339(range->start()) : "open") + " " +
         (range->has_end() ? Rfc3339(range->end()) : "open");
}

TEST(ParseInterval, IsHalfOpenAndMayBeOpen) {
  EXPECT_EQ(ShownInterval("2025-01-01/2025-02-01"), "2025-01-01T00:00:00Z 2025-02-01T00:00:00Z");
  EXPECT_EQ(ShownInterval("2025/.."), "2025-01-01T00:00:00Z open");
  EXPECT_EQ(ShownInterval("/2025-03"), "open 2025-03-01T00:00:00Z");
  EXPECT_EQ(ShownInterval("2025-01"), "2025-01-01T00:00:00Z 2025-02-01T00:00:00Z");
  EXPECT_EQ(ShownInterval("2025-01-12T08:30:00Z"),
            "2025-01-12T08:30:00Z 2025-01-12T08:30:00.000001Z");
  EXPECT_EQ(ShownInterval("2025/x"), "refused");
  EXPECT_EQ(ShownInterval("2025/2026/2027"), "refused");
}

TEST(ToTimestamp, KeepsNanosecondsBeforeTheEpoch) {
  const absl::Time time = absl::UnixEpoch() - absl::Milliseconds(250);
  EXPECT_EQ(ToTimestamp(time).seconds(), -1);
  EXPECT_EQ(ToTimestamp(time).nanos(), 750'000'000);
  EXPECT_EQ(ToTime(ToTimestamp(time)), time);
}

v1::OccurredWindow Window(std::string_view start, std::string_view end,
                          v1::TimePrecision precision) {
  v1::OccurredWindow window;
  *window.mutable_start() = ToTimestamp(ParseWrittenTime(start)->start);
  if (!end.empty()) *window.mutable_end() = ToTimestamp(ParseWrittenTime(end)->start);
  window.set_precision(precision);
  return window;
}

TEST(WindowText, SaysNoMoreThanIsKnown) {
  EXPECT_EQ(WindowText(Window("2025-01-12T14:30:00Z", "", v1::TIME_PRECISION_INSTANT)),
            "2025-01-12 14:30");
  EXPECT_EQ(WindowText(Window("2025-01-12T14:30:05Z", "", v1::TIME_PRECISION_INSTANT)),
            "2025-01-12 14:30:05");
  EXPECT_EQ(WindowText(Window("2025-01-12", "2025-01-13", v1::TIME_PRECISION_DAY)), "2025-01-12");
  EXPECT_EQ(WindowText(Window("2025-01-01", "2025-02-01", v1::TIME_PRECISION_MONTH)), "2025-01");
  EXPECT_EQ(WindowText(Window("2025-01-01", "2026-01-01", v1::TIME_PRECISION_YEAR)), "2025");
}

TEST(WindowText, ShowsTheLastDayOfARange) {
  EXPECT_EQ(WindowText(Window("2025-01-05", "2025-01-13", v1::TIME_PRECISION_RANGE)),
            "2025-01-05 … 2025-01-12");
  EXPECT_EQ(WindowText(Window("2025-01-05T06:00Z", "2025-01-05T09:00Z", v1::TIME_PRECISION_RANGE)),
            "2025-01-05 06:00 … 2025-01-05 09:00");
}

TEST(WindowText, MarksPeriodsThatAreNoCalendarOnes) {
  EXPECT_EQ(WindowText(Window("2025-01-05", "2025-02-04", v1::TIME_PRECISION_MONTH)),
            "≈ 2025-01-05 … 2025-02-03");
  EXPECT_EQ(WindowText(Window("2025-01-06", "2025-01-13", v1::TIME_PRECISION_WEEK)),
            "≈ 2025-01-06 … 2025-01-12");
}

}  // namespace
}  // namespace annals::cli

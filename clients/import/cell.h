// Values of a table's cells. Surrounding spaces do not count. Each answers INVALID_ARGUMENT, saying
// what the cell holds instead, where it cannot be read. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"

namespace annals::import {

// An event id: numbers written as floats lose their zeros (`155991.0` -> `155991`), others stay as
// they are. Must match `[A-Za-z0-9._~-]{1,128}`.
[[nodiscard]] absl::StatusOr<std::string> ParseId(std::string_view cell);

// A whole number, also written as a float (`5.0`). None where the cell is empty.
[[nodiscard]] absl::StatusOr<std::optional<std::int64_t>> ParseInteger(std::string_view cell);

// A finite number. None where the cell is empty.
[[nodiscard]] absl::StatusOr<std::optional<double>> ParseNumber(std::string_view cell);

// A day: `2014-01-22`, with a time of day behind it or not (`2014-01-22 00:00:00.000`,
// `2013-01-03T00:00:00Z`; the time is not looked at), or an Excel serial of the 1900 date system
// (`41661`, 2014-01-22; with a fraction or not). In the years 1900 to 9999.
[[nodiscard]] absl::StatusOr<absl::CivilDay> ParseDay(std::string_view cell);

}  // namespace annals::import

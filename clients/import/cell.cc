#include "clients/import/cell.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "clients/import/text.h"
#include "fmt/format.h"

namespace annals::import {
namespace {

constexpr std::size_t kIdCharactersMax = 128;
constexpr double kIntegerMax =
    9'007'199'254'740'992;  // 2^53: up to here doubles hold every integer.
constexpr int kYearMin = 1900;
// Excel's day 0; right from 1900-03-01 on, as Excel believes in a 1900-02-29.
constexpr absl::CivilDay kExcelEpoch(1899, 12, 30);
constexpr double kExcelSerialMin = 61;         // 1900-03-01
constexpr double kExcelSerialMax = 2'958'465;  // 9999-12-31
constexpr std::size_t kDateCharacters = 10;    // 2014-01-22

absl::Status NotA(std::string_view kind, std::string_view cell) {
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is not {}", Shortened(OneLine(cell), 40), kind));
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsIdCharacter(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
         c == '~' || c == '-';
}

std::optional<double> Number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

// Whether what follows the date is a time of day or nothing.
bool IsTimeOfDay(std::string_view text) {
  if (text.empty()) return true;
  return (text.front() == ' ' || text.front() == 'T') && text.size() > 1 && IsDigit(text[1]) &&
         std::ranges::all_of(text.substr(1), [](char c) {
           return IsDigit(c) || c == ':' || c == '.' || c == 'Z' || c == '+' || c == '-';
         });
}

std::optional<absl::CivilDay> WrittenDay(std::string_view text) {
  if (text.size() < kDateCharacters || text[4] != '-' || text[7] != '-') return {};
  const auto part = [&](std::size_t begin, std::size_t size) {
    const std::string_view digits = text.substr(begin, size);
    int value = -1;
    if (std::ranges::all_of(digits, IsDigit)) {
      std::from_chars(digits.data(), digits.data() + size, value);
    }
    return value;
  };
  const int year = part(0, 4);
  const int month = part(5, 2);
  const int day = part(8, 2);
  const absl::CivilDay date(year, month, day);
  // CivilDay carries what is too much over into the next month.
  const bool exists = date.year() == year && date.month() == month && date.day() == day;
  if (!exists || year < kYearMin || !IsTimeOfDay(text.substr(kDateCharacters))) return {};
  return date;
}

}  // namespace

absl::StatusOr<std::string> ParseId(std::string_view cell) {
  std::string_view id = Trimmed(cell);
  const std::size_t point = id.find('.');
  if (point != std::string_view::npos && point > 0 && point + 1 < id.size() &&
      std::ranges::all_of(id.substr(0, point), IsDigit) &&
      id.find_first_not_of('0', point + 1) == std::string_view::npos) {
    id = id.substr(0, point);
  }
  if (id.empty() || id.size() > kIdCharactersMax || !std::ranges::all_of(id, IsIdCharacter)) {
    return NotA("an id of 1-128 letters, digits or ._~-", cell);
  }
  return std::string(id);
}

absl::StatusOr<std::optional<std::int64_t>> ParseInteger(std::string_view cell) {
  const std::string_view text = Trimmed(cell);
  if (text.empty()) return std::nullopt;
  const std::optional<double> value = Number(text);
  if (!value || std::trunc(*value) != *value || std::abs(*value) > kIntegerMax) {
    return NotA("a whole number", cell);
  }
  return static_cast<std::int64_t>(*value);
}

absl::StatusOr<std::optional<double>> ParseNumber(std::string_view cell) {
  const std::string_view text = Trimmed(cell);
  if (text.empty()) return std::nullopt;
  const std::optional<double> value = Number(text);
  if (!value) return NotA("a number", cell);
  return *value;
}

absl::StatusOr<absl::CivilDay> ParseDay(std::string_view cell) {
  const std::string_view text = Trimmed(cell);
  if (const auto day = WrittenDay(text)) return *day;
  const std::optional<double> serial = Number(text);
  if (serial && *serial >= kExcelSerialMin && *serial <= kExcelSerialMax) {
    return kExcelEpoch + static_cast<absl::civil_diff_t>(*serial);
  }
  return NotA("a date such as 2014-01-22 or an Excel serial", cell);
}

}  // namespace annals::import

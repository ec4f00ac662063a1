// The columns of UCDP's event files (GED and Candidate), found by name in any order, and a row's
// typed values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "clients/import/row_error.h"

namespace annals::import {

// A row's mapped columns. Texts are valid UTF-8; texts and numbers are empty or absent where the
// cell is empty or the file has no such column. Negative counts are absent: UCDP writes them for
// unknown.
struct UcdpRow {
  std::string id;
  std::string relid;
  std::string code_status;
  std::string conflict_id;
  std::string dyad_id;
  std::string side_a_id;
  std::string side_b_id;
  std::string conflict_name;
  std::string side_a;
  std::string side_b;
  std::string source_article;
  std::string source_headline;
  std::string source_original;
  std::string where_coordinates;
  std::string where_description;
  std::string adm_1;
  std::string country;
  std::optional<std::int64_t> country_id;
  std::optional<std::int64_t> event_clarity;
  std::int64_t type_of_violence = 0;  // 1-3
  std::int64_t where_prec = 0;        // 1-7
  std::int64_t date_prec = 0;         // 1-5
  absl::CivilDay date_start;
  absl::CivilDay date_end;  // Inclusive, not before date_start.
  std::optional<double> latitude;
  std::optional<double> longitude;  // Both or neither.
  std::optional<std::int64_t> low;
  std::optional<std::int64_t> best;
  std::optional<std::int64_t> high;
  std::optional<std::int64_t> deaths_a;
  std::optional<std::int64_t> deaths_b;
  std::optional<std::int64_t> deaths_civilians;
  std::optional<std::int64_t> deaths_unknown;
};

// Where a file keeps the columns. Thread-safe once made.
class UcdpColumns {
 public:
  // INVALID_ARGUMENT naming every required column that the header lacks, or a column that it has
  // twice.
  [[nodiscard]] static absl::StatusOr<UcdpColumns> FromHeader(
      const std::vector<std::string>& header);

  // Whether the record is a second header of HXL tags (`#date+year`).
  [[nodiscard]] static bool IsTagRow(const std::vector<std::string>& fields);

  // The first thing wrong with the row, or its values. Reasons: COLUMN_COUNT, INVALID_UTF8,
  // REQUIRED, BAD_VALUE, OUT_OF_RANGE, END_BEFORE_START.
  [[nodiscard]] std::variant<UcdpRow, RowError> Read(const std::vector<std::string>& fields) const;

 private:
  static constexpr std::size_t kColumnCount = 33;

  std::array<std::optional<std::size_t>, kColumnCount> positions_;
  std::size_t field_count_ = 0;
};

}  // namespace annals::import

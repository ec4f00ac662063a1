#include "clients/import/ucdp_row.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <string_view>
#include <utility>

#include "clients/import/cell.h"
#include "clients/import/text.h"
#include "fmt/format.h"

namespace annals::import {
namespace {

enum Column : std::size_t {
  kId,
  kRelid,
  kCodeStatus,
  kConflictId,
  kDyadId,
  kSideAId,
  kSideBId,
  kConflictName,
  kSideA,
  kSideB,
  kSourceArticle,
  kSourceHeadline,
  kSourceOriginal,
  kWhereCoordinates,
  kWhereDescription,
  kAdm1,
  kCountry,
  kCountryId,
  kEventClarity,
  kTypeOfViolence,
  kWherePrec,
  kDatePrec,
  kDateStart,
  kDateEnd,
  kLatitude,
  kLongitude,
  kLow,
  kBest,
  kHigh,
  kDeathsA,
  kDeathsB,
  kDeathsCivilians,
  kDeathsUnknown,
  kColumns,
};

struct ColumnRule {
  std::string_view name;
  bool required = false;
};

// By Column.
constexpr std::array<ColumnRule, kColumns> kRules = {{
    {"id", true},          {"relid"},
    {"code_status"},       {"conflict_new_id"},
    {"dyad_new_id"},       {"side_a_new_id"},
    {"side_b_new_id"},     {"conflict_name"},
    {"side_a", true},      {"side_b", true},
    {"source_article"},    {"source_headline"},
    {"source_original"},   {"where_coordinates"},
    {"where_description"}, {"adm_1"},
    {"country"},           {"country_id"},
    {"event_clarity"},     {"type_of_violence", true},
    {"where_prec", true},  {"date_prec", true},
    {"date_start", true},  {"date_end", true},
    {"latitude", true},    {"longitude", true},
    {"low", true},         {"best", true},
    {"high", true},        {"deaths_a"},
    {"deaths_b"},          {"deaths_civilians"},
    {"deaths_unknown"},
}};

constexpr std::int64_t kCountMax = 1'000'000'000;

std::string ColumnName(std::string_view header) {
  std::string name(Trimmed(header));
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

// Reads cells one by one and remembers the first error.
class CellReader {
 public:
  CellReader(const std::vector<std::string>& fields,
             const std::array<std::optional<std::size_t>, kColumns>& positions)
      : fields_(fields), positions_(positions) {}

  [[nodiscard]] const std::optional<RowError>& error() const { return error_; }

  void Fail(Column column, std::string_view reason, std::string_view message) {
    if (!error_)
      error_ = {std::string(kRules[column].name), std::string(reason), std::string(message)};
  }

  std::string_view Cell(Column column) {
    if (!positions_[column]) return {};
    const std::string_view cell = fields_[*positions_[column]];
    if (IsUtf8(cell)) return cell;
    Fail(column, "INVALID_UTF8", "is not valid UTF-8");
    return {};
  }

  std::string Text(Column column) { return OneLine(Cell(column)); }

  std::string RequiredText(Column column) {
    std::string text = Text(column);
    if (text.empty()) Fail(column, "REQUIRED", "is empty");
    return text;
  }

  // An id where the cell is not empty.
  std::string Id(Column column) {
    const std::string_view cell = Cell(column);
    return Trimmed(cell).empty() ? std::string() : Parsed(column, ParseId(cell));
  }

  std::int64_t Code(Column column, std::int64_t code_max) {
    const std::optional<std::int64_t> code = Integer(column);
    if (!code) {
      Fail(column, "REQUIRED", "is empty");
    } else if (*code < 1 || *code > code_max) {
      Fail(column, "OUT_OF_RANGE", fmt::format("{} is not between 1 and {}", *code, code_max));
    }
    return code.value_or(0);
  }

  std::optional<std::int64_t> Integer(Column column) {
    return Parsed(column, ParseInteger(Cell(column)));
  }

  std::optional<std::int64_t> Count(Column column) {
    const std::optional<std::int64_t> count = Integer(column);
    if (count && *count > kCountMax) {
      Fail(column, "OUT_OF_RANGE", fmt::format("{} is above {}", *count, kCountMax));
    }
    return count && *count >= 0 ? count : std::nullopt;
  }

  std::optional<double> Degrees(Column column, double degrees_max) {
    const std::optional<double> degrees = Parsed(column, ParseNumber(Cell(column)));
    if (degrees && (*degrees < -degrees_max || *degrees > degrees_max)) {
      Fail(column, "OUT_OF_RANGE",
           fmt::format("{} is outside [-{}, {}]", *degrees, degrees_max, degrees_max));
    }
    return degrees;
  }

  absl::CivilDay Day(Column column) {
    const std::string_view cell = Cell(column);
    if (Trimmed(cell).empty()) Fail(column, "REQUIRED", "is empty");
    return Parsed(column, ParseDay(cell));
  }

 private:
  template <typename T>
  T Parsed(Column column, absl::StatusOr<T> value) {
    if (value.ok()) return *std::move(value);
    Fail(column, "BAD_VALUE", std::string(value.status().message()));
    return T();
  }

  const std::vector<std::string>& fields_;
  const std::array<std::optional<std::size_t>, kColumns>& positions_;
  std::optional<RowError> error_;
};

void ReadTexts(CellReader* cells, UcdpRow* row) {
  row->relid = cells->Text(kRelid);
  row->code_status = cells->Text(kCodeStatus);
  row->conflict_id = cells->Id(kConflictId);
  row->dyad_id = cells->Id(kDyadId);
  row->side_a_id = cells->Id(kSideAId);
  row->side_b_id = cells->Id(kSideBId);
  row->conflict_name = cells->Text(kConflictName);
  row->side_a = cells->RequiredText(kSideA);
  row->side_b = cells->RequiredText(kSideB);
  row->source_article = Lines(cells->Cell(kSourceArticle));
  row->source_headline = Lines(cells->Cell(kSourceHeadline));
  row->source_original = cells->Text(kSourceOriginal);
  row->where_coordinates = cells->Text(kWhereCoordinates);
  row->where_description = cells->Text(kWhereDescription);
  row->adm_1 = cells->Text(kAdm1);
  row->country = cells->Text(kCountry);
}

void ReadPlaceAndTime(CellReader* cells, UcdpRow* row) {
  row->where_prec = cells->Code(kWherePrec, 7);
  row->date_prec = cells->Code(kDatePrec, 5);
  row->date_start = cells->Day(kDateStart);
  row->date_end = cells->Day(kDateEnd);
  if (row->date_end < row->date_start) {
    cells->Fail(kDateEnd, "END_BEFORE_START", "is before date_start");
  }
  row->latitude = cells->Degrees(kLatitude, 90);
  row->longitude = cells->Degrees(kLongitude, 180);
  if (row->latitude && !row->longitude) cells->Fail(kLongitude, "REQUIRED", "is empty");
  if (row->longitude && !row->latitude) cells->Fail(kLatitude, "REQUIRED", "is empty");
  row->country_id = cells->Integer(kCountryId);
}

void ReadCounts(CellReader* cells, UcdpRow* row) {
  row->low = cells->Count(kLow);
  row->best = cells->Count(kBest);
  row->high = cells->Count(kHigh);
  row->deaths_a = cells->Count(kDeathsA);
  row->deaths_b = cells->Count(kDeathsB);
  row->deaths_civilians = cells->Count(kDeathsCivilians);
  row->deaths_unknown = cells->Count(kDeathsUnknown);
}

}  // namespace

absl::StatusOr<UcdpColumns> UcdpColumns::FromHeader(const std::vector<std::string>& header) {
  static_assert(kColumns == kColumnCount);
  UcdpColumns columns;
  columns.field_count_ = header.size();
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::string name = ColumnName(header[i]);
    const auto* rule = std::ranges::find(kRules, name, &ColumnRule::name);
    if (rule == kRules.end()) continue;
    auto& position = columns.positions_[static_cast<std::size_t>(rule - kRules.begin())];
    if (position)
      return absl::InvalidArgumentError(fmt::format("the column {} is there twice", name));
    position = i;
  }
  std::string missing;
  for (std::size_t i = 0; i < kColumns; ++i) {
    if (!kRules[i].required || columns.positions_[i]) continue;
    missing += fmt::format("{}{}", missing.empty() ? "" : ", ", kRules[i].name);
  }
  if (missing.empty()) return columns;
  return absl::InvalidArgumentError(
      fmt::format("this is no UCDP event file: it has no column {}", missing));
}

bool UcdpColumns::IsTagRow(const std::vector<std::string>& fields) {
  bool any = false;
  for (const std::string& field : fields) {
    if (field.empty()) continue;
    if (field.front() != '#') return false;
    any = true;
  }
  return any;
}

std::variant<UcdpRow, RowError> UcdpColumns::Read(const std::vector<std::string>& fields) const {
  if (fields.size() != field_count_) {
    return RowError{"", "COLUMN_COUNT",
                    fmt::format("has {} columns, the header {}", fields.size(), field_count_)};
  }
  CellReader cells(fields, positions_);
  UcdpRow row;
  row.id = cells.Id(kId);
  if (row.id.empty()) cells.Fail(kId, "REQUIRED", "is empty");
  row.type_of_violence = cells.Code(kTypeOfViolence, 3);
  row.event_clarity = cells.Integer(kEventClarity);
  ReadTexts(&cells, &row);
  ReadPlaceAndTime(&cells, &row);
  ReadCounts(&cells, &row);
  if (cells.error()) return *cells.error();
  return row;
}

}  // namespace annals::import

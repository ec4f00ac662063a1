#include "clients/import/ucdp_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "tests/support/ucdp_file.h"

namespace annals::import {
namespace {

using annals::testing::ucdp::Cells;
using annals::testing::ucdp::Row;
using annals::testing::ucdp::With;
using ::testing::HasSubstr;

std::variant<UcdpRow, RowError> Read(const Cells& cells) {
  std::vector<std::string> header, fields;
  for (const auto& [column, cell] : cells) {
    header.push_back(column);
    fields.push_back(cell);
  }
  const auto columns = UcdpColumns::FromHeader(header);
  EXPECT_TRUE(columns.ok()) << columns.status();
  return columns->Read(fields);
}

TEST(UcdpRow, HasTypedValues) {
  const auto read = Read(With({{"id", "155991.0"}, {"conflict_new_id", "299.0"}, {"low", "-1"}}));
  const UcdpRow& row = std::get<UcdpRow>(read);
  EXPECT_EQ(row.id, "155991");
  EXPECT_EQ(row.conflict_id, "299");
  EXPECT_EQ(row.date_start, absl::CivilDay(2014, 7, 5));
  EXPECT_EQ(row.country_id, 369);
  EXPECT_EQ(row.low, std::nullopt);
  EXPECT_EQ(row.best, 5);
  EXPECT_EQ(row.latitude, 48.5);
}

TEST(UcdpRow, NamesTheColumnOfABadCell) {
  struct Case {
    std::string column, cell, reason;
  };
  for (const Case& c : std::vector<Case>{{"id", "", "REQUIRED"},
                                         {"id", "a b", "BAD_VALUE"},
                                         {"type_of_violence", "4", "OUT_OF_RANGE"},
                                         {"where_prec", "0", "OUT_OF_RANGE"},
                                         {"date_prec", "", "REQUIRED"},
                                         {"date_start", "July 5", "BAD_VALUE"},
                                         {"date_end", "", "REQUIRED"},
                                         {"date_end", "2014-07-04", "END_BEFORE_START"},
                                         {"latitude", "91", "OUT_OF_RANGE"},
                                         {"longitude", "", "REQUIRED"},
                                         {"longitude", "nan", "BAD_VALUE"},
                                         {"best", "many", "BAD_VALUE"},
                                         {"high", "1000000001", "OUT_OF_RANGE"},
                                         {"side_a", " ", "REQUIRED"},
                                         {"side_b", "\xFF", "INVALID_UTF8"}}) {
    const auto read = Read(With({{c.column, c.cell}}));
    const auto* error = std::get_if<RowError>(&read);
    ASSERT_NE(error, nullptr) << c.column << "=" << c.cell;
    EXPECT_EQ(error->column, c.column) << c.cell;
    EXPECT_EQ(error->reason, c.reason) << c.column << "=" << c.cell;
  }
}

TEST(UcdpColumns, NamesEveryRequiredColumnThatIsMissing) {
  const auto columns = UcdpColumns::FromHeader({"id", "side_a", "side_b", "type_of_violence"});
  EXPECT_EQ(columns.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(columns.status().message()),
              HasSubstr("where_prec, date_prec, date_start, date_end, latitude, longitude, low"));
}

TEST(UcdpColumns, RefuseAColumnThatIsThereTwice) {
  EXPECT_EQ(UcdpColumns::FromHeader({"id", " ID "}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(UcdpColumns, KnowARowOfTags) {
  EXPECT_TRUE(UcdpColumns::IsTagRow({"", "#date+year", "#geo+lat"}));
  EXPECT_FALSE(UcdpColumns::IsTagRow({"101", "#Breaking"}));
  EXPECT_FALSE(UcdpColumns::IsTagRow({"", ""}));
}

}  // namespace
}  // namespace annals::import

#include "clients/import/cell.h"

#include <gtest/gtest.h>

#include <string>

#include "clients/import/text.h"
#include "clients/import/ucdp_countries.h"

namespace annals::import {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(Cell, ReadsDaysInEveryFormSeen) {
  const absl::CivilDay day(2014, 1, 22);
  for (const char* cell : {"2014-01-22", " 2014-01-22 ", "2014-01-22 00:00:00.000",
                           "2014-01-22T00:00:00Z", "41661", "41661.0"}) {
    const auto read = ParseDay(cell);
    ASSERT_TRUE(read.ok()) << cell;
    EXPECT_EQ(*read, day) << cell;
  }
  EXPECT_EQ(*ParseDay("61"), absl::CivilDay(1900, 3, 1));
}

TEST(Cell, RefusesWhatIsNoDay) {
  for (const char* cell : {"", "2014-02-30", "2014-13-01", "22/01/2014", "2014-01-22 noon", "soon",
                           "2014-01-22T", "1899-12-31", "60", "2958466", "nan", "2014-1-22"}) {
    EXPECT_EQ(ParseDay(cell).status().code(), kInvalid) << cell;
  }
}

TEST(Cell, TakesTheZerosOffIds) {
  EXPECT_EQ(*ParseId("155991.0"), "155991");
  EXPECT_EQ(*ParseId(" 155991 "), "155991");
  EXPECT_EQ(*ParseId("155991.5"), "155991.5");
  EXPECT_EQ(*ParseId("PAK-2026.0~x_1"), "PAK-2026.0~x_1");
  EXPECT_EQ(ParseId("").status().code(), kInvalid);
  EXPECT_EQ(ParseId("a/b").status().code(), kInvalid);
  EXPECT_EQ(ParseId(std::string(129, '1')).status().code(), kInvalid);
}

TEST(Cell, ReadsWholeNumbers) {
  EXPECT_EQ(*ParseInteger("12"), 12);
  EXPECT_EQ(*ParseInteger("12.0"), 12);
  EXPECT_EQ(*ParseInteger("-1"), -1);
  EXPECT_EQ(*ParseInteger(" "), std::nullopt);
  for (const char* cell : {"12.5", "12 dead", "inf", "nan", "1e300", "0x10"}) {
    EXPECT_EQ(ParseInteger(cell).status().code(), kInvalid) << cell;
  }
}

TEST(Cell, ReadsNumbers) {
  EXPECT_DOUBLE_EQ(ParseNumber("34.385399999999997")->value_or(0), 34.3854);
  EXPECT_EQ(*ParseNumber(""), std::nullopt);
  EXPECT_EQ(ParseNumber("NaN").status().code(), kInvalid);
  EXPECT_EQ(ParseNumber("34,5").status().code(), kInvalid);
}

TEST(ImportText, KnowsUtf8) {
  EXPECT_TRUE(IsUtf8("Суджа – €😀"));
  for (const char* text : {"\xFF", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                           "\xF5\x80\x80\x80", "\xE2\x82", "\x80"}) {
    EXPECT_FALSE(IsUtf8(text));
  }
}

TEST(ImportText, MakesOneLine) {
  EXPECT_EQ(OneLine("  a\t\r\n b\x01 c\xC2\x85\xE2\x80\xA8 "), "a b c");
  EXPECT_EQ(OneLine(" \n"), "");
}

TEST(ImportText, KeepsLines) { EXPECT_EQ(Lines(" a\r\nb\rc\nd\te\x7F \n"), "a\nb\nc\nd e "); }

TEST(ImportText, ShortensByCharacters) {
  EXPECT_EQ(Shortened("Суджа", 5), "Суджа");
  EXPECT_EQ(Shortened("Суджа", 4), "Суд…");
  EXPECT_EQ(Shortened("ab", 1), "…");
}

TEST(UcdpCountries, HaveIsoCodes) {
  EXPECT_EQ(IsoCodeOfUcdpCountry(369), "UA");
  EXPECT_EQ(IsoCodeOfUcdpCountry(2), "US");
  EXPECT_EQ(IsoCodeOfUcdpCountry(950), "FJ");
}

TEST(UcdpCountries, LeaveOutWhatIsNotOneCountry) {
  for (const int id : {666, 345, 315, 0, -1, 9'999}) EXPECT_EQ(IsoCodeOfUcdpCountry(id), "") << id;
}

}  // namespace
}  // namespace annals::import

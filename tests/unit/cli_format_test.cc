#include <sstream>

#include "clients/cli/count_text.h"
#include "clients/cli/csv.h"
#include "clients/cli/json_records.h"
#include "clients/cli/place_text.h"
#include "clients/cli/table.h"
#include "clients/cli/terminal_text.h"
#include "clients/cli/timeline.h"
#include "clients/cli/words.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace annals::cli {
namespace {

using ::testing::ElementsAre;

TEST(Sanitized, TakesEveryControlAway) {
  EXPECT_EQ(Sanitized("a\033[31mb\007\r\n\tc\x7f"), "a [31mb    c ");
  EXPECT_EQ(Sanitized("a\xc2\x9b"
                      "31m"),
            "a 31m");  // C1 CSI
  EXPECT_EQ(Sanitized("a\xe2\x80\xae"
                      "b"),
            "ab");                                 // Right-to-left override
  EXPECT_EQ(Sanitized("a\xff"), "a\xef\xbf\xbd");  // Not UTF-8
  EXPECT_EQ(Sanitized("Курск 北京"), "Курск 北京");
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(DisplayWidth("Курск"), 5);
  EXPECT_EQ(DisplayWidth("北京"), 4);
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1);
}

TEST(Truncated, EndsWithAnEllipsisAndNeverSplitsACharacter) {
  EXPECT_EQ(Truncated("Курск", 5), "Курск");
  EXPECT_EQ(Truncated("Курская", 5), "Курс…");
  EXPECT_EQ(Truncated("北京市", 4), "北…");
  EXPECT_EQ(Padded("北京市", 5), "北京…");
  EXPECT_EQ(Padded("7", 3, true), "  7");
}

TEST(Grouped, SetsThousandsApart) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(11'000), "11,000");
  EXPECT_EQ(Grouped(-1'234'567), "-1,234,567");
}

v1::CountRange Count(std::optional<int> low, std::optional<int> best, std::optional<int> high) {
  v1::CountRange count;
  if (low) count.set_low(*low);
  if (best) count.set_best(*best);
  if (high) count.set_high(*high);
  return count;
}

TEST(CountText, SaysHowSureItIs) {
  EXPECT_EQ(CountText(Count(2, 2, 2)), "2");
  EXPECT_EQ(CountText(Count(2, {}, 2)), "2");
  EXPECT_EQ(CountText(Count({}, 11'000, {})), "about 11,000");
  EXPECT_EQ(CountText(Count(5, {}, {})), "≥ 5");
  EXPECT_EQ(CountText(Count({}, {}, 7)), "≤ 7");
  EXPECT_EQ(CountText(Count(3, {}, 5)), "3–5");
  EXPECT_EQ(CountText(Count(3, 4, 5)), "4 (3–5)");
  EXPECT_EQ(CountText(Count(3, 4, {})), "4 (≥ 3)");
  EXPECT_EQ(CountText(Count(0, 0, 0)), "0");
  EXPECT_EQ(CountText(Count({}, {}, {})), "");
}

TEST(Table, AlignsAndCutsTheFlexibleColumn) {
  std::ostringstream out;
  Table table(out, {{.title = "KIND"}, {.title = "EMPTY"}, {.title = "TITLE", .width_min = 12}}, 24,
              false);
  table.Add({"capture", "", "Двоє полонених у Курській області"});
  table.Add({"strike", "", "short"});
  table.Finish();
  EXPECT_EQ(out.str(),
            "KIND     TITLE\n"
            "capture  Двоє полонених…\n"
            "strike   short\n");
}

TEST(Table, PrintsNothingWithoutRows) {
  std::ostringstream out;
  Table table(out, {{.title = "KIND"}}, 0, true);
  table.Finish();
  EXPECT_EQ(out.str(), "");
}

TEST(CsvText, QuotesAsRfc4180) {
  EXPECT_EQ(CsvText("plain"), "plain");
  EXPECT_EQ(CsvText("a,b"), "\"a,b\"");
  EXPECT_EQ(CsvText("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(CsvText("two\nlines"), "\"two\nlines\"");
}

TEST(CsvText, DefusesFormulas) {
  EXPECT_EQ(CsvText("=1+1"), "'=1+1");
  EXPECT_EQ(CsvText("+x"), "'+x");
  EXPECT_EQ(CsvText("-x"), "'-x");
  EXPECT_EQ(CsvText("@SUM(A1,A2)"), "\"'@SUM(A1,A2)\"");
}

TEST(EnumWord, IsTheValueWithoutItsPrefix) {
  EXPECT_EQ(Word(v1::EVENT_KIND_VIOLENCE_AGAINST_CIVILIANS), "violence-against-civilians");
  EXPECT_EQ(Word(v1::PLACE_PRECISION_FIRST_LEVEL_REGION), "first-level-region");
  EXPECT_EQ(EnumNumber(*v1::EventKind_descriptor(), "Exchange-Offer"),
            v1::EVENT_KIND_EXCHANGE_OFFER);
  EXPECT_EQ(EnumNumber(*v1::EventKind_descriptor(), "EVENT_KIND_CAPTURE"), v1::EVENT_KIND_CAPTURE);
  EXPECT_EQ(EnumNumber(*v1::EventKind_descriptor(), "unspecified"), std::nullopt);
  EXPECT_EQ(EnumNumber(*v1::EventKind_descriptor(), "war"), std::nullopt);
}

TEST(BucketLabel, NamesThePeriod) {
  EXPECT_EQ(BucketLabel("2025-01-05T00:00:00Z", v1::TIME_BUCKET_DAY), "2025-01-05");
  EXPECT_EQ(BucketLabel("2024-12-30T00:00:00Z", v1::TIME_BUCKET_WEEK), "2024-12-30 W01");
  EXPECT_EQ(BucketLabel("2020-12-28T00:00:00Z", v1::TIME_BUCKET_WEEK), "2020-12-28 W53");
  EXPECT_EQ(BucketLabel("2025-10-01T00:00:00Z", v1::TIME_BUCKET_QUARTER), "2025 Q4");
  EXPECT_EQ(BucketLabel("2025-01-01T00:00:00Z", v1::TIME_BUCKET_YEAR), "2025");
}

TEST(BucketKeys, FillsGaps) {
  EXPECT_THAT(BucketKeys("2024-11-01T00:00:00Z", "2025-01-01T00:00:00Z", v1::TIME_BUCKET_MONTH, 10),
              ElementsAre("2024-11-01T00:00:00Z", "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z"));
  EXPECT_THAT(BucketKeys("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z", v1::TIME_BUCKET_DAY, 10),
              ElementsAre("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"));
}

TEST(Bar, ShowsAnythingAboveZero) {
  EXPECT_EQ(Bar(0, 100, 10), "");
  EXPECT_EQ(Bar(1, 1'000'000, 10), "▏");
  EXPECT_EQ(Bar(50, 100, 4), "██");
  EXPECT_EQ(Bar(100, 100, 4), "████");
}

TEST(ParseDistanceM, KnowsUnits) {
  EXPECT_DOUBLE_EQ(*ParseDistanceM("50km"), 50'000);
  EXPECT_DOUBLE_EQ(*ParseDistanceM("1.5 km"), 1'500);
  EXPECT_DOUBLE_EQ(*ParseDistanceM("800"), 800);
  EXPECT_DOUBLE_EQ(*ParseDistanceM("2nmi"), 3'704);
  EXPECT_FALSE(ParseDistanceM("km").ok());
  EXPECT_FALSE(ParseDistanceM("5 parsec").ok());
}

TEST(ParseBox, TakesNegativeNumbersInOrder) {
  const auto box = ParseBox("-170.5,-10,170,+20");
  ASSERT_TRUE(box.ok());
  EXPECT_EQ(box->west(), -170.5);
  EXPECT_EQ(box->north(), 20);
  EXPECT_FALSE(ParseBox("1,2,3").ok());
  EXPECT_FALSE(ParseBox("1,2,3,4,5").ok());
  EXPECT_FALSE(ParseBox("1,2,3,x").ok());
}

TEST(ParsePolygon, FindsTheOnePolygonWithItsHoles) {
  constexpr char kFeature[] = R"({"type":"FeatureCollection","features":[{"type":"Feature",
    "geometry":{"type":"Polygon",
                "coordinates":[[[0,0],[4,0],[4,4],[0,0]],[[1,1],[2,1],[2,2]]]}}]})";
  const auto polygon = ParsePolygon(kFeature, "x");
  ASSERT_TRUE(polygon.ok());
  EXPECT_EQ(polygon->exterior().points_size(), 4);
  EXPECT_EQ(polygon->holes_size(), 1);
  EXPECT_EQ(polygon->exterior().points(1).longitude(), 4);
  for (const char* text : {"", "{}", "[1]", R"({"type":"Point","coordinates":[0,0]})",
                           R"({"type":"Polygon","coordinates":[[["a",0]]]})"}) {
    EXPECT_FALSE(ParsePolygon(text, "x").ok()) << text;
  }
}

std::vector<std::string> Records(const std::string& text) {
  std::istringstream in(text);
  JsonRecords records(in);
  std::vector<std::string> all;
  std::string record;
  int line = 0;
  while (true) {
    const auto more = records.Next(record, line);
    if (!more.ok()) all.push_back(std::string(more.status().message()));
    if (!more.ok() || !*more) return all;
    all.push_back(std::to_string(line) + " " + record);
  }
}

TEST(JsonRecords, SplitsLines) {
  EXPECT_THAT(Records("\xEF\xBB\xBF{\"a\":1}\r\n\n  {\"b\":2}\nnot json"),
              ElementsAre("1 {\"a\":1}\r", "3 {\"b\":2}", "4 not json"));
  EXPECT_THAT(Records(""), ElementsAre());
}

TEST(JsonRecords, SplitsAnArray) {
  EXPECT_THAT(Records("[\n {\"a\":\"}]\\\"{\"},\n{\"b\":{\"c\":[1]}}\n]\n"),
              ElementsAre("2 {\"a\":\"}]\\\"{\"}", "3 {\"b\":{\"c\":[1]}}"));
  EXPECT_THAT(Records("[]"), ElementsAre());
}

TEST(JsonRecords, TellsWhereAnArrayBreaks) {
  EXPECT_THAT(Records("[{\"a\":1}\n{"), ElementsAre("line 2: expected , or ] after an object"));
  EXPECT_THAT(Records("[{\"a\":1}, 5]"),
              ElementsAre("1 {\"a\":1}", "line 1: expected an object in the array"));
  EXPECT_THAT(Records("[{\"a\":"), ElementsAre("line 1: the object does not end"));
}

}  // namespace
}  // namespace annals::cli

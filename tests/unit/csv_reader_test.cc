#include "clients/import/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace annals::import {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<CsvRecord> ReadAll(const std::string& text, char separator = ',') {
  std::istringstream in(text);
  CsvReader reader(&in, separator);
  std::vector<CsvRecord> records;
  CsvRecord record;
  while (true) {
    const absl::StatusOr<bool> any = reader.Next(&record);
    EXPECT_TRUE(any.ok()) << any.status();
    if (!any.ok() || !*any) return records;
    records.push_back(record);
  }
}

TEST(CsvReader, EndsRecordsAtLfAndCrlf) {
  const auto records = ReadAll("a,b\r\nc,d\ne,f");
  ASSERT_EQ(records.size(), 3u);
  EXPECT_THAT(records[0].fields, ElementsAre("a", "b"));
  EXPECT_THAT(records[1].fields, ElementsAre("c", "d"));
  EXPECT_THAT(records[2].fields, ElementsAre("e", "f"));
}

TEST(CsvReader, KeepsSeparatorsLineBreaksAndDoubledQuotesOfQuotedFields) {
  const auto records = ReadAll("\"a,b\",\"two\r\nlines\",\"say \"\"no\"\"\"\nlast,,\"\"\n");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_THAT(records[0].fields, ElementsAre("a,b", "two\r\nlines", "say \"no\""));
  EXPECT_THAT(records[1].fields, ElementsAre("last", "", ""));
}

TEST(CsvReader, NumbersRowsAndTheLinesTheyBeginOn) {
  const auto records = ReadAll("h\n\"1\n2\n3\"\n\nx\n");
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[1].row, 2);
  EXPECT_EQ(records[1].line, 2);
  EXPECT_EQ(records[2].row, 3);
  EXPECT_EQ(records[2].line, 6);
}

TEST(CsvReader, SkipsAByteOrderMark) {
  const auto records = ReadAll("\xEF\xBB\xBF\"id\",x\n");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_THAT(records[0].fields, ElementsAre("id", "x"));
}

TEST(CsvReader, TakesQuotesInsideAFieldAndLoneReturnsAsText) {
  const auto records = ReadAll("5\" gun,a\rb\n");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_THAT(records[0].fields, ElementsAre("5\" gun", "a\rb"));
}

TEST(CsvReader, SeparatesByTabs) {
  const auto records = ReadAll("a,b\tc\n", '\t');
  ASSERT_EQ(records.size(), 1u);
  EXPECT_THAT(records[0].fields, ElementsAre("a,b", "c"));
}

TEST(CsvReader, HasNoRecordsInNothing) {
  EXPECT_THAT(ReadAll(""), IsEmpty());
  EXPECT_THAT(ReadAll("\r\n\n"), IsEmpty());
}

TEST(CsvReader, NamesTheLineOfAQuoteNeverClosed) {
  std::istringstream in("a,b\nc,\"d\ne,f\n");
  CsvReader reader(&in);
  CsvRecord record;
  ASSERT_TRUE(reader.Next(&record).ok());
  const absl::StatusOr<bool> broken = reader.Next(&record);
  EXPECT_EQ(broken.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(broken.status().message()), HasSubstr("line 2"));
  EXPECT_EQ(record.line, 2);
  const absl::StatusOr<bool> after = reader.Next(&record);
  ASSERT_TRUE(after.ok());
  EXPECT_FALSE(*after);
}

TEST(CsvReader, GoesOnBehindALineWithTextAfterAClosingQuote) {
  std::istringstream in("\"a\"x,b\nc,d\n");
  CsvReader reader(&in);
  CsvRecord record;
  EXPECT_EQ(reader.Next(&record).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(record.line, 1);
  const absl::StatusOr<bool> after = reader.Next(&record);
  ASSERT_TRUE(after.ok() && *after);
  EXPECT_THAT(record.fields, ElementsAre("c", "d"));
  EXPECT_EQ(record.row, 2);
}

TEST(CsvReader, RefusesARecordBeyondTheLimit) {
  std::istringstream in("\"" + std::string(kRecordBytesMax + 1, 'x') + "\"\n");
  CsvReader reader(&in);
  CsvRecord record;
  EXPECT_EQ(reader.Next(&record).status().code(), absl::StatusCode::kInvalidArgument);
  const absl::StatusOr<bool> after = reader.Next(&record);
  ASSERT_TRUE(after.ok());
  EXPECT_FALSE(*after);
}

}  // namespace
}  // namespace annals::import

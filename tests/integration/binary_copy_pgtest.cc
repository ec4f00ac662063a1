#include "storage/postgres/binary_copy.h"

#include "storage/postgres/transaction.h"
#include "tests/integration/postgres_fixture.h"

namespace annals::testing {
namespace {

using storage::BinaryCopy;
using storage::Transaction;

class Copies : public PostgresStore {
 protected:
  absl::Status Run(absl::FunctionRef<absl::Status(Transaction&)> body) {
    return storage::RunTransaction(pool_, storage::TransactionMode::kWrite, context_.deadline,
                                   body);
  }
};

TEST_F(Copies, WriteEveryTypeAsSqlReadsIt) {
  (void)database_.Run(
      "CREATE TABLE t (b boolean, i2 smallint, i4 int, i8 bigint, d double precision,"
      " t timestamptz, s text, y bytea, a8 bigint[], a2 smallint[], at text[], v tsvector,"
      " e bigint[], n text)");
  const auto status = Run([&](Transaction& transaction) {
    BinaryCopy copy(&transaction, "t", "b, i2, i4, i8, d, t, s, y, a8, a2, at, v, e, n");
    copy.BeginRow(14);
    copy.Bool(true);
    copy.Int16(-2);
    copy.Int32(-70'000);
    copy.Int64(std::int64_t{-5'000'000'000});
    copy.Double(-0.1);
    copy.Timestamp(At("1969-12-31T23:59:59.999999Z"));
    copy.Text("Kursk \xd0\x9a\t\\ '\"");
    copy.Bytes(std::string_view("\0\n\xff", 3));
    copy.Int64Array(std::vector<std::int64_t>{1, -1});
    copy.Int16Array(std::vector<int>{7, 8});
    copy.TextArray(std::vector<std::string>{"a,b", ""});
    copy.Lexemes(std::vector<std::string>{"a'b", "c"});
    copy.Int64Array({});
    copy.TextOrNull("");
    copy.Finish();
    return absl::OkStatus();
  });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(database_.Run("SELECT count(*) FROM t WHERE b AND i2 = -2 AND i4 = -70000"
                          " AND i8 = -5000000000 AND d = -0.1"
                          " AND t = '1969-12-31T23:59:59.999999Z'"
                          " AND s = E'Kursk \\u041a\\t\\\\ \\'\"' AND y = '\\x000aff'"
                          " AND a8 = '{1,-1}' AND a2 = '{7,8}' AND at = '{\"a,b\",\"\"}'"
                          " AND v = $$'a''b' 'c'$$::tsvector AND e = '{}' AND n IS NULL"),
            "1");
}

TEST_F(Copies, StreamMoreThanABuffer) {
  constexpr int kRows = 20'000;
  (void)database_.Run("CREATE TABLE t (n bigint, s text)");
  const auto status = Run([&](Transaction& transaction) {
    BinaryCopy copy(&transaction, "t", "n, s");
    for (int i = 0; i < kRows; ++i) {
      copy.BeginRow(2);
      copy.Int64(std::int64_t{i});
      copy.Text("some text that is not short");
    }
    copy.Finish();
    return absl::OkStatus();
  });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(database_.Run("SELECT count(DISTINCT n) FROM t"), std::to_string(kRows));
}

TEST_F(Copies, EndTheTransactionWhereTheServerRefuses) {
  (void)database_.Run("CREATE TABLE t (n bigint PRIMARY KEY)");
  const auto status = Run([&](Transaction& transaction) {
    BinaryCopy copy(&transaction, "t", "n");
    for (int i = 0; i < 2; ++i) {
      copy.BeginRow(1);
      copy.Int64(std::int64_t{1});
    }
    copy.Finish();
    return absl::OkStatus();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_EQ(database_.Run("SELECT count(*) FROM t"), "0");
  EXPECT_TRUE(Head().ok());
}

TEST_F(Copies, GivenUpChangeNothing) {
  (void)database_.Run("CREATE TABLE t (n bigint)");
  const auto status = Run([&](Transaction& transaction) {
    BinaryCopy copy(&transaction, "t", "n");
    copy.BeginRow(1);
    copy.Int64(std::int64_t{1});
    return absl::CancelledError();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(database_.Run("SELECT count(*) FROM t"), "0");
}

}  // namespace
}  // namespace annals::testing

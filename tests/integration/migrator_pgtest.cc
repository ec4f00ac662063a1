#include "storage/postgres/migrator.h"

#include <thread>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/error.h"
#include "tests/support/test_database.h"

namespace annals::testing {
namespace {

using storage::ConnectionPool;
using storage::EmbeddedFile;
using storage::ErrorReason;
using storage::Migrate;
using storage::MigrationFiles;

class Migrator : public ::testing::Test {
 protected:
  absl::Status Apply(std::span<const EmbeddedFile> migrations = MigrationFiles()) {
    return Migrate(pool_, absl::Now() + absl::Minutes(1), migrations);
  }

  TestDatabase database_{TestDatabase::Contents::kNothing};
  ConnectionPool pool_{{.connection_string = database_.connection_string()}};
};

TEST_F(Migrator, BringsAnEmptyDatabaseToTheSchemaAndThenDoesNothing) {
  ASSERT_TRUE(Apply().ok());
  EXPECT_EQ(database_.Run("SELECT count(*) FROM event"), "0");
  const std::string store = database_.Run("SELECT store_id FROM store");
  EXPECT_EQ(store.size(), 32U);
  ASSERT_TRUE(Apply().ok());
  EXPECT_EQ(database_.Run("SELECT store_id FROM store"), store);
  EXPECT_EQ(database_.Run("SELECT count(*) FROM schema_migration"),
            std::to_string(MigrationFiles().size()));
}

TEST_F(Migrator, GoesOnFromAnOlderSchema) {
  ASSERT_TRUE(Apply(MigrationFiles().first(1)).ok());
  EXPECT_EQ(database_.Run("SELECT to_regclass('event') IS NULL"), "t");
  ASSERT_TRUE(Apply().ok());
  EXPECT_EQ(database_.Run("SELECT to_regclass('event') IS NULL"), "f");
}

TEST_F(Migrator, AppliesEachMigrationOnceWhenTwoProgramsStartTogether) {
  absl::Status other;
  std::thread thread([&] { other = Apply(); });
  const absl::Status ours = Apply();
  thread.join();
  EXPECT_TRUE(ours.ok()) << ours;
  EXPECT_TRUE(other.ok()) << other;
}

TEST_F(Migrator, RefusesADatabaseNewerThanItself) {
  ASSERT_TRUE(Apply().ok());
  const auto refused = Apply(MigrationFiles().first(1));
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(refused), "SCHEMA_TOO_NEW");
}

TEST_F(Migrator, RefusesAMigrationThatWasEditedAfterItWasApplied) {
  ASSERT_TRUE(Apply().ok());
  std::vector<EmbeddedFile> edited(MigrationFiles().begin(), MigrationFiles().end());
  edited[0].contents = "SELECT 1";
  EXPECT_EQ(ErrorReason(Apply(edited)), "SCHEMA_CHANGED");
}

TEST_F(Migrator, LeavesNothingOfAMigrationThatFails) {
  const std::vector<EmbeddedFile> broken = {
      {"storage/migrations/0001_broken.sql", "CREATE TABLE half (); SELECT 1 / 0"}};
  EXPECT_FALSE(Apply(broken).ok());
  EXPECT_EQ(database_.Run("SELECT to_regclass('half') IS NULL"), "t");
}

TEST_F(Migrator, CommentsEveryTable) {
  ASSERT_TRUE(Apply().ok());
  EXPECT_EQ(database_.Run("SELECT string_agg(relname, ' ') FROM pg_class"
                          " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')"
                          " AND obj_description(oid) IS NULL"
                          " AND relname NOT LIKE 'geo%' AND relname <> 'spatial_ref_sys'"),
            "");
}

}  // namespace
}  // namespace annals::testing

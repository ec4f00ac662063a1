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

// Event 7 of feed f: created at position 1, corrected at 2, retracted at 4; event 8 of feed g:
// created at 3.
constexpr char kRecordOfTheSecondSchema[] =
    "INSERT INTO feed (feed, title, licence, attribution, reliability, create_time)"
    " VALUES ('f', 't', 'l', '', '', now()), ('g', 't', 'l', '', '', now());"
    "INSERT INTO commit_log SELECT p, now() + p * interval '1 second', 'r', 0, 0, 0"
    " FROM generate_series(1, 4) AS p;"
    "INSERT INTO participant VALUES (42, 'Band');"
    "INSERT INTO event (id, revision, position, create_time, update_time, occurred_start,"
    " occurred_end, feed_id, kind, state, is_long, event, actor_keys, actor_roles, content_hash,"
    " record) SELECT v.id, v.revision, v.position, now(), now(), now(), now(), f.id, 1, v.state,"
    " false, 'e', '{42}', '{1}', '', '' FROM (VALUES (7, 3, 4, 'f', 2), (8, 1, 3, 'g', 1))"
    " AS v(id, revision, position, feed, state) JOIN feed f USING (feed);"
    "INSERT INTO event_revision (id, revision, position, create_time, update_time, occurred_start,"
    " occurred_end, feed_id, kind, state, is_long, event, actor_keys, actor_roles, content_hash,"
    " record, until_position, end_time) SELECT v.id, v.revision, v.position, now(), now(), now(),"
    " now(), f.id, 1, 1, false, 'e', '{42}', '{1}', '', '', v.until_position, now()"
    " FROM (VALUES (7, 1, 1, 2), (7, 2, 2, 4)) AS v(id, revision, position, until_position),"
    " feed f WHERE f.feed = 'f'";

TEST_F(Migrator, CountsWhatEachFeedHeldAtEachPositionBefore) {
  ASSERT_TRUE(Apply(MigrationFiles().first(2)).ok());
  (void)database_.Run(kRecordOfTheSecondSchema);
  ASSERT_TRUE(Apply().ok());
  EXPECT_EQ(database_.Run("SELECT string_agg(format('%s@%s:%s/%s/%s/%s', f.feed, c.position,"
                          " c.active_count, c.retracted_count, c.superseded_count,"
                          " c.merged_count), ' '"
                          " ORDER BY f.feed, c.position)"
                          " FROM feed_count c JOIN feed f ON f.id = c.feed_id"),
            "f@1:1/0/0/0 f@2:1/0/1/0 f@4:0/1/2/0 g@3:1/0/0/0");
  EXPECT_EQ(database_.Run("SELECT string_agg(f.feed || ':' || p.text, ' ' ORDER BY f.feed)"
                          " FROM participant p JOIN feed f ON f.id = p.feed_id"),
            "f:Band g:Band");
  EXPECT_EQ(database_.Run("SELECT string_agg(participants::text, ' ') FROM event_flat"),
            "{Band} {Band}");
  EXPECT_EQ(database_.Run("SELECT count(*) FROM feed WHERE restricted"), "0");
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

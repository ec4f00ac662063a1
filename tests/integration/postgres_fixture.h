// A prepared store of its own for a test on PostgreSQL, and ways to hurt it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/error.h"
#include "storage/gazetteer.h"
#include "storage/postgres/connection_pool.h"
#include "storage/postgres/postgres_catalog_store.h"
#include "storage/postgres/postgres_event_store.h"
#include "tests/support/event_builder.h"
#include "tests/support/test_database.h"

namespace annals::testing {

inline const storage::Gazetteer& PostgresTestGazetteer() {
  static const auto gazetteer = storage::Gazetteer::LoadEmbedded();
  return *gazetteer;
}

class PostgresStore : public ::testing::Test {
 protected:
  void SetUp() override {
    annals::v1::Feed feed;
    feed.set_name("feeds/f");
    feed.set_title("Feed");
    feed.set_licence("CC0-1.0");
    ASSERT_TRUE(catalog_.CreateFeed(context_, feed).ok());
  }

  [[nodiscard]] absl::StatusOr<storage::UpsertReceipt> Upsert(const EventBuilder& builder) {
    return events_.UpsertEvents(context_, {builder.Row()}, {});
  }
  [[nodiscard]] absl::StatusOr<storage::Position> Head() {
    const auto info = events_.Info(context_);
    if (!info.ok()) return info.status();
    return info->position;
  }
  // Ends every session of the database but our own, as a crash of the server would.
  void KillSessions() const {
    (void)database_.Run(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()");
  }

  TestDatabase database_;
  storage::ConnectionPool pool_{{.connection_string = database_.connection_string()}};
  storage::PostgresCatalogStore catalog_{&pool_};
  storage::PostgresEventStore events_{&pool_, &PostgresTestGazetteer()};
  storage::CallContext context_{storage::Visibility::All(), absl::Now() + absl::Minutes(1)};
};

}  // namespace annals::testing

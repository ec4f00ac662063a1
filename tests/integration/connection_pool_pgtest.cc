#include "storage/postgres/connection_pool.h"

#include <csignal>
#include <optional>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/error.h"
#include "storage/postgres/transaction.h"
#include "tests/support/test_database.h"

namespace annals::testing {
namespace {

using storage::ConnectionPool;
using storage::ErrorReason;
using storage::RunTransaction;
using storage::Transaction;
using storage::TransactionMode;

absl::Time Soon() { return absl::Now() + absl::Minutes(1); }

class Pool : public ::testing::Test {
 protected:
  // The backend that answers.
  absl::StatusOr<int> Backend() {
    int pid = 0;
    const auto status =
        RunTransaction(pool_, TransactionMode::kRead, Soon(), [&](Transaction& transaction) {
          pid = transaction.Run("SELECT pg_backend_pid()")[0][0].as<int>();
          return absl::OkStatus();
        });
    if (!status.ok()) return status;
    return pid;
  }
  void Terminate(int pid) const {
    (void)database_.Run("SELECT pg_terminate_backend(" + std::to_string(pid) + ", 10000)");
  }

  TestDatabase database_;
  ConnectionPool pool_{{.connection_string = database_.connection_string(),
                        .connections_max = 2,
                        .session_setup = "",
                        .watchdog_grace = absl::Milliseconds(200)}};
};

TEST_F(Pool, IsBoundedAndWaitsUntilTheDeadline) {
  auto first = pool_.Acquire(Soon());
  auto second = pool_.Acquire(Soon());
  ASSERT_TRUE(first.ok() && second.ok());
  const auto third = pool_.Acquire(absl::Now() + absl::Milliseconds(50));
  EXPECT_EQ(third.status().code(), absl::StatusCode::kDeadlineExceeded);
  std::optional<ConnectionPool::Lease> waited;
  std::thread waiter([&] {
    auto lease = pool_.Acquire(Soon());
    if (lease.ok()) waited.emplace(*std::move(lease));
  });
  { const auto given_back = *std::move(first); }
  waiter.join();
  EXPECT_TRUE(waited.has_value());
}

TEST_F(Pool, UsesAConnectionAgain) {
  const auto first = Backend();
  const auto second = Backend();
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(*first, *second);
}

TEST_F(Pool, ReplacesAConnectionThatDiedWhileItWasIdle) {
  const auto first = Backend();
  ASSERT_TRUE(first.ok());
  Terminate(*first);
  const auto second = Backend();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_NE(*first, *second);
}

TEST_F(Pool, AnswersUnavailableWhereTheBackendDiesInATransactionAndThenWorks) {
  int runs = 0;
  const auto status =
      RunTransaction(pool_, TransactionMode::kRead, Soon(), [&](Transaction& transaction) {
        ++runs;
        Terminate(transaction.Run("SELECT pg_backend_pid()")[0][0].as<int>());
        transaction.Run("SELECT 1");
        return absl::OkStatus();
      });
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(status), "DATABASE_UNAVAILABLE");
  EXPECT_EQ(runs, 1);
  EXPECT_TRUE(Backend().ok());
}

TEST_F(Pool, CarriesTheDeadlineIntoSql) {
  const auto status =
      RunTransaction(pool_, TransactionMode::kRead, absl::Now() + absl::Milliseconds(100),
                     [&](Transaction& transaction) {
                       transaction.Run("SELECT pg_sleep(60)");
                       return absl::OkStatus();
                     });
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(Backend().ok());
}

TEST_F(Pool, CutsACallThatHangsInAStoppedServer) {
  int stopped = 0;
  const auto status =
      RunTransaction(pool_, TransactionMode::kRead, absl::Now() + absl::Milliseconds(200),
                     [&](Transaction& transaction) {
                       stopped = transaction.Run("SELECT pg_backend_pid()")[0][0].as<int>();
                       EXPECT_EQ(kill(stopped, SIGSTOP), 0);
                       transaction.Run("SELECT 1");
                       return absl::OkStatus();
                     });
  kill(stopped, SIGCONT);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_TRUE(Backend().ok());
}

TEST_F(Pool, AnswersUnavailableWhereThereIsNoServer) {
  ConnectionPool nowhere({.connection_string = "host=/nonexistent dbname=annals"});
  const auto lease = nowhere.Acquire(Soon());
  EXPECT_EQ(lease.status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(Pool, RollsBackWhereTheBodyAnswersAnError) {
  const auto status =
      RunTransaction(pool_, TransactionMode::kWrite, Soon(), [&](Transaction& transaction) {
        transaction.Run("UPDATE store SET catalog_version = 77");
        return absl::AbortedError("no");
      });
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_NE(database_.Run("SELECT catalog_version FROM store"), "77");
}

TEST_F(Pool, NeverGoesOnInATransactionThatAnExceptionEnded) {
  const auto status =
      RunTransaction(pool_, TransactionMode::kWrite, Soon(), [&](Transaction& transaction) {
        transaction.Run("UPDATE store SET catalog_version = 77");
        transaction.Run("SELECT 1 / 0");
        return absl::OkStatus();
      });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_NE(database_.Run("SELECT catalog_version FROM store"), "77");
}

TEST_F(Pool, HidesWhatTheDriverSays) {
  const auto status =
      RunTransaction(pool_, TransactionMode::kRead, Soon(), [&](Transaction& transaction) {
        transaction.Run("SELECT secret FROM nowhere");
        return absl::OkStatus();
      });
  EXPECT_EQ(ErrorReason(status), "INTERNAL");
  EXPECT_EQ(status.ToString().find("secret"), std::string::npos);
}

TEST_F(Pool, RepeatsATransactionThatTheDatabaseAborted) {
  int runs = 0;
  const auto status =
      RunTransaction(pool_, TransactionMode::kWrite, Soon(), [&](Transaction& transaction) {
        if (++runs < 3) {
          transaction.RunScript(
              "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$");
        }
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(runs, 3);
}

}  // namespace
}  // namespace annals::testing

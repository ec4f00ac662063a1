#include "storage/postgres/embedded_postgres.h"

#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <fstream>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/error.h"
#include "storage/postgres/connection_pool.h"
#include "storage/postgres/store_setup.h"
#include "storage/postgres/transaction.h"
#include "tests/support/test_database.h"

namespace annals::testing {
namespace {

using storage::ConnectionPool;
using storage::EmbeddedPostgres;
using storage::ErrorReason;
using storage::Transaction;
using storage::TransactionMode;

absl::Time Soon() { return absl::Now() + absl::Minutes(1); }

std::string Ask(ConnectionPool& pool, const std::string& sql) {
  std::string answer;
  const auto status =
      storage::RunOutsideTransaction(pool, Soon(), [&](const storage::SqlSession& run) {
        const auto rows = run(sql);
        if (!rows.empty()) answer = rows[0][0].c_str();
      });
  EXPECT_TRUE(status.ok()) << status;
  return answer;
}

class Embedded : public ::testing::Test {
 protected:
  TestDirectory directory_;
};

TEST_F(Embedded, KeepsWhatIsInItFromOneStartToTheNext) {
  for (const char* expected : {"0", "1"}) {
    const auto server = EmbeddedPostgres::Start(directory_.path());
    ASSERT_TRUE(server.ok()) << server.status();
    ConnectionPool pool({.connection_string = (*server)->connection_string()});
    ASSERT_TRUE(storage::PrepareStore(pool, Soon()).ok());
    EXPECT_EQ(Ask(pool, "SELECT count(*) FROM token_key WHERE key = sha256('1')"), expected);
    Ask(pool, "UPDATE token_key SET key = sha256('1')");
  }
}

TEST_F(Embedded, ListensOnItsSocketOnly) {
  const auto server = EmbeddedPostgres::Start(directory_.path());
  ASSERT_TRUE(server.ok()) << server.status();
  ConnectionPool pool({.connection_string = (*server)->connection_string()});
  EXPECT_EQ(Ask(pool, "SHOW listen_addresses"), "");
  EXPECT_EQ(Ask(pool, "SHOW fsync"), "on");
  EXPECT_EQ(Ask(pool, "SHOW synchronous_commit"), "on");
}

TEST_F(Embedded, UsesAShortPathForTheSocketOfALongOne) {
  const auto deep = directory_.path() / std::string(120, 'd') / "it's \"here\", no\\t there";
  const auto server = EmbeddedPostgres::Start(deep);
  ASSERT_TRUE(server.ok()) << server.status();
  ConnectionPool pool({.connection_string = (*server)->connection_string()});
  EXPECT_EQ(Ask(pool, "SELECT 1"), "1");
}

TEST_F(Embedded, UsesASocketDirectoryThatNeedsQuotes) {
  const auto server = EmbeddedPostgres::Start(directory_.path() / "it's \"here\", no\\t there");
  ASSERT_TRUE(server.ok()) << server.status();
  ConnectionPool pool({.connection_string = (*server)->connection_string()});
  EXPECT_EQ(Ask(pool, "SELECT 1"), "1");
}

TEST_F(Embedded, RefusesADirectoryThatIsServed) {
  const auto first = EmbeddedPostgres::Start(directory_.path());
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = EmbeddedPostgres::Start(directory_.path());
  EXPECT_EQ(ErrorReason(second.status()), "DIRECTORY_IN_USE") << second.status();
  ConnectionPool pool({.connection_string = (*first)->connection_string()});
  EXPECT_EQ(Ask(pool, "SELECT 1"), "1");
}

TEST_F(Embedded, RefusesTheDatabaseOfAnotherMajorVersion) {
  std::filesystem::create_directories(directory_.path() / "postgres");
  std::ofstream(directory_.path() / "postgres" / "PG_VERSION") << "14\n";
  const auto refused = EmbeddedPostgres::Start(directory_.path());
  EXPECT_EQ(ErrorReason(refused.status()), "POSTGRES_VERSION_MISMATCH");
  EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr("PostgreSQL 14"));
}

TEST_F(Embedded, MakesADatabaseThatWasLeftHalfMade) {
  std::filesystem::create_directories(directory_.path() / "postgres.new" / "base");
  const auto server = EmbeddedPostgres::Start(directory_.path());
  EXPECT_TRUE(server.ok()) << server.status();
}

TEST_F(Embedded, StartsAgainByItselfWhenTheServerIsKilled) {
  const auto server = EmbeddedPostgres::Start(directory_.path());
  ASSERT_TRUE(server.ok()) << server.status();
  ConnectionPool pool({.connection_string = (*server)->connection_string()});
  ASSERT_TRUE(storage::PrepareStore(pool, Soon()).ok());
  const absl::Time killed = absl::Now();
  ASSERT_EQ(kill((*server)->server_pid(), SIGKILL), 0);
  absl::Status status;
  do {
    status =
        storage::RunTransaction(pool, TransactionMode::kRead, Soon(), [](Transaction& transaction) {
          transaction.Run("SELECT 1");
          return absl::OkStatus();
        });
  } while (!status.ok() && absl::Now() < killed + absl::Seconds(10));
  EXPECT_TRUE(status.ok()) << status;
}

// Runs `test_cluster serve` as another process.
class Served {
 public:
  explicit Served(const std::filesystem::path& directory) {
    int out[2];
    EXPECT_EQ(pipe(out), 0);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(out[1], STDOUT_FILENO);
      execl(ANNALS_TEST_CLUSTER, "test_cluster", "serve", directory.c_str(), nullptr);
      _exit(127);
    }
    close(out[1]);
    FILE* output = fdopen(out[0], "r");
    for (int c = std::fgetc(output); c != EOF && c != '\n'; c = std::fgetc(output)) {
      connection_string_.push_back(static_cast<char>(c));
    }
    std::fclose(output);
  }
  ~Served() { Kill(); }

  [[nodiscard]] const std::string& connection_string() const { return connection_string_; }
  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  std::string connection_string_;
};

TEST_F(Embedded, SurvivesTheKillOfTheProcessThatServesIt) {
  Served served(directory_.path());
  ASSERT_FALSE(served.connection_string().empty());
  {
    ConnectionPool pool({.connection_string = served.connection_string()});
    ASSERT_TRUE(storage::PrepareStore(pool, Soon()).ok());
    Ask(pool, "UPDATE store SET catalog_version = 77");
  }
  served.Kill();
  const auto server = EmbeddedPostgres::Start(directory_.path());
  ASSERT_TRUE(server.ok()) << server.status();
  ConnectionPool pool({.connection_string = (*server)->connection_string()});
  EXPECT_EQ(Ask(pool, "SELECT catalog_version FROM store"), "77");
}

}  // namespace
}  // namespace annals::testing

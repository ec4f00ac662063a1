#include "tests/support/test_database.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <system_error>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "storage/postgres/connection_pool.h"
#include "storage/postgres/embedded_postgres.h"
#include "storage/postgres/store_setup.h"
#include "storage/postgres/transaction.h"

namespace annals::testing {
namespace {

using storage::ConnectionPool;
using storage::ConnectionPoolOptions;
using storage::EmbeddedPostgres;

constexpr char kTemplate[] = "annals_template";
constexpr absl::Duration kStepMax = absl::Minutes(1);
constexpr mode_t kTraversable = 0711;

[[noreturn]] void Die(std::string_view what, const absl::Status& status) {
  fmt::print(stderr, "{}: {}\n", what, status.ToString());
  std::exit(EXIT_FAILURE);
}

// The last of two settings of one name counts.
std::string WithDatabase(const std::string& connection_string, std::string_view database) {
  return fmt::format("{} dbname={}", connection_string, database);
}

absl::Status RunOn(const std::string& connection_string, const std::string& sql,
                   std::string* answer) {
  ConnectionPoolOptions options;
  options.connection_string = connection_string;
  options.connections_max = 1;
  ConnectionPool pool(options);
  return storage::RunOutsideTransaction(
      pool, absl::Now() + kStepMax, [&](const storage::SqlSession& run) {
        const auto rows = run(sql);
        if (answer != nullptr && !rows.empty() && !rows[0].empty()) *answer = rows[0][0].c_str();
      });
}

// A server for this process alone, for tests that are run by hand.
const std::string& OwnServer() {
  static TestDirectory directory;
  static const auto server = [] {
    auto started = EmbeddedPostgres::Start(directory.path());
    if (!started.ok()) Die("no PostgreSQL for the tests", started.status());
    if (auto made = MakeTemplate((*started)->connection_string()); !made.ok()) {
      Die("no template database for the tests", made);
    }
    return *std::move(started);
  }();
  return server->connection_string();
}

const std::string& Server() {
  static const std::string connection_string = [] {
    std::string shared;
    std::ifstream file(ANNALS_TEST_CLUSTER_FILE);
    std::getline(file, shared);
    if (!shared.empty() && RunOn(shared, "SELECT 1", nullptr).ok()) return shared;
    return OwnServer();
  }();
  return connection_string;
}

std::string NewName() {
  static std::atomic<int> count = 0;
  return fmt::format("test_{}_{}", getpid(), ++count);
}

std::string NewDirectory() {
  std::string name = "/tmp/annals-test-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    Die("no directory for the tests", absl::UnavailableError(name));
  }
  chmod(name.c_str(), kTraversable);
  return name;
}

}  // namespace

absl::Status MakeTemplate(const std::string& connection_string) {
  if (auto made = RunOn(connection_string, fmt::format("CREATE DATABASE {}", kTemplate), nullptr);
      !made.ok()) {
    return made;
  }
  ConnectionPoolOptions options;
  options.connection_string = WithDatabase(connection_string, kTemplate);
  ConnectionPool pool(options);
  return storage::PrepareStore(pool, absl::Now() + kStepMax);
}

TestDatabase::TestDatabase(Contents contents)
    : name_(NewName()), connection_string_(WithDatabase(Server(), name_)) {
  const bool prepared = contents == Contents::kPreparedStore;
  auto made = RunOn(
      Server(),
      fmt::format("CREATE DATABASE {} TEMPLATE {}", name_, prepared ? kTemplate : "template0"),
      nullptr);
  // A clone is a store of its own.
  if (made.ok() && prepared) {
    made = RunOn(connection_string_,
                 "UPDATE store SET store_id = replace(gen_random_uuid()::text, '-', '');"
                 "UPDATE token_key SET key = sha256(uuid_send(gen_random_uuid()))",
                 nullptr);
  }
  if (!made.ok()) Die("no database for the test", made);
}

TestDatabase::~TestDatabase() {
  const auto dropped =
      RunOn(Server(), fmt::format("DROP DATABASE {} WITH (FORCE)", name_), nullptr);
  if (!dropped.ok()) fmt::print(stderr, "{} stays: {}\n", name_, dropped.ToString());
}

std::string TestDatabase::Run(const std::string& sql) const {
  std::string answer;
  if (auto run = RunOn(connection_string_, sql, &answer); !run.ok()) Die(sql, run);
  return answer;
}

TestDirectory::TestDirectory() : path_(NewDirectory()) {}

TestDirectory::~TestDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace annals::testing

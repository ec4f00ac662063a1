#include "storage/postgres/migrator.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "spdlog/spdlog.h"
#include "storage/error.h"
#include "storage/postgres/sql_value.h"
#include "storage/postgres/transaction.h"

namespace annals::storage {
namespace {

constexpr int kPostgresVersionMin = 150000;  // as server_version_num counts

// Taken for each migration, so that two programs that start at once apply it once.
// The second keeps the writers of an older program out meanwhile.
constexpr char kLock[] =
    "SELECT pg_advisory_xact_lock(hashtextextended('annals.migrate', 0)),"
    " pg_advisory_xact_lock(hashtextextended('annals.write', 0))";

constexpr char kCreateTable[] =
    "CREATE TABLE IF NOT EXISTS schema_migration ("
    "  version integer NOT NULL CONSTRAINT schema_migration_pk PRIMARY KEY,"
    "  file text NOT NULL,"
    "  sha256 bytea NOT NULL,"
    "  apply_time timestamptz NOT NULL);"
    "COMMENT ON TABLE schema_migration IS"
    " 'What the schema is made of: the migrations applied, in order, and the SHA-256 of each.'";

std::string Checksum(std::string_view contents) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(contents.data()), contents.size(), digest.data());
  return ByteaText(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

absl::Status Refuse(std::string_view reason, std::string_view message) {
  return Error(absl::StatusCode::kFailedPrecondition, reason, message);
}

absl::Status CheckServer(Transaction& transaction) {
  const auto server = transaction.Run(
      "SELECT current_setting('server_version_num')::int, current_setting('server_version'),"
      " EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'postgis')");
  if (server[0][0].as<int>() < kPostgresVersionMin) {
    return Refuse("POSTGRES_TOO_OLD", fmt::format("PostgreSQL 15 or newer is needed, this is {}",
                                                  server[0][1].c_str()));
  }
  if (!server[0][2].as<bool>()) {
    return Refuse("POSTGIS_MISSING",
                  "the extension PostGIS is not installed on the database server (Debian: "
                  "postgresql-15-postgis-3)");
  }
  return absl::OkStatus();
}

// What was applied before must be the beginning of what we have.
absl::Status CheckApplied(const pqxx::result& applied, std::span<const EmbeddedFile> migrations) {
  if (static_cast<std::size_t>(applied.size()) > migrations.size()) {
    return Refuse("SCHEMA_TOO_NEW",
                  fmt::format("the database has {} migrations, this annalsd knows {}: it is older "
                              "than the one that served the database last",
                              applied.size(), migrations.size()));
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(applied.size()); ++i) {
    const EmbeddedFile& file = migrations[i];
    const auto row = applied[static_cast<pqxx::result::size_type>(i)];
    if (row[0].as<std::size_t>() != i + 1 || row[1].c_str() != Checksum(file.contents)) {
      return Refuse(
          "SCHEMA_CHANGED",
          fmt::format("migration {} is not the one that this database was made with", file.path));
    }
  }
  return absl::OkStatus();
}

// Applies the first migration that is missing. `done` where none was.
absl::Status ApplyNext(Transaction& transaction, std::span<const EmbeddedFile> migrations,
                       bool* done) {
  transaction.Run(kLock);
  if (auto server = CheckServer(transaction); !server.ok()) return server;
  transaction.RunScript(kCreateTable);
  const auto applied =
      transaction.Run("SELECT version, sha256 FROM schema_migration ORDER BY version");
  if (auto checked = CheckApplied(applied, migrations); !checked.ok()) return checked;
  *done = static_cast<std::size_t>(applied.size()) == migrations.size();
  if (*done) return absl::OkStatus();
  const EmbeddedFile& next = migrations[applied.size()];
  spdlog::info("applying migration {}", next.path);
  transaction.RunScript(next.contents);
  transaction.Run(
      "INSERT INTO schema_migration (version, file, sha256, apply_time)"
      " VALUES ($1::int, $2, $3::bytea, clock_timestamp())",
      {fmt::format("{}", applied.size() + 1), std::string(next.path), Checksum(next.contents)});
  return absl::OkStatus();
}

}  // namespace

absl::Status Migrate(ConnectionPool& pool, absl::Time deadline,
                     std::span<const EmbeddedFile> migrations) {
  bool done = false;
  while (!done) {
    const auto status = RunTransaction(
        pool, TransactionMode::kSchema, deadline,
        [&](Transaction& transaction) { return ApplyNext(transaction, migrations, &done); });
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace annals::storage

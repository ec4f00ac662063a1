// annalsd: flags -> configuration -> wiring -> run. The only file that names storage/postgres.
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "service/config.h"
#include "service/log.h"
#include "service/server.h"
#include "service/shutdown_signal.h"
#include "storage/gazetteer.h"
#include "storage/postgres/embedded_postgres.h"
#include "storage/postgres/postgres_catalog_store.h"
#include "storage/postgres/postgres_change_log.h"
#include "storage/postgres/postgres_event_store.h"
#include "storage/postgres/rederivation.h"
#include "storage/postgres/store_setup.h"

namespace annals::service {
namespace {

absl::Time SetupEnd() { return absl::Now() + absl::Minutes(5); }

struct Database {
  std::unique_ptr<storage::EmbeddedPostgres> embedded;  // null where the database runs by itself
  std::unique_ptr<storage::ConnectionPool> pool;
};

absl::StatusOr<Database> OpenDatabase(const Config& config) {
  Database database;
  std::string connection_string = config.database_url;
  if (!config.data_dir.empty()) {
    auto embedded = storage::EmbeddedPostgres::Start(config.data_dir);
    if (!embedded.ok()) return embedded.status();
    connection_string = (*embedded)->connection_string();
    database.embedded = *std::move(embedded);
  }
  storage::ConnectionPoolOptions options;
  options.connection_string = connection_string;
  options.connections_max = config.server.sql_threads;
  database.pool = std::make_unique<storage::ConnectionPool>(std::move(options));
  const absl::Status ready = storage::PrepareStore(*database.pool, SetupEnd());
  if (!ready.ok()) return ready;
  return database;
}

absl::Status Migrate(const Config& config) {
  const auto database = OpenDatabase(config);
  if (!database.ok()) return database.status();
  std::cerr << "annalsd: the database has the schema of annalsd " ANNALS_VERSION "\n";
  const auto gazetteer = storage::Gazetteer::LoadEmbedded();
  const absl::Status derived =
      storage::RederiveRecords(*database->pool, *gazetteer, absl::InfiniteFuture());
  if (!derived.ok()) return derived;
  return storage::LoadRegions(*database->pool, *gazetteer, SetupEnd());
}

absl::Status RotateKeys(const Config& config) {
  const auto database = OpenDatabase(config);
  if (!database.ok()) return database.status();
  return storage::PostgresCatalogStore(database->pool.get())
      .RotateTokenKeys({.visibility = storage::Visibility::All(), .deadline = SetupEnd()},
                       config.forget_older);
}

absl::Status Serve(const Config& config) {
  ShutdownSignal shutdown;
  const auto database = OpenDatabase(config);
  if (!database.ok()) return database.status();
  const auto gazetteer = storage::Gazetteer::LoadEmbedded();
  if (auto derived = storage::RederiveRecords(*database->pool, *gazetteer, absl::InfiniteFuture());
      !derived.ok()) {
    return derived;
  }
  storage::PostgresChangeLog changes(database->pool.get());
  storage::PostgresEventStore events(database->pool.get(), gazetteer.get(),
                                     [&](storage::Position at) { changes.Announce(at); });
  storage::PostgresCatalogStore catalog(database->pool.get());
  const auto server = Server::Start(
      config.server,
      {.events = &events, .catalog = &catalog, .changes = &changes, .gazetteer = gazetteer.get()});
  if (!server.ok()) return server.status();
  std::cerr << fmt::format("annalsd ready: grpc={} http=off\n",
                           fmt::join((*server)->addresses(), ","));
  const absl::Status regions = storage::LoadRegions(*database->pool, *gazetteer, SetupEnd());
  if (!regions.ok()) Log(LogLevel::kWarning, "regions not loaded", {{"error", regions.ToString()}});
  shutdown.Wait();
  Log(LogLevel::kInfo, "draining", {{"for", absl::FormatDuration(config.drain)}});
  (*server)->Drain(config.drain);
  return absl::OkStatus();
}

absl::Status Do(const Config& config) {
  switch (config.command) {
    case Command::kServe:
      return Serve(config);
    case Command::kMigrate:
      return Migrate(config);
    case Command::kRotateKeys:
      return RotateKeys(config);
    case Command::kToken:
      return RunTokenCommand(config.token, absl::Now(), std::cout, std::cerr);
  }
  return absl::OkStatus();
}

int Run(const Config& config) {
  ConfigureLog(config.log_format, config.log_level);
  const absl::Status status = Do(config);
  if (!status.ok()) std::cerr << fmt::format("annalsd: {}\n", std::string(status.message()));
  return status.ok() ? kExitOk : kExitFailure;
}

}  // namespace
}  // namespace annals::service

int main(int argc, char** argv) {
  const auto config = annals::service::ParseConfig(argc, argv);
  if (const int* exit_status = std::get_if<int>(&config)) return *exit_status;
  return annals::service::Run(std::get<annals::service::Config>(config));
}

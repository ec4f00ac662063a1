#include "service/config.h"

#include <iostream>
#include <map>
#include <optional>

#include "CLI/CLI.hpp"
#include "fmt/format.h"
#include "service/listen_address.h"

namespace annals::service {
namespace {

// Each has a connection; the PostgreSQL of --data takes 64 in all.
constexpr int kSqlThreadsMax = 48;
constexpr int kDrainSecondsMax = 3'600;

constexpr char kAbout[] = "annalsd: the server of annals, a conflict-event timeline service";
constexpr char kAfter[] =
    "Every flag can also be set in the file given by --config (TOML: listen = \"127.0.0.1:7070\")\n"
    "and in the environment (ANNALS_LISTEN): a flag goes before the file, the file before the\n"
    "environment.\n"
    "Exit status: 0 success, 1 failure, 2 usage.";

const std::map<std::string, LogLevel> kLevels = {{"debug", LogLevel::kDebug},
                                                 {"info", LogLevel::kInfo},
                                                 {"warning", LogLevel::kWarning},
                                                 {"error", LogLevel::kError}};
const std::map<std::string, LogFormat> kFormats = {{"text", LogFormat::kText},
                                                   {"json", LogFormat::kJson}};

// What is wrong with flags that are each right.
std::optional<std::string> Contradiction(const Config& config) {
  if (config.data_dir.empty() == config.database_url.empty()) {
    return config.data_dir.empty()
               ? "say where the record is kept: --data DIR runs a PostgreSQL of annalsd's own in "
                 "DIR, --database URL uses one that runs already"
               : "give either --data or --database: the record is kept in one place";
  }
  for (const std::string& listen : config.server.listen) {
    const auto address = ParseListenAddress(listen);
    if (!address.ok()) return "--listen " + std::string(address.status().message());
  }
  return std::nullopt;
}

struct Values {
  Config config;
  std::string log_level = "info";
  std::string log_format = "text";
  int drain_seconds = 10;
};

void AddOptions(CLI::App* app, Values* values) {
  Config& config = values->config;
  app->set_version_flag("--version", "annalsd " ANNALS_VERSION);
  app->set_config("--config", "", "read further settings from this file")->type_name("FILE");
  app->add_option("--data", config.data_dir,
                  "keep the record in this directory, in a PostgreSQL of annalsd's own")
      ->envname("ANNALS_DATA")
      ->type_name("DIR");
  app->add_option("--database", config.database_url,
                  "keep the record in this PostgreSQL (15 or later, with PostGIS)")
      ->envname("ANNALS_DATABASE")
      ->type_name("URL");
  config.server.listen = {"127.0.0.1:7070"};
  app->add_option("--listen", config.server.listen,
                  "serve gRPC here: HOST:PORT (loopback) or unix:PATH; may be repeated")
      ->envname("ANNALS_LISTEN")
      ->type_name("ADDRESS")
      ->delimiter(',')
      ->capture_default_str();
  app->add_option("--sql-threads", config.server.sql_threads,
                  "how many calls may be at the database at once")
      ->envname("ANNALS_SQL_THREADS")
      ->check(CLI::Range(1, kSqlThreadsMax))
      ->capture_default_str();
  app->add_option("--log-level", values->log_level, "least level of entries that are logged")
      ->envname("ANNALS_LOG_LEVEL")
      ->check(CLI::IsMember(kLevels))
      ->capture_default_str();
  app->add_option("--log-format", values->log_format, "how entries are written")
      ->envname("ANNALS_LOG_FORMAT")
      ->check(CLI::IsMember(kFormats))
      ->capture_default_str();
  app->add_option("--drain-seconds", values->drain_seconds,
                  "how long calls under way may go on after SIGTERM")
      ->envname("ANNALS_DRAIN_SECONDS")
      ->check(CLI::Range(0, kDrainSecondsMax))
      ->capture_default_str();
}

}  // namespace

std::variant<Config, int> ParseConfig(int argc, const char* const* argv) {
  CLI::App app(kAbout, "annalsd");
  app.footer(kAfter);
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.require_subcommand(0, 1);
  Values values;
  AddOptions(&app, &values);
  const auto* migrate =
      app.add_subcommand("migrate", "bring the database to this version's schema and exit")
          ->fallthrough()
          ->configurable(false);
  const auto* check =
      app.add_subcommand("check-config", "check flags, file and environment, and exit")
          ->fallthrough()
          ->configurable(false);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  Config& config = values.config;
  if (const auto wrong = Contradiction(config)) {
    std::cerr << "annalsd: " << *wrong << "\n";
    return kExitUsage;
  }
  if (check->parsed()) {
    std::cout << "the configuration is valid\n";
    return kExitOk;
  }
  config.command = migrate->parsed() ? Command::kMigrate : Command::kServe;
  config.log_level = kLevels.at(values.log_level);
  config.log_format = kFormats.at(values.log_format);
  config.drain = absl::Seconds(values.drain_seconds);
  return config;
}

}  // namespace annals::service

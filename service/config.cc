#include "service/config.h"

#include <iostream>
#include <map>
#include <optional>

#include "CLI/CLI.hpp"
#include "fmt/format.h"

namespace annals::service {
namespace {

// Each has a connection; the PostgreSQL of --data takes 64 in all.
constexpr int kSqlThreadsMax = 48;
constexpr int kDrainSecondsMax = 3'600;
constexpr int kRequestsPerSecondMax = 1'000'000;
constexpr int kStreamsMax = 10'000;

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
  if (config.command == Command::kToken) {
    if (!config.token.auth_file.empty()) return std::nullopt;
    return "say which file: --auth FILE";
  }
  if (config.data_dir.empty() == config.database_url.empty()) {
    return config.data_dir.empty()
               ? "say where the record is kept: --data DIR runs a PostgreSQL of annalsd's own in "
                 "DIR, --database URL uses one that runs already"
               : "give either --data or --database: the record is kept in one place";
  }
  const TlsFiles& tls = config.server.tls;
  if (tls.certificate.empty() != tls.key.empty()) {
    return "--tls-cert and --tls-key go together";
  }
  if (!tls.client_ca.empty() && !tls.given())
    return "--tls-client-ca needs --tls-cert and --tls-key";
  const absl::Status exposure = CheckExposure(config.server);
  if (!exposure.ok()) return "--listen " + std::string(exposure.message());
  return std::nullopt;
}

// Of a flag whose absence lets more in than its presence: a variable that was not set must not.
const CLI::Validator kGiven(
    [](const std::string& text) {
      return text.empty() ? std::string("must not be empty") : std::string();
    },
    "");

struct Values {
  Config config;
  std::string log_level = "info";
  std::string log_format = "text";
  int drain_seconds = 10;
  std::string reflection = "auto";
};

struct Subcommands {
  const CLI::App* migrate = nullptr;
  const CLI::App* check = nullptr;
  const CLI::App* rotate_keys = nullptr;
  const CLI::App* token = nullptr;
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
                  "serve gRPC here: HOST:PORT or unix:PATH; may be repeated. Other than loopback "
                  "and UNIX sockets needs --auth and --tls-cert")
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

void AddAccessOptions(CLI::App* app, Values* values) {
  ServerOptions& server = values->config.server;
  app->add_option("--auth", server.auth_file,
                  "who may call (made by annalsd token create); without it everyone who reaches "
                  "annalsd may do everything")
      ->envname("ANNALS_AUTH")
      ->check(kGiven)
      ->type_name("FILE");
  app->add_option("--tls-cert", server.tls.certificate, "serve TCP with TLS by this certificate")
      ->envname("ANNALS_TLS_CERT")
      ->type_name("FILE");
  app->add_option("--tls-key", server.tls.key, "the certificate's private key")
      ->envname("ANNALS_TLS_KEY")
      ->type_name("FILE");
  app->add_option("--tls-client-ca", server.tls.client_ca,
                  "ask TCP clients for a certificate that one of these signed")
      ->envname("ANNALS_TLS_CLIENT_CA")
      ->check(kGiven)
      ->type_name("FILE");
  app->add_option("--reflection", values->reflection,
                  "tell the contract by gRPC reflection; auto: where only this machine asks")
      ->envname("ANNALS_REFLECTION")
      ->check(CLI::IsMember({"auto", "on", "off"}))
      ->capture_default_str();
  app->add_option("--requests-per-second", server.limits.requests_per_second,
                  "how many requests a caller may make a second; 0 is without limit")
      ->envname("ANNALS_REQUESTS_PER_SECOND")
      ->check(CLI::Range(0, kRequestsPerSecondMax))
      ->capture_default_str();
  app->add_option("--calls-max", server.limits.calls_max,
                  "how many calls a caller may have under way at once; 0 is without limit")
      ->envname("ANNALS_CALLS_MAX")
      ->check(CLI::Range(0, kStreamsMax))
      ->capture_default_str();
  app->add_option("--streams-max", server.limits.streams_max,
                  "how many exports and ingests a caller may have at once; 0 is without limit")
      ->envname("ANNALS_STREAMS_MAX")
      ->check(CLI::Range(0, kStreamsMax))
      ->capture_default_str();
  app->add_option("--rows-per-day", server.limits.rows_per_day,
                  "how many rows a caller may send in a day (UTC); 0 is without limit")
      ->envname("ANNALS_ROWS_PER_DAY")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

CLI::App* AddSubcommand(CLI::App* app, const std::string& name, const std::string& what) {
  return app->add_subcommand(name, what)->fallthrough()->configurable(false);
}

CLI::App* AddTokenCommands(CLI::App* app, TokenCommand* command) {
  CLI::App* token = AddSubcommand(app, "token", "say who may call, in the file of --auth");
  token->require_subcommand(1);
  CLI::App* create = AddSubcommand(token, "create", "make a token and print it, this once");
  create->add_option("principal", command->principal, "whose: [a-z0-9][a-z0-9._-]*")->required();
  create->add_option("--role", command->role, "reader, contributor, editor or admin");
  create->add_option("--feed", command->feeds, "a feed it may write to; may be repeated")
      ->allow_extra_args(false);
  create->add_option("--expires", command->expires, "after 45s, 30m, 12h, 90d, or never")
      ->capture_default_str();
  create->add_option("--certificate", command->certificate,
                     "let in by a client certificate of this name instead of a token");
  create->callback([command] { command->action = TokenCommand::Action::kCreate; });
  AddSubcommand(token, "list", "list who may call")->callback([command] {
    command->action = TokenCommand::Action::kList;
  });
  CLI::App* revoke = AddSubcommand(token, "revoke", "take a token back, at once");
  revoke
      ->add_option("id", command->id,
                   "of the token (the digits after annals_), or the name of a "
                   "certificate")
      ->required();
  revoke->callback([command] { command->action = TokenCommand::Action::kRevoke; });
  return token;
}

Subcommands AddSubcommands(CLI::App* app, Config* config) {
  Subcommands commands;
  commands.migrate =
      AddSubcommand(app, "migrate", "bring the database to this version's schema and exit");
  commands.check =
      AddSubcommand(app, "check-config", "check flags, file and environment, and exit");
  CLI::App* rotate =
      AddSubcommand(app, "rotate-keys",
                    "seal positions and page tokens with a new key; servers follow in a minute");
  rotate->add_flag("--forget-older", config->forget_older,
                   "make unreadable what was sealed with older keys: positions too");
  commands.rotate_keys = rotate;
  commands.token = AddTokenCommands(app, &config->token);
  return commands;
}

Command ChosenCommand(const Subcommands& commands) {
  if (commands.migrate->parsed()) return Command::kMigrate;
  if (commands.rotate_keys->parsed()) return Command::kRotateKeys;
  return commands.token->parsed() ? Command::kToken : Command::kServe;
}

}  // namespace

std::variant<Config, int> ParseConfig(int argc, const char* const* argv) {
  CLI::App app(kAbout, "annalsd");
  app.footer(kAfter);
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.require_subcommand(0, 1);
  Values values;
  AddOptions(&app, &values);
  AddAccessOptions(&app, &values);
  const Subcommands commands = AddSubcommands(&app, &values.config);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  Config& config = values.config;
  config.command = ChosenCommand(commands);
  if (values.reflection != "auto") config.server.reflection = values.reflection == "on";
  config.token.auth_file = config.server.auth_file;
  if (const auto wrong = Contradiction(config)) {
    std::cerr << "annalsd: " << *wrong << "\n";
    return kExitUsage;
  }
  if (commands.check->parsed()) {
    std::cout << "the configuration is valid\n";
    return kExitOk;
  }
  config.log_level = kLevels.at(values.log_level);
  config.log_format = kFormats.at(values.log_format);
  config.drain = absl::Seconds(values.drain_seconds);
  return config;
}

}  // namespace annals::service

#include "clients/cli/app.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "clients/cli/command.h"
#include "clients/cli/credential_flags.h"
#include "clients/cli/error_hint.h"
#include "clients/cli/outcome.h"
#include "clients/cpp/status.h"

namespace annals::cli {
namespace {

constexpr char kDescription[] =
    "annals - ask and keep a record of conflict events: what happened, when, where, to whom, and\n"
    "who says so.\n";

constexpr char kFooter[] = R"(
Output: data goes to stdout, all else to stderr. A table on a terminal, NDJSON (one JSON object a
line) when piped; -o chooses. JSON is the protobuf JSON mapping of annals.v1.
Exit status: 0 done; 1 the server refused or was not there, or a row did not go in; 2 the command
line cannot be understood. What is interrupted ends as the signal says, 130 in a shell.

Examples:
  annals query --region RU-KRS --kind capture --since 2025-01-01 --until 2025-02-01
  annals timeline --region UA --by month
  annals count --actor "North Korea" --since 2025
  annals watch --region UA --with-existing
  annals new --kind capture --feed my-notes
  annals ingest events.ndjson --feed my-notes --create-feed --title "My notes" --licence CC0-1.0

"annals COMMAND --help" is the manual of a command.)";

const std::map<std::string, OutputFormat> kFormats = {{"table", OutputFormat::kTable},
                                                      {"json", OutputFormat::kJson},
                                                      {"ndjson", OutputFormat::kNdjson},
                                                      {"csv", OutputFormat::kCsv},
                                                      {"geojson", OutputFormat::kGeojson}};

// Help whose descriptions are wrapped to a page.
class PageFormatter : public CLI::Formatter {
 public:
  std::string make_option_desc(const CLI::Option* option) const override {
    constexpr std::size_t kLineColumns = 66;
    std::string lines;
    std::size_t line_begin = 0;
    std::istringstream words(CLI::Formatter::make_option_desc(option));
    for (std::string word; words >> word;) {
      if (!lines.empty()) {
        const bool full = lines.size() - line_begin + 1 + word.size() > kLineColumns;
        lines += full ? '\n' : ' ';
        if (full) line_begin = lines.size();
      }
      lines += word;
    }
    return lines;
  }
};

// What the flags say before they are made into GlobalOptions.
struct GlobalFlags {
  std::string server;
  std::string timeout = "60s";
  std::string format;
  std::string color = "auto";
  CredentialFlags credentials;
};

void AddGlobalFlags(CLI::App& app, GlobalFlags& flags) {
  app.add_option("--server", flags.server,
                 "HOST:PORT or unix:PATH of annalsd (ANNALS_SERVER; default 127.0.0.1:7070)")
      ->type_name("ADDR");
  AddCredentialFlags(app, flags.credentials);
  app.add_option("--timeout", flags.timeout, "How long a question may take: 500ms, 60s, 5m")
      ->type_name("TIME")
      ->capture_default_str();
  app.add_option("-o,--output", flags.format, "table, json, ndjson, csv or geojson")
      ->type_name("FORMAT")
      ->check(CLI::IsMember(kFormats))
      ->option_text("FORMAT");
  app.add_option("--color", flags.color,
                 "always, never or auto (on a terminal; NO_COLOR is heeded)")
      ->check(CLI::IsMember({"always", "never", "auto"}))
      ->option_text("WHEN");
  app.set_version_flag("--version", "annals " ANNALS_VERSION, "Print the version and exit");
}

absl::Status Compile(const GlobalFlags& flags, const Environment& environment,
                     GlobalOptions& options) {
  client::ConnectionOptions& connection = options.connection;
  if (!environment.server.empty()) connection.server = environment.server;
  if (!flags.server.empty()) connection.server = flags.server;
  if (!absl::ParseDuration(flags.timeout, &connection.timeout) ||
      connection.timeout <= absl::ZeroDuration()) {
    return UsageError(
        fmt::format("--timeout: '{}' is not a time such as 500ms, 60s or 5m", flags.timeout));
  }
  if (!flags.format.empty()) options.format = kFormats.at(flags.format);
  if (flags.color != "auto") options.color = flags.color == "always";
  return ReadCredentials(flags.credentials, environment.credentials, connection);
}

// "annals feeds create", as far as the command line could be read.
std::string CommandPath(const CLI::App& app) {
  std::string path = app.get_name();
  for (const CLI::App* command : app.get_subcommands()) path += " " + CommandPath(*command);
  return path;
}

int PrintUsage(const CLI::App& app, const Session& session, std::string_view message) {
  session.Note(message);
  session.Err() << fmt::format("`{} --help` is the manual.\n", CommandPath(app));
  return kExitUsage;
}

void PrintError(const absl::Status& status, const Session& session, const GlobalOptions& options) {
  if (IsAlreadyTold(status)) return;
  session.Note(fmt::format("{}: {}", absl::StatusCodeToString(status.code()),
                           std::string(status.message())));
  // Where there is more than one violation the message names the first.
  const auto violations = client::FieldViolations(status);
  for (std::size_t i = 1; i < violations.size(); ++i) {
    session.Note(fmt::format("  {}: {}", violations[i].field, violations[i].description));
  }
  const std::string hint = ErrorHint(status, options.connection);
  if (!hint.empty()) session.Note(hint);
}

void AddCommands(CLI::App& app, ChosenAction& chosen) {
  AddQueryCommand(app, chosen);
  AddCountCommand(app, chosen);
  AddTimelineCommand(app, chosen);
  AddGetCommand(app, chosen);
  AddHistoryCommand(app, chosen);
  AddDiffCommand(app, chosen);
  AddChangesCommand(app, chosen);
  AddWatchCommand(app, chosen);
  AddNewCommand(app, chosen);
  AddEditCommand(app, chosen);
  AddIngestCommand(app, chosen);
  AddImportCommand(app, chosen);
  AddRetractCommand(app, chosen);
  AddOfferCommand(app, chosen);
  AddDuplicatesCommand(app, chosen);
  AddMergeCommand(app, chosen);
  AddUnmergeCommand(app, chosen);
  AddRedactCommand(app, chosen);
  AddFeedsCommand(app, chosen);
  AddRegionsCommand(app, chosen);
  AddActorsCommand(app, chosen);
  AddStatusCommand(app, chosen);
}

}  // namespace

CLI::App* AddCommand(CLI::App& app, const std::string& name, const std::string& description,
                     const std::string& footer) {
  CLI::App* command = app.add_subcommand(name, description);
  command->footer(
      footer + "\n\n--server, --token-file, --tls, --timeout, -o and --color: see annals --help.");
  return command;
}

void Choose(CLI::App* command, ChosenAction& chosen, Action action) {
  command->callback([&chosen, action = std::move(action)] { chosen = action; });
}

CLI::Option* AddRepeated(CLI::App* command, const std::string& flag,
                         std::vector<std::string>& values, const std::string& description) {
  return command->add_option(flag, values, description)->allow_extra_args(false);
}

int Run(const std::vector<std::string>& arguments, const Environment& environment) {
  CLI::App app(kDescription, "annals");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.fallthrough();
  app.formatter(std::make_shared<PageFormatter>());
  app.get_formatter()->column_width(32);
  GlobalFlags flags;
  AddGlobalFlags(app, flags);
  ChosenAction chosen;
  AddCommands(app, chosen);

  GlobalOptions options;
  Session session(environment, options);
  try {
    // CLI11 takes the arguments last first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Success& asked) {  // --help, --version
    app.exit(asked, *environment.out, *environment.err);
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    return PrintUsage(app, session, error.what());
  }
  absl::Status status = Compile(flags, environment, options);
  if (status.ok()) status = session.Connect();
  if (status.ok()) status = chosen(session);
  environment.out->flush();
  if (ExitCode(status) == kExitUsage) {
    return PrintUsage(app, session, std::string(status.message()));
  }
  if (!status.ok()) PrintError(status, session, options);
  return ExitCode(status);
}

}  // namespace annals::cli

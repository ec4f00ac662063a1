// How a command joins `annals`.
//
// Each command lives in a file of its own and has one function here, which declares its flags on a
// subcommand and gives the action to run when that subcommand was chosen. Declared flags are bound
// to a shared options struct that the action captures:
//
//   void AddGetCommand(CLI::App& app, ChosenAction& chosen) {
//     auto names = std::make_shared<std::vector<std::string>>();
//     CLI::App* command = AddCommand(app, "get", "Print events by name.");
//     command->add_option("NAME", *names, "…")->required();
//     Choose(command, chosen, [names](Session& session) { return Get(session, *names); });
//   }
//
// and is listed once more in app.cc.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "clients/cli/session.h"

namespace annals::cli {

// Runs a command. OK is exit status 0; see outcome.h for the others.
using Action = std::function<absl::Status(Session&)>;

// The action of the command that was chosen on the command line.
using ChosenAction = Action;

// A subcommand of `app` with a one-line description and, under its help, examples.
CLI::App* AddCommand(CLI::App& app, const std::string& name, const std::string& description,
                     const std::string& footer = {});

// Has `action` run when `command` is the one chosen.
void Choose(CLI::App* command, ChosenAction& chosen, Action action);

// Binds a flag that may be repeated, one value each time ("--region A --region B").
CLI::Option* AddRepeated(CLI::App* command, const std::string& flag,
                         std::vector<std::string>& values, const std::string& description);

void AddQueryCommand(CLI::App& app, ChosenAction& chosen);
void AddCountCommand(CLI::App& app, ChosenAction& chosen);
void AddTimelineCommand(CLI::App& app, ChosenAction& chosen);
void AddGetCommand(CLI::App& app, ChosenAction& chosen);
void AddHistoryCommand(CLI::App& app, ChosenAction& chosen);
void AddDiffCommand(CLI::App& app, ChosenAction& chosen);
void AddChangesCommand(CLI::App& app, ChosenAction& chosen);
void AddWatchCommand(CLI::App& app, ChosenAction& chosen);
void AddNewCommand(CLI::App& app, ChosenAction& chosen);
void AddEditCommand(CLI::App& app, ChosenAction& chosen);
void AddIngestCommand(CLI::App& app, ChosenAction& chosen);
void AddImportCommand(CLI::App& app, ChosenAction& chosen);
void AddRetractCommand(CLI::App& app, ChosenAction& chosen);
void AddOfferCommand(CLI::App& app, ChosenAction& chosen);
void AddDuplicatesCommand(CLI::App& app, ChosenAction& chosen);
void AddMergeCommand(CLI::App& app, ChosenAction& chosen);
void AddUnmergeCommand(CLI::App& app, ChosenAction& chosen);
void AddRedactCommand(CLI::App& app, ChosenAction& chosen);
void AddFeedsCommand(CLI::App& app, ChosenAction& chosen);
void AddRegionsCommand(CLI::App& app, ChosenAction& chosen);
void AddActorsCommand(CLI::App& app, ChosenAction& chosen);
void AddStatusCommand(CLI::App& app, ChosenAction& chosen);

}  // namespace annals::cli

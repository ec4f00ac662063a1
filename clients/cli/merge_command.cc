// annals merge and annals unmerge: events that report the same.
#include <fmt/format.h>

#include "clients/cli/command.h"
#include "clients/cli/name_resolver.h"

namespace annals::cli {
namespace {

constexpr char kMergeFooter[] = R"(
Each event keeps its content and its history, and its name leads to the event that it was merged
into, which is not changed. Questions find it only with --include-retracted. All are merged or none.
The target must be in the same feed or in a public one. `annals unmerge` undoes it.

Examples:
  annals merge my-notes/42 my-notes/43 --into ucdp-ged/147997 --reason "Same strike")";

constexpr char kUnmergeFooter[] = R"(
The events stand for themselves again, with the content that they had.

Examples:
  annals unmerge my-notes/42 --reason "Another village of the same name")";

struct MergeFlags {
  std::vector<std::string> names;
  std::string target;
  std::string reason;
  bool dry_run = false;
};

const char* Prefix(const MergeFlags& flags) {
  return flags.dry_run ? "dry run, nothing changed: " : "";
}

absl::Status Merge(Session& session, const MergeFlags& flags) {
  v1::MergeEventsRequest request;
  for (const std::string& name : flags.names) request.add_sources(EventName(name));
  request.set_target(EventName(flags.target));
  request.set_reason(flags.reason);
  request.set_validate_only(flags.dry_run);
  const auto response = session.Record().MergeEvents(request);
  if (!response.ok()) return response.status();
  for (const v1::Event& event : response->events()) {
    session.Note(fmt::format("{}merged {} into {}: {}", Prefix(flags), event.name(),
                             event.merged_into(), event.title()));
  }
  return absl::OkStatus();
}

absl::Status Unmerge(Session& session, const MergeFlags& flags) {
  v1::UnmergeEventsRequest request;
  for (const std::string& name : flags.names) request.add_names(EventName(name));
  request.set_reason(flags.reason);
  request.set_validate_only(flags.dry_run);
  const auto response = session.Record().UnmergeEvents(request);
  if (!response.ok()) return response.status();
  for (const v1::Event& event : response->events()) {
    session.Note(fmt::format("{}unmerged {}: {}", Prefix(flags), event.name(), event.title()));
  }
  return absl::OkStatus();
}

void AddFlags(CLI::App* command, MergeFlags& flags) {
  command->add_option("NAME", flags.names, "feeds/FEED/events/EVENT or FEED/EVENT, at most 100")
      ->required()
      ->option_text("...");
  command->add_option("--reason", flags.reason, "Why; kept with the change")
      ->required()
      ->option_text("TEXT");
  command->add_flag("--dry-run", flags.dry_run, "Check and change nothing");
}

}  // namespace

void AddMergeCommand(CLI::App& app, ChosenAction& chosen) {
  auto flags = std::make_shared<MergeFlags>();
  CLI::App* command =
      AddCommand(app, "merge", "Merge events into another that reports the same", kMergeFooter);
  AddFlags(command, *flags);
  command->add_option("--into", flags->target, "The event that stays")
      ->required()
      ->option_text("NAME");
  Choose(command, chosen, [flags](Session& session) { return Merge(session, *flags); });
}

void AddUnmergeCommand(CLI::App& app, ChosenAction& chosen) {
  auto flags = std::make_shared<MergeFlags>();
  CLI::App* command = AddCommand(app, "unmerge", "Undo a merge", kUnmergeFooter);
  AddFlags(command, *flags);
  Choose(command, chosen, [flags](Session& session) { return Unmerge(session, *flags); });
}

}  // namespace annals::cli

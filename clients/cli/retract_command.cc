// annals retract: takes an event back.
#include <fmt/format.h>

#include "clients/cli/command.h"
#include "clients/cli/name_resolver.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
The event stays readable by name and in its history; questions find it only with
--include-retracted. Retracting a retracted event changes nothing.

Examples:
  annals retract my-notes/42 --reason "Entered twice; see my-notes/41")";

struct RetractFlags {
  std::string name;
  std::string reason;
  std::string etag;
  bool dry_run = false;
};

absl::Status Retract(Session& session, const RetractFlags& flags) {
  v1::RetractEventRequest request;
  request.set_name(EventName(flags.name));
  request.set_reason(flags.reason);
  request.set_etag(flags.etag);
  request.set_validate_only(flags.dry_run);
  const auto response = session.Record().RetractEvent(request);
  if (!response.ok()) return response.status();
  session.Note(fmt::format("{}{}: {}", flags.dry_run ? "dry run, nothing changed: " : "retracted ",
                           response->event().name(), response->event().title()));
  return absl::OkStatus();
}

}  // namespace

void AddRetractCommand(CLI::App& app, ChosenAction& chosen) {
  auto flags = std::make_shared<RetractFlags>();
  CLI::App* command = AddCommand(app, "retract", "Take an event back", kFooter);
  command->add_option("NAME", flags->name, "feeds/FEED/events/EVENT or FEED/EVENT")
      ->required()
      ->option_text(" ");
  command->add_option("--reason", flags->reason, "Why; kept with the event")
      ->required()
      ->option_text("TEXT");
  command->add_option("--etag", flags->etag, "Only if the event's etag is still this one")
      ->option_text("ETAG");
  command->add_flag("--dry-run", flags->dry_run, "Check and change nothing");
  Choose(command, chosen, [flags](Session& session) { return Retract(session, *flags); });
}

}  // namespace annals::cli

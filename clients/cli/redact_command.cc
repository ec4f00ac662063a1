// annals redact: removes an event's content for good.
#include <fmt/format.h>

#include "clients/cli/command.h"
#include "clients/cli/confirmation.h"
#include "clients/cli/name_resolver.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
For law or safety. Title, description, place, participants, counts, claims, links, tags and details
go from every revision, also as of earlier moments; name, kind and time stay, and that it was
redacted. Nothing brings it back. Backups, replicas and logs of the database keep it until they are
rotated. The reason is kept in the audit: leave out what is to be removed.

Examples:
  annals redact my-notes/42 --reason "Names a witness"
  annals redact my-notes/42 --reason "Names a witness" --yes)";

struct RedactFlags {
  std::string name;
  std::string reason;
  bool dry_run = false;
  bool yes = false;
};

absl::Status Redact(Session& session, const RedactFlags& flags) {
  v1::RedactEventRequest request;
  request.set_name(EventName(flags.name));
  request.set_reason(flags.reason);
  request.set_validate_only(flags.dry_run);
  absl::Status confirmed =
      Confirm(session, fmt::format("{} loses its content for good.", request.name()),
              ShortEventName(request.name()), flags.yes || flags.dry_run);
  if (!confirmed.ok()) return confirmed;
  const auto response = session.Record().RedactEvent(request);
  if (!response.ok()) return response.status();
  session.Note(fmt::format("{}redacted {}", flags.dry_run ? "dry run, nothing changed: " : "",
                           response->event().name()));
  return absl::OkStatus();
}

}  // namespace

void AddRedactCommand(CLI::App& app, ChosenAction& chosen) {
  auto flags = std::make_shared<RedactFlags>();
  CLI::App* command =
      AddCommand(app, "redact", "Remove an event's content for good (administrators)", kFooter);
  command->add_option("NAME", flags->name, "feeds/FEED/events/EVENT or FEED/EVENT")
      ->required()
      ->option_text(" ");
  command->add_option("--reason", flags->reason, "Why; kept in the audit alone")
      ->required()
      ->option_text("TEXT");
  command->add_flag("--dry-run", flags->dry_run, "Check and change nothing");
  command->add_flag("--yes", flags->yes, "Do not ask");
  Choose(command, chosen, [flags](Session& session) { return Redact(session, *flags); });
}

}  // namespace annals::cli

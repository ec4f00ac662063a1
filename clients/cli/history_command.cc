// annals history: every revision of an event.
#include <fmt/format.h>

#include "annals/v1/annotations.pb.h"
#include "clients/cli/command.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/printer.h"
#include "clients/cli/time_text.h"
#include "clients/cli/words.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
Newest first. CHANGED names the fields in which a revision differs from the one before it. ndjson
has one revision a line, with the event as it was, the position it came into force at and when it
ended. For those who may edit the feed, BY says who made it, from where and why, and ndjson all that
is known of it as "audit".

Examples:
  annals history ucdp-ged/147997
  annals history ucdp-ged/147997 -o json)";

// The names of the client-set fields in which two revisions differ.
std::string ChangedFields(const v1::Event& older, const v1::Event& newer) {
  const auto& descriptor = *v1::Event::descriptor();
  std::string changed;
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const auto* field = descriptor.field(i);
    if (field->options().GetExtension(v1::output_only)) continue;
    // Each side reduced to the one field compares as a whole.
    const auto reduced = [field](const v1::Event& event) {
      v1::Event only = event;
      for (int j = 0; j < v1::Event::descriptor()->field_count(); ++j) {
        const auto* other = v1::Event::descriptor()->field(j);
        if (other != field) only.GetReflection()->ClearField(&only, other);
      }
      return only.SerializeAsString();
    };
    if (reduced(older) == reduced(newer)) continue;
    if (!changed.empty()) changed += ", ";
    changed += field->name();
  }
  return changed;
}

// "anna from 192.0.2.7: Entered twice"; empty where the answer does not say. When is in another
// column, and so is why a revision retracts.
std::string MadeBy(const v1::EventRevision& revision) {
  if (!revision.has_audit()) return {};
  const v1::AuditEntry& audit = revision.audit();
  std::string text = IdOf(audit.principal());
  if (!audit.address().empty()) text += " from " + audit.address();
  if (!audit.reason().empty() && audit.reason() != revision.event().retraction_reason()) {
    text += ": " + audit.reason();
  }
  return text;
}

std::vector<std::string> Cells(const v1::EventRevision& revision, const v1::EventRevision* older) {
  const v1::Event& event = revision.event();
  std::string changed = older == nullptr ? "created" : ChangedFields(older->event(), event);
  if (event.state() == v1::EVENT_STATE_RETRACTED) {
    changed = fmt::format("retracted: {}", event.retraction_reason());
  } else if (event.state() == v1::EVENT_STATE_MERGED) {
    changed = fmt::format("merged into {}", ShortEventName(event.merged_into()));
  }
  return {std::to_string(event.revision()),
          MomentText(event.update_time()),
          revision.has_end_time() ? MomentText(revision.end_time()) : "in force",
          Word(event.state()),
          MadeBy(revision),
          changed,
          event.title()};
}

absl::Status History(Session& session, const std::string& name) {
  auto printer = MakeListPrinter(session, {{.title = "REVISION", .right_aligned = true},
                                           {.title = "RECORDED (UTC)"},
                                           {.title = "UNTIL"},
                                           {.title = "STATE"},
                                           {.title = "BY", .width_min = 12},
                                           {.title = "CHANGED", .width_min = 12},
                                           {.title = "TITLE", .width_min = 12}});
  if (!printer.ok()) return printer.status();
  std::optional<v1::EventRevision> newer;  // Waits for the one before it.
  for (const auto& revision : session.Record().ListEventRevisions(EventName(name))) {
    if (!revision.ok()) return revision.status();
    if (newer) (*printer)->Add(*newer, Cells(*newer, &*revision));
    newer = *revision;
  }
  if (newer) (*printer)->Add(*newer, Cells(*newer, nullptr));
  (*printer)->Finish();
  return absl::OkStatus();
}

}  // namespace

void AddHistoryCommand(CLI::App& app, ChosenAction& chosen) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = AddCommand(app, "history", "Print every revision of an event", kFooter);
  command->add_option("NAME", *name, "feeds/FEED/events/EVENT or FEED/EVENT")
      ->required()
      ->option_text(" ");
  Choose(command, chosen, [name](Session& session) { return History(session, *name); });
}

}  // namespace annals::cli

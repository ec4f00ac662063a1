// annals edit: changes an event by hand.
#include <fmt/format.h>

#include "clients/cli/command.h"
#include "clients/cli/event_sheet.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/sheet_edit.h"
#include "clients/cli/words.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
Opens an editor on the event as `annals new` does on a new one, and sends what you save as its next
revision. Refused, with your text kept, where somebody else has changed the event since you began:
its revision is compared when the server checks your text, a moment before it is sent. A text that
changes nothing is not sent, and the exit status is 1. Links into feeds that you do not see are not
on the sheet: what you save has none of them. The next release of the event's feed may
change it again; correct what others publish in a feed of your own.

Examples:
  annals edit my-notes/01JGZ5W3N8Y7T0QFZ4M1X2B3C4)";

struct EditCommandFlags {
  std::string name;
  EditFlags edit;
};

absl::StatusOr<v1::Event> Fetch(const Session& session, const std::string& name) {
  v1::BatchGetEventsRequest request;
  request.add_names(name);
  auto response = session.Record().BatchGetEvents(request);
  if (!response.ok()) return response.status();
  if (response->events().empty()) {
    return absl::NotFoundError(fmt::format("there is no {}", name));
  }
  v1::Event event = std::move(*response->mutable_events(0));
  if (event.state() != v1::EVENT_STATE_ACTIVE || event.redacted()) {
    return absl::FailedPreconditionError(
        fmt::format("{} is {} and cannot be edited", name,
                    event.redacted() ? std::string("redacted") : Word(event.state())));
  }
  return event;
}

absl::Status ChangedMeanwhile(const std::string& name, std::int64_t revision) {
  return absl::AbortedError(
      fmt::format("{} was changed by somebody else since revision {}: see `annals history {}`, and "
                  "edit it anew",
                  name, revision, ShortEventName(name)));
}

// Whether what was written may take the place of `before`.
absl::Status Check(const v1::Event& before, const v1::Event& written, const v1::RowResult& would) {
  if (written.name() != before.name()) {
    return absl::InvalidArgumentError(
        fmt::format("name: must stay {}; `annals new` makes another event", before.name()));
  }
  switch (would.outcome()) {
    case v1::ROW_OUTCOME_UPDATED:
      return would.revision() == before.revision() + 1
                 ? absl::OkStatus()
                 : ChangedMeanwhile(before.name(), before.revision());
    case v1::ROW_OUTCOME_UNCHANGED:
      return would.revision() == before.revision()
                 ? absl::CancelledError("nothing in it differs from the event")
                 : ChangedMeanwhile(before.name(), before.revision());
    default:
      return ChangedMeanwhile(before.name(), before.revision());
  }
}

absl::Status Edit(Session& session, const EditCommandFlags& flags) {
  const std::string name = EventName(flags.name);
  const absl::StatusOr<v1::Event> before = Fetch(session, name);
  if (!before.ok()) return before.status();
  const std::string sheet = EventSheet(
      *before, {fmt::format("{}, revision {}.", name, before->revision()),
                "Lines that begin with # are not sent. An empty text, or this one as it is, "
                "changes nothing."});
  const auto sent = EditAndSend(session, flags.edit, sheet,
                                [&](const v1::Event& written, const v1::RowResult& would) {
                                  return Check(*before, written, would);
                                });
  if (!sent.ok()) return sent.status();
  session.Out() << sent->name() << "\n";
  if (sent->revision() != before->revision() + 1) {
    session.Note(
        fmt::format("{} was changed by somebody else in the same moment: see `annals diff "
                    "{}`",
                    name, ShortEventName(name)));
  }
  session.Note(fmt::format("changed {}, revision {}", sent->name(), sent->revision()));
  return absl::OkStatus();
}

}  // namespace

void AddEditCommand(CLI::App& app, ChosenAction& chosen) {
  auto flags = std::make_shared<EditCommandFlags>();
  CLI::App* command = AddCommand(app, "edit", "Change an event by hand, in an editor", kFooter);
  command->add_option("NAME", flags->name, "feeds/FEED/events/EVENT or FEED/EVENT")
      ->required()
      ->option_text(" ");
  AddEditFlags(command, flags->edit);
  Choose(command, chosen, [flags](Session& session) { return Edit(session, *flags); });
}

}  // namespace annals::cli

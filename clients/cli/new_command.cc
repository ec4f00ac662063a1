// annals new: enters an event by hand.
#include <fmt/format.h>

#include "clients/cli/command.h"
#include "clients/cli/event_sheet.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/outcome.h"
#include "clients/cli/sheet_edit.h"
#include "clients/cli/ulid.h"
#include "clients/cli/words.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
Opens an editor on a sheet of the fields that an event of this kind has: JSON with lines of comments
that say what each means. The server checks what you save before anything is written; what it
refuses comes back with the reasons at the top. An empty sheet, or one left as it is, is not sent,
and the exit status is 1. The name of the event is printed; its id is a ULID unless you change it.

Examples:
  annals new --kind capture --feed my-notes
  annals new --kind exchange-offer --feed my-notes --editor "code --wait")";

struct NewFlags {
  std::string kind;
  std::string feed;
  EditFlags edit;
};

absl::Status New(Session& session, const NewFlags& flags) {
  if (flags.kind.empty() == flags.edit.from.empty()) {
    return UsageError("give --kind, or --from with a text that has one");
  }
  v1::Event event;
  if (!flags.kind.empty()) {
    const auto kind = EnumNumber(*v1::EventKind_descriptor(), flags.kind);
    if (!kind) {
      return UsageError(fmt::format("--kind: '{}' is none of: {}", flags.kind,
                                    EnumWords(*v1::EventKind_descriptor())));
    }
    event.set_kind(static_cast<v1::EventKind>(*kind));
  }
  event.set_name(
      fmt::format("{}/events/{}", FeedName(flags.feed.empty() ? "FEED" : flags.feed), NewUlid()));
  const std::string sheet = EventSheet(
      event, {fmt::format("A new event of kind {}.", Word(event.kind())),
              "Lines that begin with # are not sent. Take the # away from those that you need; an "
              "empty text, or this one as it is, sends nothing."});
  const auto sent = EditAndSend(
      session, flags.edit, sheet,
      [](const v1::Event& written, const v1::RowResult& would) -> absl::Status {
        if (would.outcome() == v1::ROW_OUTCOME_CREATED) return absl::OkStatus();
        return absl::AlreadyExistsError(fmt::format(
            "name: there is {} already: give another, or use `annals edit`", written.name()));
      });
  if (!sent.ok()) return sent.status();
  session.Out() << sent->name() << "\n";
  session.Note(fmt::format("created {}", sent->name()));
  return absl::OkStatus();
}

}  // namespace

void AddNewCommand(CLI::App& app, ChosenAction& chosen) {
  auto flags = std::make_shared<NewFlags>();
  CLI::App* command = AddCommand(app, "new", "Enter an event by hand, in an editor", kFooter);
  command->add_option("--kind", flags->kind, EnumWords(*v1::EventKind_descriptor()))
      ->option_text("KIND");
  command->add_option("--feed", flags->feed, "The feed, such as my-notes; else name it in the text")
      ->option_text("FEED");
  AddEditFlags(command, flags->edit);
  Choose(command, chosen, [flags](Session& session) { return New(session, *flags); });
}

}  // namespace annals::cli

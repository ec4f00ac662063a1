// annals get: prints events by name.
#include <fmt/format.h>

#include <optional>

#include "clients/cli/command.h"
#include "clients/cli/credits.h"
#include "clients/cli/event_text.h"
#include "clients/cli/filter_flags.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/outcome.h"
#include "clients/cli/printer.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
A name is feeds/FEED/events/EVENT or, shorter, FEED/EVENT as tables show it. On a terminal each
event is told in full. Names that are not found are told on stderr, and the exit status is 1. A
merged event is answered with the one that it was merged into, which is told as well.

Examples:
  annals get sample/kursk-capture
  annals get ucdp-ged/147997 --as-of 2026-01-01 -o json)";

constexpr std::size_t kBatchNamesMax = 1'000;

struct GetFlags {
  std::vector<std::string> names;
  std::string as_of;
  bool keep_merged = false;
};

// What a merged event was merged into, as of the same moment.
absl::StatusOr<v1::Event> Survivor(Session& session, const v1::Event& merged,
                                   const GetFlags& flags) {
  v1::GetEventRequest request;
  request.set_name(merged.name());
  if (!flags.as_of.empty()) *request.mutable_as_of() = ParseAsOf(flags.as_of);
  auto response = session.Record().GetEvent(request);
  if (!response.ok()) return response.status();
  if (!response->merged_from().empty()) {
    session.Note(fmt::format("{}: merged into {}", merged.name(), response->event().name()));
  }
  return std::move(*response->mutable_event());
}

absl::Status Get(Session& session, const GetFlags& flags) {
  const bool in_full = session.Format() == OutputFormat::kTable;
  Credits credits(session);
  const std::unique_ptr<EventPrinter> printer =
      in_full ? nullptr : MakeEventPrinter(session, credits);
  bool all_found = true;
  bool first = true;
  for (std::size_t next = 0; next < flags.names.size();) {
    v1::BatchGetEventsRequest request;
    if (!flags.as_of.empty()) *request.mutable_as_of() = ParseAsOf(flags.as_of);
    for (std::size_t i = 0; i < kBatchNamesMax && next < flags.names.size(); ++i) {
      request.add_names(EventName(flags.names[next++]));
    }
    const auto response = session.Record().BatchGetEvents(request);
    if (!response.ok()) return response.status();
    for (v1::Event event : response->events()) {
      if (event.state() == v1::EVENT_STATE_MERGED && !flags.keep_merged) {
        auto survivor = Survivor(session, event, flags);
        if (!survivor.ok()) return survivor.status();
        event = *std::move(survivor);
      }
      if (in_full) {
        credits.Of(event);
        session.Out() << (first ? "" : "\n") << EventText(event, session.Columns());
      } else {
        printer->Add(event);
      }
      first = false;
    }
    for (const std::string& name : response->missing_names()) {
      session.Note(fmt::format("NOT_FOUND: {}", name));
      all_found = false;
    }
  }
  if (printer) printer->Finish();
  session.Out().flush();
  if (session.Out().good()) credits.Tell();
  return all_found ? absl::OkStatus() : AlreadyTold();
}

}  // namespace

void AddGetCommand(CLI::App& app, ChosenAction& chosen) {
  auto flags = std::make_shared<GetFlags>();
  CLI::App* command = AddCommand(app, "get", "Print events by name", kFooter);
  command->add_option("NAME", flags->names, "feeds/FEED/events/EVENT or FEED/EVENT")
      ->required()
      ->option_text("...");
  command->add_option("--as-of", flags->as_of, "As they stood then: a time or a position")
      ->option_text("MOMENT");
  command->add_flag("--keep-merged", flags->keep_merged,
                    "A merged event itself, not what it was merged into");
  Choose(command, chosen, [flags](Session& session) { return Get(session, *flags); });
}

}  // namespace annals::cli

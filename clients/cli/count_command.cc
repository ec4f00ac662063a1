// annals count: how many events match.
#include <fmt/format.h>

#include "clients/cli/command.h"
#include "clients/cli/credits.h"
#include "clients/cli/explain_empty.h"
#include "clients/cli/filter_flags.h"
#include "clients/cli/outcome.h"
#include "clients/cli/printer.h"
#include "clients/cli/terminal_text.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
On a terminal "X of Y events", where Y is the whole record; the bare number when piped. -o json
prints the totals with the sums of persons and fatalities.

Examples:
  annals count --region UA --since 2014 --until 2022
  annals count --kind capture,exchange --actor actors/ukr
  annals count --feed ucdp-ged --as-of 2026-01-01)";

absl::Status Print(const Session& session, const v1::SummarizeEventsResponse& totals) {
  const std::int64_t count = totals.totals().event_count();
  if (!session.FormatIsAsked() && !session.OutIsTerminal()) {
    session.Out() << count << "\n";
    return absl::OkStatus();
  }
  if (session.Format() == OutputFormat::kTable) {
    session.Out() << fmt::format("{} of {} events\n", Grouped(count),
                                 Grouped(totals.record_count()));
    return absl::OkStatus();
  }
  return PrintOne(session, totals, {});
}

absl::Status Count(Session& session, const FilterFlags& flags) {
  const absl::StatusOr<Question> question = CompileFilter(session, flags);
  if (!question.ok()) return question.status();
  auto totals = Totals(session, *question, v1::EVENT_ATTRIBUTE_FEED);
  if (!totals.ok()) return totals.status();
  // The feeds are asked for to credit them, and are no part of the answer.
  google::protobuf::RepeatedPtrField<v1::SummaryGroup> feeds;
  feeds.Swap(totals->mutable_groups());
  const absl::Status printed = Print(session, *totals);
  if (!printed.ok()) return printed;
  session.Out().flush();
  if (!session.Out().good()) return absl::OkStatus();
  Credits(session).TellOfSums(feeds, 0);
  if (totals->totals().event_count() == 0) ExplainEmpty(session, *question, *totals);
  return absl::OkStatus();
}

}  // namespace

void AddCountCommand(CLI::App& app, ChosenAction& chosen) {
  auto flags = std::make_shared<FilterFlags>();
  CLI::App* command = AddCommand(app, "count", "Print how many events match", kFooter);
  AddFilterFlags(command, *flags);
  Choose(command, chosen, [flags](Session& session) { return Count(session, *flags); });
}

}  // namespace annals::cli

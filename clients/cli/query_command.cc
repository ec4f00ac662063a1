// annals query: prints matching events.
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
Prints at most --limit events and tells on stderr how many there are; --all prints every one, pinned
to one position of the record. csv has the columns name, kind, start, end, precision, lat, lon,
region, place, persons and fatalities (low, best, high), participants, title, state, licence,
attribution. geojson is a FeatureCollection whose properties are the event and the attribution of
its feed, with the feeds as "credits"; events without a point have the geometry null. Whom to credit
is told on stderr in every format. Where a feed that forbids redistribution is among those asked,
--all is refused, except for those who may write to it; --feed asks for others.

Examples:
  annals query --region RU-KRS --kind capture --since 2025-01-01 --until 2025-02-01 -o json
  annals query --actor "North Korea" --role addressee
  annals query --near 51.73,36.19 --radius 50km --since 2024-08 --order oldest
  annals query --feed ucdp-ged --all -o csv > events.csv
  annals query --region UA --all --as-of 2026-01-01 | jq -r .title)";

constexpr std::int64_t kLimitMax = 1'000'000'000;

struct QueryFlags {
  FilterFlags filter;
  std::int64_t limit = 100;
  bool all = false;
  std::string order = "newest";
};

v1::EventOrder Order(const std::string& word) {
  if (word == "oldest") return v1::EVENT_ORDER_OCCURRED_OLDEST_FIRST;
  if (word == "recorded") return v1::EVENT_ORDER_RECORDED_NEWEST_FIRST;
  return v1::EVENT_ORDER_OCCURRED_NEWEST_FIRST;
}

// Fills what List and Export requests have in common.
template <typename Request>
Request Ask(const Question& question, const std::string& order) {
  Request request;
  *request.mutable_filter() = question.filter;
  request.set_order(Order(order));
  if (question.as_of) *request.mutable_as_of() = *question.as_of;
  return request;
}

// Prints at most `limit` events, or all where it is negative; says how many in `printed`.
absl::Status PrintEvents(Session& session, client::StreamRange<v1::Event> events,
                         std::int64_t limit, bool with_match, Credits& credits,
                         std::int64_t& printed) {
  std::unique_ptr<EventPrinter> printer;  // Made late: a refused question prints nothing.
  if (limit != 0) {
    for (const absl::StatusOr<v1::Event>& event : events) {
      // What was printed stays unfinished, so that no program takes a part for the whole.
      if (!event.ok()) return event.status();
      if (printer == nullptr) printer = MakeEventPrinter(session, credits, with_match);
      printer->Add(*event);
      // A reader that went away (| head) wants no more.
      if (++printed == limit || !session.Out().good()) break;
    }
  }
  if (printer == nullptr) printer = MakeEventPrinter(session, credits, with_match);
  printer->Finish();
  return absl::OkStatus();
}

absl::Status TellTotal(Session& session, const Question& question, std::int64_t printed) {
  const auto totals = Totals(session, question);
  if (!totals.ok()) return totals.status();
  if (totals->totals().event_count() > printed) {
    session.Note(fmt::format("{} of {} events; --limit N or --all for more", Grouped(printed),
                             Grouped(totals->totals().event_count())));
  }
  return absl::OkStatus();
}

absl::Status Query(Session& session, const QueryFlags& flags) {
  const absl::StatusOr<Question> question = CompileFilter(session, flags.filter);
  if (!question.ok()) return question.status();
  std::int64_t printed = 0;
  Credits credits(session);
  const bool with_match = !flags.filter.match.empty();
  absl::Status status;
  if (flags.all) {
    auto request = Ask<v1::ExportEventsRequest>(*question, flags.order);
    status = PrintEvents(session, session.Record().ExportEvents(request), -1, with_match, credits,
                         printed);
  } else {
    auto request = Ask<v1::ListEventsRequest>(*question, flags.order);
    request.set_page_size(static_cast<std::int32_t>(std::min<std::int64_t>(flags.limit, 1'000)));
    status = PrintEvents(session, session.Record().ListEvents(request), flags.limit, with_match,
                         credits, printed);
  }
  if (!status.ok()) return status;
  session.Out().flush();
  if (!session.Out().good()) return absl::OkStatus();
  credits.Tell();
  if (printed == 0 && flags.limit > 0) return ExplainEmpty(session, *question);
  if (!flags.all && printed == flags.limit) return TellTotal(session, *question, printed);
  return absl::OkStatus();
}

}  // namespace

void AddQueryCommand(CLI::App& app, ChosenAction& chosen) {
  auto flags = std::make_shared<QueryFlags>();
  CLI::App* command = AddCommand(app, "query", "Print matching events", kFooter);
  AddFilterFlags(command, flags->filter);
  CLI::Option* limit = command->add_option("--limit", flags->limit, "At most so many events")
                           ->check(CLI::Range(std::int64_t{0}, kLimitMax))
                           ->option_text("N [100]");
  command->add_flag("--all", flags->all, "Every matching event")->excludes(limit)->option_text(" ");
  command->add_option("--order", flags->order, "newest, oldest (by start) or recorded (newest)")
      ->check(CLI::IsMember({"newest", "oldest", "recorded"}))
      ->option_text("ORDER [newest]");
  Choose(command, chosen, [flags](Session& session) { return Query(session, *flags); });
}

}  // namespace annals::cli

// annals changes: what changed in the record since a moment.
#include <fmt/format.h>

#include <map>
#include <set>

#include "clients/cli/command.h"
#include "clients/cli/explain_empty.h"
#include "clients/cli/filter_flags.h"
#include "clients/cli/outcome.h"
#include "clients/cli/printer.h"
#include "clients/cli/record_change.h"
#include "clients/cli/terminal_text.h"
#include "clients/cli/time_text.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
Newest first, one line for each event that is not as it was at --since: CREATED, CORRECTED with the
fields that differ, RETRACTED with the reason, or MERGED with what into. However often an event
changed meanwhile, it is compared with the revision that was in force then; one that is as it was
then is left out. Filters are of the event as it is now: one that was moved out of a region is not
found in it.
Prints at most --limit changes; what stderr says at the end counts all of them. For those who may
edit the feed, BY says who made the last change, which takes one more question for each line;
--no-by leaves it out. A position as --since is taken from an answer.
json and ndjson have the fields with their values before and after, in the protobuf JSON mapping.

Examples:
  annals changes --since 2026-01-01
  annals changes --since 2026-01-01 --as-of 2026-02-01 --feed ucdp-ged --all -o csv > changes.csv
  annals changes --since 2026-01-01T08:30:00Z --region UA --limit 0)";

// Compared at once: few enough that an answer of the largest events stays small, and that little is
// asked in vain past the last change.
constexpr std::size_t kBatchEvents = 250;
constexpr std::int64_t kLimitMax = 1'000'000'000;

struct ChangesFlags {
  FilterFlags filter;
  std::string since;
  std::int64_t limit = 100;
  bool all = false;
  bool no_by = false;
};

v1::ExportEventsRequest Ask(const Question& question, const v1::AsOf& since) {
  v1::ExportEventsRequest request;
  *request.mutable_filter() = question.filter;
  request.mutable_filter()->set_include_retracted(true);
  request.set_order(v1::EVENT_ORDER_RECORDED_NEWEST_FIRST);
  if (question.as_of) *request.mutable_as_of() = *question.as_of;
  if (since.has_time()) {
    // What was recorded at the moment itself is part of the record as of then. Times here are whole
    // microseconds.
    *request.mutable_filter()->mutable_recorded()->mutable_start() =
        ToTimestamp(ToTime(since.time()) + absl::Microseconds(1));
  }
  return request;
}

// Compares events, newest change first, with what they were.
class Comparison {
 public:
  Comparison(Session& session, const ChangesFlags& flags, v1::AsOf since, ListPrinter& printer)
      : session_(session), flags_(flags), since_(std::move(since)), printer_(printer) {}

  // The next events in the order of their change.
  absl::Status Take(std::vector<v1::Event> events) {
    v1::BatchGetEventsRequest request;
    *request.mutable_as_of() = since_;
    for (const v1::Event& event : events) request.add_names(event.name());
    const auto then = session_.Record().BatchGetEvents(request);
    if (!then.ok()) return then.status();
    std::map<std::string, const v1::Event*> known;
    for (const v1::Event& event : then->events()) known[event.name()] = &event;
    for (v1::Event& event : events) {
      const auto found = known.find(event.name());
      const v1::Event* before = found == known.end() ? nullptr : found->second;
      // Every write has a time of its own, later than all before it: what follows an event that did
      // not change did not change either.
      past_last_ = before != nullptr && before->revision() == event.revision();
      if (past_last_) return absl::OkStatus();
      absl::Status status = Tell(ChangeOf(before, std::move(event)));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Whether no event that follows can have changed, or nobody reads.
  [[nodiscard]] bool IsOver() const { return past_last_ || !session_.Out().good(); }

  // The counts, when all is told.
  absl::Status Summarize(const Question& question) const {
    if (as_they_were_ > 0) {
      session_.Note(fmt::format("{} changed and changed back", Grouped(as_they_were_)));
    }
    if (tally_.Total() == 0) return TellNothing(question);
    if (tally_.Total() > printed_) {
      session_.Note(fmt::format("{} of {} changes; --limit N or --all for more", Grouped(printed_),
                                Grouped(tally_.Total())));
    }
    session_.Note(tally_.Text());
    return absl::OkStatus();
  }

 private:
  absl::Status Tell(std::optional<RecordChange> change) {
    if (!change) {
      ++as_they_were_;
      return absl::OkStatus();
    }
    tally_.Add(*change);
    if (!flags_.all && printed_ == flags_.limit) return absl::OkStatus();
    absl::Status status = FindAudit(*change);
    if (!status.ok()) return status;
    const bool csv = session_.Format() == OutputFormat::kCsv;
    printer_.AddJson(ChangeJson(*change), ChangeCells(*change, csv));
    ++printed_;
    return absl::OkStatus();
  }

  absl::Status FindAudit(RecordChange& change) {
    const std::string& name = change.event.name();
    const std::string feed = name.substr(0, name.find("/events/"));
    if (flags_.no_by || silent_feeds_.contains(feed)) return absl::OkStatus();
    for (auto& revision : session_.Record().ListEventRevisions(name)) {
      if (!revision.ok()) return revision.status();
      if (!revision->has_audit()) {
        silent_feeds_.insert(feed);
        break;
      }
      if (revision->event().revision() == change.event.revision()) {
        change.audit = std::move(*revision->mutable_audit());
        break;
      }
    }
    return absl::OkStatus();
  }

  // Asks how many there were, which also refuses a moment that is none.
  absl::Status TellNothing(const Question& question) const {
    const auto totals = Totals(session_, {.filter = question.filter, .as_of = since_});
    if (!totals.ok()) return totals.status();
    session_.Note(fmt::format("nothing changed since {}; {} events matched then", flags_.since,
                              Grouped(totals->totals().event_count())));
    return absl::OkStatus();
  }

  Session& session_;
  const ChangesFlags& flags_;
  const v1::AsOf since_;
  ListPrinter& printer_;
  ChangeTally tally_;
  std::int64_t printed_ = 0;
  std::int64_t as_they_were_ = 0;
  bool past_last_ = false;
  std::set<std::string> silent_feeds_;  // Which do not say who changed their events.
};

absl::Status Changes(Session& session, const ChangesFlags& flags) {
  const absl::StatusOr<Question> question = CompileFilter(session, flags.filter);
  if (!question.ok()) return question.status();
  auto printer = MakeListPrinter(session, ChangeColumns(session.Format() == OutputFormat::kCsv));
  if (!printer.ok()) return printer.status();
  const v1::AsOf since = ParseAsOf(flags.since);
  Comparison comparison(session, flags, since, **printer);
  std::vector<v1::Event> batch;
  for (auto& event : session.Record().ExportEvents(Ask(*question, since))) {
    if (!event.ok()) return event.status();
    batch.push_back(*std::move(event));
    if (batch.size() < kBatchEvents) continue;
    absl::Status status = comparison.Take(std::exchange(batch, {}));
    if (!status.ok()) return status;
    if (comparison.IsOver()) break;
  }
  if (!batch.empty()) {
    absl::Status status = comparison.Take(std::move(batch));
    if (!status.ok()) return status;
  }
  (*printer)->Finish();
  session.Out().flush();
  return session.Out().good() ? comparison.Summarize(*question) : absl::OkStatus();
}

}  // namespace

void AddChangesCommand(CLI::App& app, ChosenAction& chosen) {
  auto flags = std::make_shared<ChangesFlags>();
  CLI::App* command =
      AddCommand(app, "changes", "Print what changed in the record since a moment", kFooter);
  command
      ->add_option("--since", flags->since,
                   "Changes after this: a time (a date is its 00:00 UTC) or a position from an "
                   "answer")
      ->required()
      ->option_text("MOMENT");
  AddChangeFilterFlags(command, flags->filter);
  CLI::Option* limit = command->add_option("--limit", flags->limit, "At most so many changes")
                           ->check(CLI::Range(std::int64_t{0}, kLimitMax))
                           ->option_text("N [100]");
  command->add_flag("--all", flags->all, "Every change")->excludes(limit)->option_text(" ");
  command->add_flag("--no-by", flags->no_by, "Do not ask who made each change")->option_text(" ");
  Choose(command, chosen, [flags](Session& session) { return Changes(session, *flags); });
}

}  // namespace annals::cli

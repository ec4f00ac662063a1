// annals watch: follows the record.
#include <fmt/format.h>

#include <atomic>

#include "clients/cli/command.h"
#include "clients/cli/credits.h"
#include "clients/cli/filter_flags.h"
#include "clients/cli/outcome.h"
#include "clients/cli/watch_printer.h"
#include "clients/cpp/status.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
Prints each change that concerns the filter, as it is committed, until Ctrl-C: created; updated, or
entered-filter where it did not match before; retracted; merged; left-filter. With --with-existing
the events that match already come first; nothing is lost or told twice in between. To keep a copy:
put what is existing, created, updated and entered, take away the others, all by name.
Where the server goes away, the watch goes on behind what it printed when it is back; after two
minutes without, it ends with exit status 1. At the end stderr tells the position to go on from.

ndjson is one change a line, in the protobuf JSON mapping, with "position" and "commitTime".
--from that position misses nothing after the line. Only the last change of an atomic write moves
it: from an earlier one of the same write, all of the write comes again. An existing event has
"event" alone; a line with "position" alone says that all before it was printed: one follows the
existing events, and --checkpoints prints others while nothing changes. csv has the same as columns.

Examples:
  annals watch --region UA --kind strike
  annals watch --feed ucdp-ged --with-existing -o ndjson | ./keep-a-copy
  annals watch --from "$(jq -r .position saved.json)" -o ndjson --checkpoints
  annals watch --from start --limit 10)";

constexpr char kStart[] = "start";
constexpr char kNow[] = "now";
constexpr std::int64_t kLimitMax = 1'000'000'000;

struct WatchFlags {
  FilterFlags filter;
  std::string from = kNow;
  bool with_existing = false;
  bool checkpoints = false;
  std::int64_t limit = 0;  // 0 is none.
};

// A watch, or a listing and then a watch.
struct Source {
  std::function<absl::StatusOr<std::optional<client::FollowItem>>()> next;
  std::function<void()> cancel;
};

class WatchRun {
 public:
  WatchRun(Session& session, const WatchFlags& flags, WatchPrinter& printer)
      : session_(session), flags_(flags), printer_(printer), credits_(session) {}

  // An error where no server answers, which is told at once.
  absl::StatusOr<Source> Begin(const v1::EventFilter& filter) {
    client::WatchOptions options;
    options.retry = client::RetryPolicy({.attempts_max = 1'000}, session_.Retry());
    options.on_resume = [this](const absl::Status& status) { TellResumed(status); };
    const auto status = session_.Record().GetStatus();
    if (!status.ok()) return status.status();
    if (flags_.with_existing) return Follow(filter, std::move(options));
    position_ = flags_.from == kNow ? status->position() : flags_.from;
    v1::WatchEventsRequest request;
    *request.mutable_filter() = filter;
    if (position_ == kStart) {
      request.set_origin(v1::WATCH_ORIGIN_BEGINNING);
    } else {
      request.set_position(position_);
    }
    const auto watch =
        std::shared_ptr(session_.Record().WatchEvents(std::move(request), std::move(options)));
    const auto next = [watch]() -> absl::StatusOr<std::optional<client::FollowItem>> {
      auto response = watch->Next();
      if (!response.ok()) return response.status();
      if (!*response) return std::nullopt;
      return client::FollowItem(*std::move(*response));
    };
    return Source{.next = next, .cancel = [watch] { watch->Cancel(); }};
  }

  absl::Status Print(const Source& source) {
    while (!IsOver()) {
      auto item = source.next();
      if (!item.ok()) return item.status();
      if (!*item) return absl::OkStatus();
      std::visit([this](const auto& what) { Add(what); }, **item);
      // Of a listing, many go together.
      if (std::holds_alternative<v1::Event>(**item)) continue;
      printer_.Flush();
      session_.Out().flush();
    }
    return absl::OkStatus();
  }

  // Says whom to credit, and how to go on. Not where nobody reads.
  void TellEnd(const absl::Status& status) {
    printer_.Flush();
    session_.Out().flush();
    if (!session_.Out().good()) return;
    credits_.Tell();
    const bool is_lost = absl::IsAborted(status) || absl::IsOutOfRange(status) ||
                         absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status);
    if (is_lost || position_.empty()) return;
    session_.Note(fmt::format("to go on, the same command with --from {}{}", position_,
                              flags_.with_existing ? " in place of --with-existing" : ""));
  }

 private:
  absl::StatusOr<Source> Follow(const v1::EventFilter& filter, client::WatchOptions options) {
    const auto follow = std::shared_ptr(session_.Record().FollowEvents(filter, std::move(options)));
    return Source{.next = [follow] { return follow->Next(); },
                  .cancel = [follow] { follow->Cancel(); }};
  }

  void Add(const v1::Event& event) {
    credits_.Of(event);
    printer_.AddExisting(event);
  }
  void Add(const client::ListingEnd& end) {
    position_ = end.position;
    printer_.AddPosition(position_);
  }
  void Add(const v1::WatchEventsResponse& response) {
    for (int i = 0; i < response.changes_size() && !IsOver(); ++i) {
      if (i + 1 == response.changes_size()) Reach(response);
      credits_.Of(response.changes(i).event());
      printer_.AddChange(response.changes(i), position_, response.commit_time());
      ++printed_;
    }
    if (response.changes().empty()) {
      Reach(response);
      if (flags_.checkpoints) printer_.AddPosition(position_);
    }
  }

  // Within a write the position stays before it: who reads keeps writes whole.
  void Reach(const v1::WatchEventsResponse& response) {
    if (!response.write_continues()) position_ = response.position();
  }

  bool IsOver() const {
    return (flags_.limit > 0 && printed_ == flags_.limit) || !session_.Out().good();
  }

  void TellResumed(const absl::Status& status) const {
    if (client::ErrorReason(status) == "SLOW_CONSUMER") {
      session_.Note("what was printed was not read in time; going on where it ended");
    } else if (absl::IsResourceExhausted(status)) {
      session_.Note("the server is busy; trying again");
    } else {
      session_.Note("the server went away; connecting again");
    }
  }

  Session& session_;
  const WatchFlags& flags_;
  WatchPrinter& printer_;
  Credits credits_;
  std::string position_;  // To go on from, in the words of --from; empty within a listing.
  std::int64_t printed_ = 0;
};

absl::Status Watch(Session& session, const WatchFlags& flags) {
  if (!flags.filter.as_of.empty()) {
    return UsageError("--as-of: a watch is of what changes; --from says where it begins");
  }
  const absl::StatusOr<Question> question = CompileFilter(session, flags.filter);
  if (!question.ok()) return question.status();
  const auto printer = MakeWatchPrinter(session);
  if (!printer.ok()) return printer.status();
  WatchRun run(session, flags, **printer);
  const absl::StatusOr<Source> source = run.Begin(question->filter);
  if (!source.ok()) return source.status();
  std::atomic<bool> reader_gone = false;
  auto listening = session.ListenForEnd([&](EndCause cause) {
    if (cause == EndCause::kReaderGone) reader_gone = true;
    source->cancel();
  });
  const absl::Status status = run.Print(*source);
  listening.reset();
  if (reader_gone) return absl::OkStatus();
  run.TellEnd(status);
  return status;
}

}  // namespace

void AddWatchCommand(CLI::App& app, ChosenAction& chosen) {
  auto flags = std::make_shared<WatchFlags>();
  CLI::App* command =
      AddCommand(app, "watch", "Print what changes in the record, as it changes", kFooter);
  CLI::Option* from =
      command
          ->add_option("--from", flags->from,
                       "now, start (of the record) or behind a position from an answer or a watch")
          ->option_text("WHERE [now]");
  command
      ->add_flag("--with-existing", flags->with_existing,
                 "First the events that match now, then what changes")
      ->excludes(from)
      ->option_text(" ");
  command->add_option("--limit", flags->limit, "End after so many changes")
      ->check(CLI::Range(std::int64_t{1}, kLimitMax))
      ->option_text("N");
  command
      ->add_flag("--checkpoints", flags->checkpoints,
                 "Tell in ndjson and csv how far the record was followed while nothing changes")
      ->option_text(" ");
  AddFilterFlags(command, flags->filter);
  Choose(command, chosen, [flags](Session& session) { return Watch(session, *flags); });
}

}  // namespace annals::cli

// annals offer: the life cycle of exchange offers.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "clients/cli/command.h"
#include "clients/cli/event_text.h"
#include "clients/cli/filter_flags.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/offer_text.h"
#include "clients/cli/outcome.h"
#include "clients/cli/printer.h"
#include "clients/cli/time_text.h"
#include "clients/cli/words.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
An offer's status is its last step that no one disputes. A step that is added here stays, whatever
the feed sends later; a feed that sends the same step makes it no second one.

Examples:
  annals offer show sample/kursk-exchange-offer
  annals offer advance my-notes/7 --status agreed --on 2025-02-03 --claimant actors/ukr
  annals offer advance my-notes/7 --status executed --window 2025-02-10/2025-02-12 --dry-run)";

constexpr char kAdvanceFooter[] = R"(
The steps that no one disputes form a path: proposed, countered, agreed, scheduled, partly-executed,
executed, each later in date and further along, any of them left out; countered, scheduled and
partly-executed may be repeated. rejected, withdrawn, expired and called-off end it, and nothing
follows an end but a new proposed. A step in between that was missed may be added late.

Adding a step again changes nothing; adding one that was added here again with --disputed, all else
the same, marks it. What the feed sends stays as it is sent: its own release disputes its steps.)";

// Exchanges and releases that are looked through for those that fulfil an offer.
constexpr int kLookedThroughMax = 20'000;
constexpr int kPageSize = 1'000;

struct AdvanceFlags {
  std::string name;
  std::string status;
  std::string on;
  std::string window;
  std::string claimant;
  std::string url;
  std::string note;
  std::string etag;
  bool disputed = false;
  bool dry_run = false;
};

v1::TimePrecision PrecisionOf(std::string_view written) {
  switch (written.size()) {
    case 4:
      return v1::TIME_PRECISION_YEAR;
    case 7:
      return v1::TIME_PRECISION_MONTH;
    case 10:
      return v1::TIME_PRECISION_DAY;
    default:
      return v1::TIME_PRECISION_INSTANT;
  }
}

absl::StatusOr<v1::OccurredWindow> CompileWindow(const AdvanceFlags& flags) {
  if (flags.on.empty() == flags.window.empty()) {
    return UsageError("say when, with --on or else with --window");
  }
  v1::OccurredWindow window;
  if (!flags.on.empty()) {
    const auto time = ParseWrittenTime(flags.on);
    if (!time.ok())
      return UsageError(fmt::format("--on: {}", std::string(time.status().message())));
    *window.mutable_start() = ToTimestamp(time->start);
    *window.mutable_end() = ToTimestamp(time->end);
    window.set_precision(PrecisionOf(flags.on));
    return window;
  }
  const auto range = ParseInterval(flags.window);
  if (!range.ok()) {
    return UsageError(fmt::format("--window: {}", std::string(range.status().message())));
  }
  const bool closed = flags.window.find('/') != std::string::npos && range->has_start() &&
                      range->has_end() && ToTime(range->start()) < ToTime(range->end());
  if (!closed) {
    return UsageError(
        fmt::format("--window: '{}' is not A/B, with A before B and neither open", flags.window));
  }
  *window.mutable_start() = range->start();
  *window.mutable_end() = range->end();
  window.set_precision(v1::TIME_PRECISION_RANGE);
  return window;
}

absl::StatusOr<v1::OfferStep> CompileStep(const AdvanceFlags& flags) {
  v1::OfferStep step;
  const auto status = EnumNumber(*v1::OfferStatus_descriptor(), flags.status);
  if (!status) {
    return UsageError(fmt::format("--status: '{}' is none of: {}", flags.status,
                                  EnumWords(*v1::OfferStatus_descriptor())));
  }
  step.set_status(static_cast<v1::OfferStatus>(*status));
  auto window = CompileWindow(flags);
  if (!window.ok()) return window.status();
  *step.mutable_occurred() = *std::move(window);
  step.set_claimant(flags.claimant);
  step.set_url(flags.url);
  step.set_note(flags.note);
  step.set_disputed(flags.disputed);
  return step;
}

absl::Status Advance(Session& session, const AdvanceFlags& flags) {
  auto step = CompileStep(flags);
  if (!step.ok()) return step.status();
  v1::AdvanceExchangeOfferRequest request;
  request.set_name(EventName(flags.name));
  *request.mutable_step() = *std::move(step);
  request.set_etag(flags.etag);
  request.set_validate_only(flags.dry_run);
  const auto response = session.Record().AdvanceExchangeOffer(request);
  if (!response.ok()) return response.status();
  const v1::Event& event = response->event();
  session.Note(fmt::format("{}{}: {} {}; its status is {}, at revision {}",
                           flags.dry_run ? "dry run, nothing changed: " : "", event.name(),
                           Word(request.step().status()), WindowText(request.step().occurred()),
                           Word(event.exchange_offer().status()), event.revision()));
  return absl::OkStatus();
}

struct ShowFlags {
  std::string name;
  std::string as_of;
};

// "proposed 2025-01-12 → agreed 2025-02-03", of the steps that no one disputes.
std::string PathText(const v1::ExchangeOffer& offer) {
  std::string text;
  for (const v1::OfferStep& step : offer.steps()) {
    if (step.disputed()) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : " → ", Word(step.status()),
                        WindowText(step.occurred()));
  }
  return text;
}

// "sample/kursk-capture: capture 2025-01-09 … 2025-01-12: Two soldiers …".
std::string EventLine(const v1::Event& event) {
  return fmt::format("{}: {} {}: {}", ShortEventName(event.name()), Word(event.kind()),
                     WindowText(event.occurred()), event.title());
}

// The event; NOT_FOUND where there is none.
absl::StatusOr<v1::Event> Fetch(Session& session, const ShowFlags& flags) {
  v1::BatchGetEventsRequest request;
  request.add_names(EventName(flags.name));
  if (!flags.as_of.empty()) *request.mutable_as_of() = ParseAsOf(flags.as_of);
  auto response = session.Record().BatchGetEvents(request);
  if (!response.ok()) return response.status();
  if (response->events().empty()) return absl::NotFoundError(request.names(0));
  return std::move(*response->mutable_events(0));
}

// What the offer links to, told by its titles where the record has them.
absl::Status AddLinked(Session& session, const ShowFlags& flags, const v1::Event& offer,
                       TextLines& lines) {
  if (offer.links().empty()) return absl::OkStatus();
  v1::BatchGetEventsRequest request;
  for (const v1::Link& link : offer.links()) {
    if (!std::ranges::count(request.names(), link.target())) request.add_names(link.target());
  }
  if (!flags.as_of.empty()) *request.mutable_as_of() = ParseAsOf(flags.as_of);
  const auto response = session.Record().BatchGetEvents(request);
  if (!response.ok()) return response.status();
  std::map<std::string, std::string> texts;
  for (const v1::Event& event : response->events()) texts[event.name()] = EventLine(event);
  for (const v1::Link& link : offer.links()) {
    const auto text = texts.find(link.target());
    lines.emplace_back(Word(link.kind()), text == texts.end()
                                              ? ShortEventName(link.target()) + ": not found"
                                              : text->second);
  }
  return absl::OkStatus();
}

bool Fulfils(const v1::Event& event, const std::string& offer) {
  return event.exchange().offer() == offer ||
         std::ranges::any_of(event.links(), [&](const v1::Link& link) {
           return link.kind() == v1::LINK_KIND_FULFILS && link.target() == offer;
         });
}

// No question asks for what links to an event: exchanges and releases since the offer are looked
// through.
absl::Status AddFulfilments(Session& session, const ShowFlags& flags, const v1::Event& offer,
                            TextLines& lines) {
  v1::ListEventsRequest request;
  request.mutable_filter()->add_kinds(v1::EVENT_KIND_EXCHANGE);
  request.mutable_filter()->add_kinds(v1::EVENT_KIND_RELEASE);
  *request.mutable_filter()->mutable_occurred()->mutable_start() = offer.occurred().start();
  request.set_order(v1::EVENT_ORDER_OCCURRED_OLDEST_FIRST);
  request.set_page_size(kPageSize);
  if (!flags.as_of.empty()) *request.mutable_as_of() = ParseAsOf(flags.as_of);
  int looked_through = 0;
  for (const auto& event : session.Record().ListEvents(request)) {
    if (!event.ok()) return event.status();
    if (++looked_through > kLookedThroughMax) {
      session.Note(fmt::format("only the first {} exchanges and releases since were looked through",
                               kLookedThroughMax));
      break;
    }
    if (Fulfils(*event, offer.name())) lines.emplace_back("fulfilled by", EventLine(*event));
  }
  return absl::OkStatus();
}

absl::Status Show(Session& session, const ShowFlags& flags) {
  const auto event = Fetch(session, flags);
  if (!event.ok()) return event.status();
  if (event->kind() != v1::EVENT_KIND_EXCHANGE_OFFER) {
    session.Note(
        fmt::format("{} is no exchange offer: its kind is {}", event->name(), Word(event->kind())));
    return AlreadyTold();
  }
  Credits credits(session);
  if (session.Format() != OutputFormat::kTable) {
    const auto printer = MakeEventPrinter(session, credits);
    printer->Add(*event);
    printer->Finish();
    credits.Tell();
    return absl::OkStatus();
  }
  credits.Of(*event);
  TextLines lines = {{"offer", event->name()},
                     {"title", event->title()},
                     {"path", PathText(event->exchange_offer())}};
  if (event->state() != v1::EVENT_STATE_ACTIVE) lines.emplace_back("state", Word(event->state()));
  const TextLines terms = OfferLines(event->exchange_offer());
  lines.insert(lines.end(), terms.begin(), terms.end());
  absl::Status status = AddLinked(session, flags, *event, lines);
  if (status.ok()) status = AddFulfilments(session, flags, *event, lines);
  if (!status.ok()) return status;
  session.Out() << LinesText(lines, session.Columns());
  credits.Tell();
  return absl::OkStatus();
}

void AddAdvance(CLI::App* offer, ChosenAction& chosen) {
  auto flags = std::make_shared<AdvanceFlags>();
  CLI::App* command = AddCommand(*offer, "advance", "Add a step to an offer", kAdvanceFooter);
  const auto add = [command](const char* flag, std::string& value, const char* type,
                             const std::string& text) {
    return command->add_option(flag, value, text)->option_text(type);
  };
  add("NAME", flags->name, " ", "feeds/FEED/events/EVENT or FEED/EVENT")->required();
  add("--status", flags->status, "STATUS",
      "What became of it: " + EnumWords(*v1::OfferStatus_descriptor()))
      ->required();
  add("--on", flags->on, "TIME", "When: 2025, 2025-01, 2025-01-31 or 2025-01-31T08:30:00Z");
  add("--window", flags->window, "A/B", "When, as a window: at or after A and before B");
  add("--claimant", flags->claimant, "WHO", "Who says so: actors/ACTOR or words");
  add("--url", flags->url, "URL", "Where it was said");
  add("--note", flags->note, "TEXT", "More about it");
  command->add_flag("--disputed", flags->disputed,
                    "Another party denies it: it is a claim, and no part of the path");
  add("--etag", flags->etag, "ETAG", "Only if the event's etag is still this one");
  command->add_flag("--dry-run", flags->dry_run, "Check and change nothing");
  Choose(command, chosen, [flags](Session& session) { return Advance(session, *flags); });
}

void AddShow(CLI::App* offer, ChosenAction& chosen) {
  auto flags = std::make_shared<ShowFlags>();
  CLI::App* command = AddCommand(
      *offer, "show",
      "Tell an offer's life: its steps, terms, captures, and what fulfils it. Piped or with -o "
      "json: the event");
  command->add_option("NAME", flags->name, "feeds/FEED/events/EVENT or FEED/EVENT")
      ->required()
      ->option_text(" ");
  command->add_option("--as-of", flags->as_of, "As it stood then: a time or a position")
      ->option_text("MOMENT");
  Choose(command, chosen, [flags](Session& session) { return Show(session, *flags); });
}

}  // namespace

void AddOfferCommand(CLI::App& app, ChosenAction& chosen) {
  CLI::App* offer = AddCommand(app, "offer", "Tell and advance exchange offers", kFooter);
  offer->require_subcommand(1);
  AddShow(offer, chosen);
  AddAdvance(offer, chosen);
}

}  // namespace annals::cli

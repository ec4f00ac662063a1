// annals duplicates: pairs of events that may report the same.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "clients/cli/command.h"
#include "clients/cli/filter_flags.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/outcome.h"
#include "clients/cli/place_text.h"
#include "clients/cli/printer.h"
#include "clients/cli/terminal_text.h"
#include "clients/cli/time_text.h"
#include "clients/cli/words.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
Pairs of one kind, near each other in place and time and of different feeds, for review: nothing is
changed. The filter says for which events others are looked for. The score, 0 to 1, is the mean of
how near they are in place, in time, and of the share of participants that both have. Pairs already
linked as duplicates or contradictions are left out. `annals merge` merges what reports the same.

Examples:
  annals duplicates --region UA-14 --since 2024 --until 2025
  annals duplicates --feed my-notes --distance 5km --days 1 --score-min 0.7)";

struct DuplicatesFlags {
  FilterFlags filter;
  std::string distance = "25km";
  double days = 3;
  double score_min = 0;
  bool same_feed = false;
  std::int64_t limit = 100;
};

std::string DistanceText(const v1::DuplicateCandidate& candidate) {
  return candidate.has_distance_m() ? fmt::format("{:.1f}", candidate.distance_m() / 1'000)
                                    : "same region";
}

std::string DaysText(const v1::DuplicateCandidate& candidate) {
  constexpr double kDaySeconds = 86'400;
  return fmt::format("{:.1f}", static_cast<double>(candidate.gap().seconds()) / kDaySeconds);
}

std::string SharedText(const v1::DuplicateCandidate& candidate) {
  std::vector<std::string> shared;
  for (const std::string& participant : candidate.shared_participants()) {
    shared.push_back(participant.starts_with("actors/") ? IdOf(participant) : participant);
  }
  return fmt::format("{}", fmt::join(shared, ", "));
}

std::vector<std::string> Cells(const v1::DuplicateCandidate& candidate) {
  return {fmt::format("{:.2f}", candidate.score()),
          DistanceText(candidate),
          DaysText(candidate),
          Word(candidate.first().kind()),
          SharedText(candidate),
          WindowText(candidate.first().occurred()),
          ShortEventName(candidate.first().name()),
          candidate.first().title(),
          WindowText(candidate.second().occurred()),
          ShortEventName(candidate.second().name()),
          candidate.second().title()};
}

absl::StatusOr<std::unique_ptr<ListPrinter>> MakePrinter(const Session& session) {
  return MakeListPrinter(session, {{.title = "SCORE", .right_aligned = true},
                                   {.title = "KM", .right_aligned = true},
                                   {.title = "DAYS", .right_aligned = true},
                                   {.title = "KIND"},
                                   {.title = "SHARED", .width_min = 8},
                                   {.title = "WHEN (UTC)"},
                                   {.title = "EVENT", .width_min = 12},
                                   {.title = "TITLE", .width_min = 8},
                                   {.title = "OTHER WHEN (UTC)"},
                                   {.title = "OTHER EVENT", .width_min = 12},
                                   {.title = "OTHER TITLE", .width_min = 8}});
}

absl::StatusOr<v1::ListDuplicateCandidatesRequest> Compile(Session& session,
                                                           const DuplicatesFlags& flags) {
  absl::StatusOr<Question> question = CompileFilter(session, flags.filter);
  if (!question.ok()) return question.status();
  if (question->as_of) return UsageError("--as-of: duplicates are looked for in the record now");
  v1::ListDuplicateCandidatesRequest request;
  *request.mutable_filter() = std::move(question->filter);
  const absl::StatusOr<double> distance_m = ParseDistanceM(flags.distance, "--distance");
  if (!distance_m.ok()) return distance_m.status();
  request.set_distance_max_m(*distance_m);
  if (!(flags.days >= 0 && flags.days <= 366)) return UsageError("--days: must be in [0, 366]");
  request.mutable_gap_max()->set_seconds(std::llround(flags.days * 86'400));
  request.set_same_feed(flags.same_feed);
  return request;
}

// What is told once the pairs are printed.
void TellWhatIsMissing(const Session& session, const std::vector<std::string>& crowded) {
  if (crowded.empty()) return;
  session.Note(
      fmt::format("{} events have more candidates than are listed, such as {}: ask for "
                  "less distance or fewer days",
                  Grouped(std::ssize(crowded)), crowded.front()));
}

absl::Status Duplicates(Session& session, const DuplicatesFlags& flags) {
  auto request = Compile(session, flags);
  if (!request.ok()) return request.status();
  auto printer = MakePrinter(session);
  if (!printer.ok()) return printer.status();
  std::int64_t printed = 0;
  bool more = false;
  std::vector<std::string> crowded;
  do {
    const auto page = session.Record().ListDuplicateCandidates(*request);
    if (!page.ok()) return page.status();
    for (const v1::DuplicateCandidate& candidate : page->candidates()) {
      if (candidate.score() < flags.score_min) continue;
      more = printed == flags.limit;
      if (more) break;
      (*printer)->Add(candidate, Cells(candidate));
      ++printed;
    }
    crowded.insert(crowded.end(), page->crowded_names().begin(), page->crowded_names().end());
    request->set_page_token(page->next_page_token());
  } while (!more && !request->page_token().empty());
  (*printer)->Finish();
  if (more) session.Note(fmt::format("the first {} pairs; --limit shows more", Grouped(printed)));
  if (printed == 0) session.Note("no pairs of events come near each other");
  TellWhatIsMissing(session, crowded);
  return absl::OkStatus();
}

}  // namespace

void AddDuplicatesCommand(CLI::App& app, ChosenAction& chosen) {
  auto flags = std::make_shared<DuplicatesFlags>();
  CLI::App* command =
      AddCommand(app, "duplicates", "List events that may report the same", kFooter);
  AddFilterFlags(command, flags->filter);
  command->add_option("--distance", flags->distance, "How far apart at most: 500m, 25km")
      ->option_text("DISTANCE");
  command->add_option("--days", flags->days, "How long apart at most, in days")->option_text("N");
  command->add_option("--score-min", flags->score_min, "Only pairs with at least this score")
      ->check(CLI::Range(0.0, 1.0))
      ->option_text("0-1");
  command->add_flag("--same-feed", flags->same_feed, "Pairs of one feed, too");
  command->add_option("--limit", flags->limit, "How many pairs at most")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}))
      ->option_text("N");
  Choose(command, chosen, [flags](Session& session) { return Duplicates(session, *flags); });
}

}  // namespace annals::cli

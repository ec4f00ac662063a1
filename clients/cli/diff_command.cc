// annals diff: what changed in an event between two of its revisions.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "clients/cli/command.h"
#include "clients/cli/event_diff.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/outcome.h"
#include "clients/cli/printer.h"
#include "clients/cli/terminal_text.h"
#include "clients/cli/time_text.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
Prints each field in which revision B differs from revision A, on a line of its own. Without B, B is
the newest; without A too, A is the one before it. `annals history NAME` lists revisions.
What the server fills is left out, but for the state and the reason of a retraction. Elements of
lists count from 0, in B; those that B no longer has, in A. One that was added or removed is one
change, and so is a list in another order. What is not known is empty. Windows end before
occurred.end. On a terminal, long text opens shortly before its first difference.
json, ndjson and csv have name, from_revision, to_revision, field, before and after, values in the
protobuf JSON mapping; absent is null, in csv empty.

Examples:
  annals diff ucdp-ged/147997
  annals diff ucdp-ged/147997 1 3 -o json)";

// Columns of a table that are not the values'.
constexpr int kFieldColumns = 24;
constexpr int kValueColumnsMin = 12;
constexpr std::int64_t kRevisionMax = 1'000'000'000;
constexpr std::string_view kCut = "… ";

struct DiffFlags {
  std::string name;
  std::int64_t from = 0;  // 0 is not given.
  std::int64_t to = 0;
};

// What is asked for, as far as the event has it.
struct Revisions {
  std::int64_t newest = 0;
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::optional<v1::Event> before;
  std::optional<v1::Event> after;
};

absl::StatusOr<Revisions> Find(Session& session, const std::string& name, const DiffFlags& flags) {
  Revisions found;
  for (auto& revision : session.Record().ListEventRevisions(name)) {
    if (!revision.ok()) return revision.status();
    v1::Event& event = *revision->mutable_event();
    if (found.newest == 0) {
      found.newest = event.revision();
      found.to = flags.to != 0 ? flags.to : found.newest;
      found.from = flags.from != 0 ? flags.from : found.to - 1;
    }
    if (event.revision() == found.from) found.before = event;
    if (event.revision() == found.to) found.after = std::move(event);
    if (found.before && found.after) break;
  }
  return found;
}

// `text` from the word before `begin`, a byte at which it differs, where it would not be seen
// otherwise.
std::string FromDifference(const std::string& text, std::size_t begin) {
  const std::size_t space = text.rfind(' ', begin == 0 ? 0 : begin - 1);
  const std::size_t word =
      space == std::string::npos || space == 0 ? std::string::npos : text.rfind(' ', space - 1);
  if (word == std::string::npos) return text;
  return std::string(kCut) + text.substr(word + 1);
}

// Cuts what two long texts open with alike, so that a table of `columns` shows where they differ.
void ShowDifference(int columns, std::string& before, std::string& after) {
  if (columns == 0) return;
  const int width = std::max(kValueColumnsMin, (columns - kFieldColumns) / 2);
  const auto [first, _] = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
  const auto begin = static_cast<std::size_t>(first - before.begin());
  if (DisplayWidth(before.substr(0, begin)) < width / 2 ||
      std::max(DisplayWidth(before), DisplayWidth(after)) <= width) {
    return;
  }
  // The words alike are the same bytes on both sides, and so is where they are cut.
  before = FromDifference(before, begin);
  after = FromDifference(after, begin);
}

// A JSON value as a cell of csv: text without its quotes, nothing for null.
std::string CsvCell(const std::string& json) {
  if (json == "null") return {};
  return json.starts_with('"') ? nlohmann::json::parse(json).get<std::string>() : json;
}

std::vector<Column> Columns(OutputFormat format) {
  if (format == OutputFormat::kCsv) {
    return {{.title = "name"},  {.title = "from_revision"}, {.title = "to_revision"},
            {.title = "field"}, {.title = "before"},        {.title = "after"}};
  }
  return {{.title = "FIELD"},
          {.title = "BEFORE", .width_min = kValueColumnsMin},
          {.title = "AFTER", .width_min = kValueColumnsMin}};
}

void Print(const Session& session, const std::string& name, const Revisions& revisions,
           const FieldChange& change, ListPrinter& printer) {
  if (session.Format() == OutputFormat::kTable) {
    std::string before = Sanitized(change.before.text);
    std::string after = Sanitized(change.after.text);
    ShowDifference(session.Columns(), before, after);
    printer.AddJson({}, {change.field, std::move(before), std::move(after)});
    return;
  }
  const std::string json = fmt::format(
      R"({{"name":{},"from_revision":{},"to_revision":{},"field":{},"before":{},"after":{}}})",
      JsonText(name), revisions.from, revisions.to, JsonText(change.field), change.before.json,
      change.after.json);
  printer.AddJson(json, {name, std::to_string(revisions.from), std::to_string(revisions.to),
                         change.field, CsvCell(change.before.json), CsvCell(change.after.json)});
}

absl::Status Diff(Session& session, const DiffFlags& flags) {
  const std::string name = EventName(flags.name);
  auto printer = MakeListPrinter(session, Columns(session.Format()));
  if (!printer.ok()) return printer.status();
  const absl::StatusOr<Revisions> found = Find(session, name, flags);
  if (!found.ok()) return found.status();
  if (flags.from == 0 && found->newest == 1) {
    (*printer)->Finish();
    session.Note(fmt::format("{} has one revision, and none before it", name));
    return absl::OkStatus();
  }
  if (!found->before || !found->after) {
    return absl::NotFoundError(fmt::format("{} has no revision {}; its newest is {}", name,
                                           found->after ? found->from : found->to, found->newest));
  }
  const std::vector<FieldChange> changes = EventDiff(*found->before, *found->after);
  if (session.Format() == OutputFormat::kTable && !changes.empty()) {
    session.Note(fmt::format("from revision {} of {} to {} of {}", found->from,
                             MomentText(found->before->update_time()), found->to,
                             MomentText(found->after->update_time())));
  }
  for (const FieldChange& change : changes) Print(session, name, *found, change, **printer);
  (*printer)->Finish();
  if (changes.empty()) {
    session.Note(fmt::format("revisions {} and {} do not differ", found->from, found->to));
  }
  return absl::OkStatus();
}

}  // namespace

void AddDiffCommand(CLI::App& app, ChosenAction& chosen) {
  auto flags = std::make_shared<DiffFlags>();
  CLI::App* command =
      AddCommand(app, "diff", "Print what changed in an event between two revisions", kFooter);
  const CLI::Range numbers(std::int64_t{1}, kRevisionMax);
  command->add_option("NAME", flags->name, "feeds/FEED/events/EVENT or FEED/EVENT")
      ->required()
      ->option_text(" ");
  command->add_option("A", flags->from, "The earlier revision; without it, the one before B")
      ->check(numbers)
      ->option_text(" ");
  command->add_option("B", flags->to, "The later revision; without it, the newest")
      ->check(numbers)
      ->option_text(" ");
  Choose(command, chosen, [flags](Session& session) { return Diff(session, *flags); });
}

}  // namespace annals::cli

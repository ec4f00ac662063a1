// annals timeline: counts and sums by time, and by one more dimension.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "clients/cli/command.h"
#include "clients/cli/count_text.h"
#include "clients/cli/credits.h"
#include "clients/cli/explain_empty.h"
#include "clients/cli/filter_flags.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/printer.h"
#include "clients/cli/terminal_text.h"
#include "clients/cli/timeline.h"
#include "clients/cli/words.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
An event counts once, in the bucket of its start (or of --since, where it began before). Persons
and deaths are sums of best estimates, with the sums of the least and most in brackets; unknown is
not 0. By actor an event counts for each of its actors. A table shows empty buckets too; ndjson and
csv have one group a line, json is the whole answer.

Examples:
  annals timeline --region UA --by month
  annals timeline --feed ucdp-ged --by year --and kind
  annals timeline --actor "North Korea" --by week -o csv)";

constexpr std::size_t kShownBucketsMax = 2'000;
constexpr int kBarColumns = 30;

const std::map<std::string, v1::TimeBucket> kBuckets = {{"day", v1::TIME_BUCKET_DAY},
                                                        {"week", v1::TIME_BUCKET_WEEK},
                                                        {"month", v1::TIME_BUCKET_MONTH},
                                                        {"quarter", v1::TIME_BUCKET_QUARTER},
                                                        {"year", v1::TIME_BUCKET_YEAR}};
const std::map<std::string, v1::EventAttribute> kAttributes = {
    {"kind", v1::EVENT_ATTRIBUTE_KIND},     {"actor", v1::EVENT_ATTRIBUTE_ACTOR},
    {"region", v1::EVENT_ATTRIBUTE_REGION}, {"country", v1::EVENT_ATTRIBUTE_COUNTRY},
    {"feed", v1::EVENT_ATTRIBUTE_FEED},     {"verification", v1::EVENT_ATTRIBUTE_VERIFICATION}};

struct TimelineFlags {
  FilterFlags filter;
  std::string by = "month";
  std::string also;
};

// "EVENT_KIND_CAPTURE" -> "capture", "regions/RU-KRS" -> "RU-KRS"; a label is left alone.
std::string KeyText(const std::string& key, v1::EventAttribute attribute) {
  if (attribute == v1::EVENT_ATTRIBUTE_KIND) {
    const auto number = EnumNumber(*v1::EventKind_descriptor(), key);
    return number ? Word(static_cast<v1::EventKind>(*number)) : key;
  }
  if (attribute == v1::EVENT_ATTRIBUTE_VERIFICATION) {
    const auto number = EnumNumber(*v1::Verification_descriptor(), key);
    return number ? Word(static_cast<v1::Verification>(*number)) : key;
  }
  for (const std::string_view collection : {"regions/", "feeds/", "actors/"}) {
    if (key.starts_with(collection)) return IdOf(key);
  }
  return key;
}

// The groups with, over time alone, an empty one for each bucket that holds no event.
std::vector<v1::SummaryGroup> Filled(const v1::SummarizeEventsResponse& response,
                                     const TimelineFlags& flags) {
  std::vector<v1::SummaryGroup> groups(response.groups().begin(), response.groups().end());
  if (!flags.also.empty() || groups.empty()) return groups;
  std::vector<v1::SummaryGroup> filled;
  auto next = groups.begin();
  for (const std::string& key : BucketKeys(groups.front().keys(0), groups.back().keys(0),
                                           kBuckets.at(flags.by), kShownBucketsMax)) {
    if (next != groups.end() && next->keys(0) == key) {
      filled.push_back(*next++);
    } else {
      filled.emplace_back().add_keys(key);
    }
  }
  return next == groups.end() ? filled : groups;
}

void PrintTable(Session& session, const v1::SummarizeEventsResponse& response,
                const TimelineFlags& flags) {
  const std::vector<v1::SummaryGroup> groups = Filled(response, flags);
  std::int64_t count_max = 0;
  for (const auto& group : groups) count_max = std::max(count_max, group.totals().event_count());
  Table table(session.Out(),
              {{.title = "WHEN (UTC)"},
               {.title = flags.also.empty() ? "" : "WHICH", .width_min = 12},
               {.title = "EVENTS", .right_aligned = true},
               {.title = "PERSONS", .right_aligned = true},
               {.title = "DEATHS", .right_aligned = true},
               {.title = ""}},
              session.Columns(), session.Color());
  std::string shown;
  for (const v1::SummaryGroup& group : groups) {
    std::string when = BucketLabel(group.keys(0), kBuckets.at(flags.by));
    if (when == shown) when.clear();  // Once for the groups of a bucket.
    if (!when.empty()) shown = when;
    const v1::EventTotals& totals = group.totals();
    table.Add({when, flags.also.empty() ? "" : KeyText(group.keys(1), kAttributes.at(flags.also)),
               Grouped(totals.event_count()), SumText(totals.persons()),
               SumText(totals.fatalities()), Bar(totals.event_count(), count_max, kBarColumns)});
  }
  const v1::EventTotals& totals = response.totals();
  table.Add({"TOTAL", "", Grouped(totals.event_count()), SumText(totals.persons()),
             SumText(totals.fatalities()), ""});
  table.Finish();
}

absl::Status PrintRows(Session& session, const v1::SummarizeEventsResponse& response,
                       const TimelineFlags& flags) {
  std::vector<Column> columns = {{.title = flags.by}};
  if (!flags.also.empty()) columns.push_back({.title = flags.also});
  for (const char* title : {"events", "persons_low", "persons_best", "persons_high",
                            "fatalities_low", "fatalities_best", "fatalities_high"}) {
    columns.push_back({.title = title});
  }
  auto printer = MakeListPrinter(session, columns);
  if (!printer.ok()) return printer.status();
  for (const v1::SummaryGroup& group : response.groups()) {
    const v1::EventTotals& totals = group.totals();
    std::vector<std::string> cells(group.keys().begin(), group.keys().end());
    cells.push_back(std::to_string(totals.event_count()));
    for (const v1::CountSum* sum : {&totals.persons(), &totals.fatalities()}) {
      for (const std::int64_t value : {sum->low(), sum->best(), sum->high()}) {
        cells.push_back(sum->known_count() > 0 ? std::to_string(value) : "");
      }
    }
    (*printer)->Add(group, std::move(cells));
  }
  (*printer)->Finish();
  return absl::OkStatus();
}

// Credits the feeds whose events were summed, as far as they can be asked for.
void TellCredits(Session& session, const Question& question, const TimelineFlags& flags,
                 const v1::SummarizeEventsResponse& response) {
  if (flags.also == "feed") return Credits(session).TellOfSums(response.groups(), 1);
  const auto feeds = Totals(session, question, v1::EVENT_ATTRIBUTE_FEED);
  if (feeds.ok()) Credits(session).TellOfSums(feeds->groups(), 0);
}

absl::Status Timeline(Session& session, const TimelineFlags& flags) {
  const absl::StatusOr<Question> question = CompileFilter(session, flags.filter);
  if (!question.ok()) return question.status();
  v1::SummarizeEventsRequest request;
  *request.mutable_filter() = question->filter;
  if (question->as_of) *request.mutable_as_of() = *question->as_of;
  request.add_dimensions()->set_time_bucket(kBuckets.at(flags.by));
  if (!flags.also.empty()) {
    request.add_dimensions()->set_attribute(kAttributes.at(flags.also));
  }
  const auto response = session.Record().SummarizeEvents(request);
  if (!response.ok()) return response.status();
  if (session.Format() == OutputFormat::kJson) {
    if (absl::Status status = PrintOne(session, *response, {}); !status.ok()) return status;
  } else if (session.Format() != OutputFormat::kTable) {
    if (absl::Status status = PrintRows(session, *response, flags); !status.ok()) return status;
  } else if (response->groups_size() > 0) {
    PrintTable(session, *response, flags);
  }
  session.Out().flush();
  if (!session.Out().good()) return absl::OkStatus();
  if (response->totals().event_count() == 0) {
    ExplainEmpty(session, *question, *response);
    return absl::OkStatus();
  }
  session.Note(fmt::format("{} of {} events", Grouped(response->totals().event_count()),
                           Grouped(response->record_count())));
  if (response->remainder_count() > 0) {
    session.Note(
        fmt::format("{} events have no {}", Grouped(response->remainder_count()), flags.also));
  }
  TellCredits(session, *question, flags, *response);
  return absl::OkStatus();
}

}  // namespace

void AddTimelineCommand(CLI::App& app, ChosenAction& chosen) {
  auto flags = std::make_shared<TimelineFlags>();
  CLI::App* command = AddCommand(app, "timeline", "Count matching events over time", kFooter);
  AddFilterFlags(command, flags->filter);
  command->add_option("--by", flags->by, "day, week, month, quarter or year")
      ->check(CLI::IsMember(kBuckets))
      ->option_text("BUCKET [month]");
  command
      ->add_option("--and", flags->also,
                   "And by kind, actor, region, country, feed or verification")
      ->check(CLI::IsMember(kAttributes))
      ->option_text("DIMENSION");
  Choose(command, chosen, [flags](Session& session) { return Timeline(session, *flags); });
}

}  // namespace annals::cli

#include "clients/cli/filter_flags.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <iterator>
#include <utility>

#include "annals/v1/events.pb.h"
#include "clients/cli/command.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/outcome.h"
#include "clients/cli/place_text.h"
#include "clients/cli/time_text.h"
#include "clients/cli/words.h"

namespace annals::cli {
namespace {

const char* const kGroup = "Which events (parts AND; repeated flags OR)";

// Flags of one value, and of many, under one heading of the help.
class FlagGroup {
 public:
  explicit FlagGroup(CLI::App* command) : command_(command) {}

  void One(const char* flag, std::string& value, const char* type, const char* text) const {
    command_->add_option(flag, value, text)->option_text(type)->group(kGroup);
  }
  CLI::Option* Many(const char* flag, std::vector<std::string>& values, const char* type,
                    const std::string& text) const {
    return AddRepeated(command_, flag, values, text)->option_text(type)->group(kGroup);
  }

 private:
  CLI::App* command_;
};

// Where, what, who, and who says so.
void AddSubjectFlags(const FlagGroup& group, FilterFlags& flags) {
  group.Many("--region", flags.regions, "REGION",
             "With all below it: a code (RU-KRS, UA) or a name (Kursk, Курск); repeatable");
  group.One("--bbox", flags.bbox, "W,S,E,N", "In this box; W > E crosses the antimeridian");
  group.One("--near", flags.near, "LAT,LON", "Around this point, with --radius");
  group.One("--radius", flags.radius, "DISTANCE", "50km, 800m, 30mi, 12nmi");
  group.One("--polygon", flags.polygon_path, "FILE", "In the polygon of this GeoJSON file");
  group
      .Many("--kind", flags.kinds, "KIND", EnumWords(*v1::EventKind_descriptor()) + "; repeatable")
      ->delimiter(',');
  group.Many("--actor", flags.actors, "ACTOR",
             "actors/x, x or a name; else participants labelled so (label:TEXT forces that); "
             "repeatable");
  group
      .Many("--role", flags.roles, "ROLE",
            "Only actors in this role: " + EnumWords(*v1::ParticipantRole_descriptor()) +
                "; repeatable")
      ->delimiter(',');
  group.Many("--feed", flags.feeds, "FEED", "Of this feed; repeatable")->delimiter(',');
  group.One("--persons-min", flags.persons_min, "N",
            "At least so many persons by the best estimate; unknown is not 0, and does not match");
  group.One("--fatalities-min", flags.fatalities_min, "N", "At least so many deaths, likewise");
  group.One("--time-uncertainty-max", flags.time_uncertainty_max, "SPAN",
            "Known at least so precisely in time: 0, 12h, 1d, 2w");
  group.One("--place-uncertainty-max", flags.place_uncertainty_max, "DISTANCE",
            "Known at least so precisely in place: 0, 25km; a region counts from its centre to its "
            "farthest point");
  group.One(
      "--match", flags.match, "MODE [nominal]",
      "Where time or place is uncertain: possible (it may have been there and then), "
      "nominal (by its point; its window overlaps), definite (it cannot have been elsewhere)");
}

// By what is said, and by whom.
void AddSourceFlags(const FlagGroup& group, FilterFlags& flags) {
  group
      .Many("--verification", flags.verifications, "LEVEL",
            "What its claims amount to: " + EnumWords(*v1::Verification_descriptor()) +
                "; repeatable")
      ->delimiter(',');
  group.One("--text", flags.text, "WORDS",
            "With all these words, or words that begin so, in title, description, place, labels, "
            "tags or claims");
  group.One("--source-url", flags.source_url, "URL",
            "With a claim or step at this URL, however it is written");
}

absl::Status ForFlag(std::string_view flag, const absl::Status& status) {
  return UsageError(fmt::format("{}: {}", flag, std::string(status.message())));
}

absl::Status CompileTimes(const FilterFlags& flags, v1::EventFilter& filter) {
  if (!flags.datetime.empty()) {
    if (!flags.since.empty() || !flags.until.empty()) {
      return UsageError("--datetime stands for --since and --until: give one or the other");
    }
    auto range = ParseInterval(flags.datetime);
    if (!range.ok()) return ForFlag("--datetime", range.status());
    *filter.mutable_occurred() = *std::move(range);
  }
  if (!flags.since.empty()) {
    const auto since = ParseWrittenTime(flags.since);
    if (!since.ok()) return ForFlag("--since", since.status());
    *filter.mutable_occurred()->mutable_start() = ToTimestamp(since->start);
  }
  if (!flags.until.empty()) {
    const auto until = ParseWrittenTime(flags.until);
    if (!until.ok()) return ForFlag("--until", until.status());
    *filter.mutable_occurred()->mutable_end() = ToTimestamp(until->start);
  }
  if (!flags.recorded_since.empty()) {
    const auto since = ParseWrittenTime(flags.recorded_since);
    if (!since.ok()) return ForFlag("--recorded-since", since.status());
    *filter.mutable_recorded()->mutable_start() = ToTimestamp(since->start);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Polygon> ReadPolygon(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.good() && text.empty()) {
    return UsageError(fmt::format("--polygon: cannot read {}", path));
  }
  return ParsePolygon(text, fmt::format("--polygon: {}", path));
}

absl::Status CompileCircle(const FilterFlags& flags, v1::Circle& circle) {
  if (flags.near.empty() || flags.radius.empty()) {
    return UsageError("--near and --radius go together: --near 51.73,36.19 --radius 50km");
  }
  auto center = ParsePoint(flags.near);
  if (!center.ok()) return center.status();
  const auto radius_m = ParseDistanceM(flags.radius);
  if (!radius_m.ok()) return radius_m.status();
  *circle.mutable_center() = *std::move(center);
  circle.set_radius_m(*radius_m);
  return absl::OkStatus();
}

absl::Status CompileArea(Session& session, const FilterFlags& flags, v1::EventFilter& filter) {
  const bool circle = !flags.near.empty() || !flags.radius.empty();
  if (!flags.regions.empty() + !flags.bbox.empty() + circle + !flags.polygon_path.empty() > 1) {
    return UsageError("give one of --region, --bbox, --near with --radius, and --polygon");
  }
  for (const std::string& text : flags.regions) {
    auto region = ResolveRegion(session, text);
    if (!region.ok()) return region.status();
    filter.mutable_regions()->add_regions(*std::move(region));
  }
  if (!flags.bbox.empty()) {
    auto box = ParseBox(flags.bbox);
    if (!box.ok()) return box.status();
    *filter.mutable_box() = *std::move(box);
  }
  if (!flags.polygon_path.empty()) {
    auto polygon = ReadPolygon(flags.polygon_path);
    if (!polygon.ok()) return polygon.status();
    *filter.mutable_polygon() = *std::move(polygon);
  }
  return circle ? CompileCircle(flags, *filter.mutable_circle()) : absl::OkStatus();
}

absl::Status CompileParties(Session& session, const FilterFlags& flags, v1::EventFilter& filter) {
  if (!flags.roles.empty() && flags.actors.empty()) {
    return UsageError("--role says how an --actor took part: name one");
  }
  for (const std::string& text : flags.actors) {
    auto actor = ResolveActor(session, text);
    if (!actor.ok()) return actor.status();
    for (const std::string& word : flags.roles) {
      const auto role = EnumNumber(*v1::ParticipantRole_descriptor(), word);
      if (!role) {
        return UsageError(fmt::format("--role: '{}' is none of: {}", word,
                                      EnumWords(*v1::ParticipantRole_descriptor())));
      }
      actor->add_roles(static_cast<v1::ParticipantRole>(*role));
    }
    *filter.add_actors() = *std::move(actor);
  }
  return absl::OkStatus();
}

absl::Status CompileKinds(const FilterFlags& flags, v1::EventFilter& filter) {
  for (const std::string& word : flags.kinds) {
    const auto kind = EnumNumber(*v1::EventKind_descriptor(), word);
    if (!kind) {
      return UsageError(
          fmt::format("--kind: '{}' is none of: {}", word, EnumWords(*v1::EventKind_descriptor())));
    }
    filter.add_kinds(static_cast<v1::EventKind>(*kind));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> ParseCount(std::string_view flag, std::string_view text) {
  std::int64_t count = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || count < 0) {
    return UsageError(fmt::format("{}: '{}' is no number of 0 or more", flag, text));
  }
  return count;
}

absl::Status CompileUncertainty(const FilterFlags& flags, v1::EventFilter& filter) {
  if (!flags.persons_min.empty()) {
    const auto count = ParseCount("--persons-min", flags.persons_min);
    if (!count.ok()) return count.status();
    filter.set_persons_min(*count);
  }
  if (!flags.fatalities_min.empty()) {
    const auto count = ParseCount("--fatalities-min", flags.fatalities_min);
    if (!count.ok()) return count.status();
    filter.set_fatalities_min(*count);
  }
  if (!flags.match.empty()) {
    const auto mode = EnumNumber(*v1::MatchMode_descriptor(), flags.match);
    if (!mode) {
      return UsageError(fmt::format("--match: '{}' is none of: {}", flags.match,
                                    EnumWords(*v1::MatchMode_descriptor())));
    }
    filter.set_match(static_cast<v1::MatchMode>(*mode));
  }
  if (!flags.place_uncertainty_max.empty()) {
    const auto metres = flags.place_uncertainty_max == "0"
                            ? absl::StatusOr<double>(0)
                            : ParseDistanceM(flags.place_uncertainty_max);
    if (!metres.ok()) return ForFlag("--place-uncertainty-max", metres.status());
    filter.set_place_uncertainty_max_m(*metres);
  }
  if (flags.time_uncertainty_max.empty()) return absl::OkStatus();
  const auto longest = ParseSpan(flags.time_uncertainty_max);
  if (!longest.ok()) return ForFlag("--time-uncertainty-max", longest.status());
  filter.mutable_time_uncertainty_max()->set_seconds(absl::ToInt64Seconds(*longest));
  return absl::OkStatus();
}

absl::Status CompileSources(const FilterFlags& flags, v1::EventFilter& filter) {
  for (const std::string& word : flags.verifications) {
    const auto level = EnumNumber(*v1::Verification_descriptor(), word);
    if (!level) {
      return UsageError(fmt::format("--verification: '{}' is none of: {}", word,
                                    EnumWords(*v1::Verification_descriptor())));
    }
    filter.add_verifications(static_cast<v1::Verification>(*level));
  }
  filter.set_text(flags.text);
  filter.set_source_url(flags.source_url);
  return absl::OkStatus();
}

}  // namespace

v1::AsOf ParseAsOf(std::string_view text) {
  v1::AsOf as_of;
  if (const auto time = ParseWrittenTime(text); time.ok()) {
    *as_of.mutable_time() = ToTimestamp(time->start);
  } else {
    as_of.set_position(std::string(text));
  }
  return as_of;
}

void AddFilterFlags(CLI::App* command, FilterFlags& flags) {
  const FlagGroup group(command);
  group.One("--since", flags.since, "TIME",
            "Happened at or after: 2025, 2025-01, 2025-01-31 or 2025-01-31T08:30:00Z");
  group.One("--until", flags.until, "TIME", "Happened before; the time itself is not included");
  group.One("--datetime", flags.datetime, "A/B",
            "The same as --since A --until B; '..' is open; a single time is that whole day, "
            "month, year");
  group.One("--recorded-since", flags.recorded_since, "TIME",
            "Recorded or changed here at or after");
  AddSubjectFlags(group, flags);
  AddSourceFlags(group, flags);
  command
      ->add_flag("--include-retracted", flags.include_retracted,
                 "Events that do not stand too: retracted and merged ones")
      ->group(kGroup);
  group.One("--as-of", flags.as_of, "MOMENT",
            "As the record stood then: a time (a date is its 00:00 UTC) or a position from an "
            "answer");
}

void AddChangeFilterFlags(CLI::App* command, FilterFlags& flags) {
  const FlagGroup group(command);
  group.One("--datetime", flags.datetime, "A/B",
            "Happened from A until B: 2025, 2025-01, 2025-01-31 or 2025-01-31T08:30:00Z; '..' is "
            "open; a single time is that whole day, month, year");
  AddSubjectFlags(group, flags);
  AddSourceFlags(group, flags);
  group.One("--as-of", flags.as_of, "MOMENT",
            "Changes up to then: a time (a date is its 00:00 UTC) or a position from an answer");
}

absl::StatusOr<Question> CompileFilter(Session& session, const FilterFlags& flags) {
  Question question;
  absl::Status status = CompileTimes(flags, question.filter);
  if (status.ok()) status = CompileKinds(flags, question.filter);
  if (status.ok()) status = CompileParties(session, flags, question.filter);
  if (status.ok()) status = CompileUncertainty(flags, question.filter);
  if (status.ok()) status = CompileSources(flags, question.filter);
  if (status.ok()) status = CompileArea(session, flags, question.filter);
  if (!status.ok()) return status;
  for (const std::string& feed : flags.feeds) question.filter.add_feeds(FeedName(feed));
  question.filter.set_include_retracted(flags.include_retracted);
  if (!flags.as_of.empty()) question.as_of = ParseAsOf(flags.as_of);
  return question;
}

}  // namespace annals::cli

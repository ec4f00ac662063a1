#include "service/validate/filter_compiler.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "fmt/format.h"
#include "service/validate/reference_checker.h"
#include "storage/event_name.h"
#include "storage/event_words.h"
#include "storage/geo/area.h"
#include "storage/source_url.h"

namespace annals::service {
namespace {

using annals::v1::EventFilter;
using storage::ActorTerm;
using storage::EventQuery;
using storage::TimeSpan;

constexpr int kLabelCharactersMax = 300;
constexpr std::ptrdiff_t kWordsMax = 20;
constexpr std::int64_t kWindowSecondsMax = 315'576'000'000;  // 10,000 years
constexpr std::int32_t kNanosMax = 999'999'999;

template <typename T>
void SortUnique(std::vector<T>* values) {
  std::ranges::sort(*values);
  const auto repeated = std::ranges::unique(*values);
  values->erase(repeated.begin(), repeated.end());
}

TimeSpan CompileRange(std::string_view field, bool present, const annals::v1::TimeRange& range,
                      ReferenceChecker* check) {
  TimeSpan span;
  if (!present) return span;
  check->Range(field, range);
  if (!check->ok()) return span;  // the times may be any
  if (range.has_start()) span.start = storage::ToMicros(range.start());
  if (range.has_end()) span.end = storage::ToMicros(range.end());
  return span;
}

absl::StatusOr<storage::Area> MakePolygon(const annals::v1::Polygon& polygon) {
  std::vector<std::vector<std::pair<double, double>>> rings;
  const auto add = [&](const annals::v1::Ring& ring) {
    auto& points = rings.emplace_back();
    points.reserve(static_cast<std::size_t>(ring.points_size()));
    for (const annals::v1::Point& p : ring.points())
      points.emplace_back(p.longitude(), p.latitude());
  };
  add(polygon.exterior());
  for (const annals::v1::Ring& hole : polygon.holes()) add(hole);
  return storage::Area::Polygon(rings);
}

// The part of [a, b) that lies in both; none where there is no such part.
std::optional<TimeSpan> Intersect(const TimeSpan& a, const TimeSpan& b) {
  TimeSpan both = a;
  if (b.start && (!both.start || *b.start > *both.start)) both.start = b.start;
  if (b.end && (!both.end || *b.end < *both.end)) both.end = b.end;
  if (both.start && both.end && *both.start >= *both.end) return std::nullopt;
  return both;
}

// Collects the terms of one ActorFilter: each actor's key and names, and those of its subordinates
// for as long as they are that.
class TermCollector {
 public:
  TermCollector(const CatalogSnapshot& catalog, std::uint32_t roles, bool subordinates)
      : catalog_(catalog), roles_(roles), subordinates_(subordinates) {}

  void AddLabel(std::string_view label) { AddKey(storage::LabelKey(label), {}); }

  void AddActor(const std::string& id, const TimeSpan& validity) {
    const annals::v1::Actor* actor = catalog_.FindActor(id);
    // An actor reached twice with the same validity ends here, a cycle as well.
    if (actor == nullptr || !visited_.emplace(id, validity.start, validity.end).second) return;
    AddKey(storage::ActorKey(id), validity);
    AddKey(storage::LabelKey(actor->title()), validity);
    for (const annals::v1::LocalName& alias : actor->aliases()) {
      AddKey(storage::LabelKey(alias.text()), validity);
    }
    if (!subordinates_) return;
    for (const CatalogSnapshot::Child& child : catalog_.ChildrenOf(id)) {
      if (const auto both = Intersect(validity, child.validity)) AddActor(child.actor, *both);
    }
  }

  void AppendTo(std::vector<ActorTerm>* terms) const {
    for (const auto& [key, start, end] : keys_) terms->push_back({key, roles_, {start, end}});
  }

 private:
  using Bound = std::optional<storage::Micros>;

  void AddKey(std::int64_t key, const TimeSpan& validity) {
    keys_.emplace(key, validity.start, validity.end);
  }

  const CatalogSnapshot& catalog_;
  const std::uint32_t roles_;
  const bool subordinates_;
  std::set<std::tuple<std::string, Bound, Bound>> visited_;
  std::set<std::tuple<std::int64_t, Bound, Bound>> keys_;
};

std::uint32_t CompileRoles(const annals::v1::ActorFilter& actor, ReferenceChecker* check) {
  std::uint32_t roles = 0;
  check->Items("roles", actor.roles_size());
  for (int i = 0; i < actor.roles_size() && check->ok(); ++i) {
    const auto scope = check->In("roles", i);
    check->Value("", actor.roles(i), true);
    if (check->ok()) roles |= std::uint32_t{1} << actor.roles(i);
  }
  return roles;
}

void CompileActor(const annals::v1::ActorFilter& filter, const CatalogSnapshot& catalog,
                  ReferenceChecker* check, std::vector<ActorTerm>* terms) {
  TermCollector collector(catalog, CompileRoles(filter, check), !filter.exclude_subordinates());
  switch (filter.identity_case()) {
    case annals::v1::ActorFilter::kActor: {
      if (filter.actor().empty()) check->Fail("actor", "REQUIRED", "must be given");
      check->Actor("actor", filter.actor());
      const auto id = storage::ParseCatalogName("actors", filter.actor());
      if (check->ok() && id.ok()) collector.AddActor(*id, {});
      break;
    }
    case annals::v1::ActorFilter::kLabel:
      check->RequiredText("label", filter.label(), kLabelCharactersMax);
      if (!check->ok()) return;
      collector.AddLabel(filter.label());
      for (const std::string& id : catalog.ActorsNamed(filter.label())) collector.AddActor(id, {});
      break;
    case annals::v1::ActorFilter::IDENTITY_NOT_SET:
      check->Fail("", "REQUIRED", "needs an actor or a label");
  }
  collector.AppendTo(terms);
}

void CompileActors(const EventFilter& filter, const CatalogSnapshot& catalog,
                   ReferenceChecker* check, EventQuery* query) {
  check->Items("actors", filter.actors_size());
  for (int i = 0; i < filter.actors_size() && check->ok(); ++i) {
    const auto scope = check->In("actors", i);
    if (!query->actors) query->actors.emplace();
    CompileActor(filter.actors(i), catalog, check, &*query->actors);
  }
}

void CompileKinds(const EventFilter& filter, ReferenceChecker* check, EventQuery* query) {
  check->Items("kinds", filter.kinds_size());
  for (int i = 0; i < filter.kinds_size() && check->ok(); ++i) {
    const auto scope = check->In("kinds", i);
    const auto kind = filter.kinds(i);
    if (kind == annals::v1::EVENT_KIND_UNSPECIFIED || !annals::v1::EventKind_IsValid(kind)) {
      check->Fail("", "UNKNOWN_KIND", fmt::format("{} is no kind", int{kind}));
    }
    query->kinds.push_back(kind);
  }
  SortUnique(&query->kinds);
}

void CompileFeeds(const EventFilter& filter, ReferenceChecker* check, EventQuery* query) {
  check->Items("feeds", filter.feeds_size());
  for (int i = 0; i < filter.feeds_size() && check->ok(); ++i) {
    const auto scope = check->In("feeds", i);
    check->Feed("", filter.feeds(i));
    const auto id = storage::ParseCatalogName("feeds", filter.feeds(i));
    if (id.ok()) query->feeds.push_back(*id);
  }
  SortUnique(&query->feeds);
}

void CompileUncertainty(const EventFilter& filter, ReferenceChecker* check, EventQuery* query) {
  if (filter.has_persons_min()) {
    check->Count("persons_min", filter.persons_min());
    query->persons_min = filter.persons_min();
  }
  if (filter.has_fatalities_min()) {
    check->Count("fatalities_min", filter.fatalities_min());
    query->fatalities_min = filter.fatalities_min();
  }
  if (filter.has_place_uncertainty_max_m()) {
    const double metres = filter.place_uncertainty_max_m();
    if (!(metres >= 0 && metres <= storage::kCircleRadiusMaxM)) {
      return check->Fail("place_uncertainty_max_m", "DISTANCE_RANGE",
                         fmt::format("must lie in [0, {:.0f}]", storage::kCircleRadiusMaxM));
    }
    query->place_uncertainty_max_m = metres;
  }
  if (!filter.has_time_uncertainty_max()) return;
  const google::protobuf::Duration& longest = filter.time_uncertainty_max();
  if (longest.seconds() < 0 || longest.seconds() > kWindowSecondsMax || longest.nanos() < 0 ||
      longest.nanos() > kNanosMax) {
    return check->Fail("time_uncertainty_max", "DURATION_RANGE",
                       "must lie in [0, 315,576,000,000 s]");
  }
  query->window_max = longest.seconds() * 1'000'000 + longest.nanos() / 1'000;
}

void CompileMatch(const EventFilter& filter, ReferenceChecker* check, EventQuery* query) {
  check->Value("match", filter.match(), false);
  if (!check->ok() || filter.match() == annals::v1::MATCH_MODE_UNSPECIFIED) return;
  query->match = static_cast<storage::MatchMode>(filter.match());
}

void CompileSources(const EventFilter& filter, ReferenceChecker* check, EventQuery* query) {
  check->Items("verifications", filter.verifications_size());
  for (int i = 0; i < filter.verifications_size() && check->ok(); ++i) {
    const auto scope = check->In("verifications", i);
    check->Value("", filter.verifications(i), true);
    query->verifications.push_back(filter.verifications(i));
  }
  SortUnique(&query->verifications);
  check->Text("text", filter.text(), {.characters_max = kLabelCharactersMax});
  check->Url("source_url", filter.source_url());
  if (!check->ok()) return;
  if (!filter.source_url().empty()) query->source_key = storage::SourceKey(filter.source_url());
  if (filter.text().empty()) return;
  query->words = storage::QueryWords(filter.text());
  if (query->words.empty()) check->Fail("text", "NO_WORDS", "has no letter or digit");
  if (std::ssize(query->words) > kWordsMax) {
    check->Fail("text", "TOO_MANY_WORDS", fmt::format("has more than {} words", kWordsMax));
  }
}

void CompileRegions(const annals::v1::RegionList& list, const storage::Gazetteer& gazetteer,
                    ReferenceChecker* check, EventQuery* query) {
  const auto scope = check->In("regions");
  if (list.regions().empty()) check->Fail("regions", "REQUIRED", "needs a region at least");
  check->Items("regions", list.regions_size());
  std::vector<std::string> codes;
  for (int i = 0; i < list.regions_size() && check->ok(); ++i) {
    const auto item = check->In("regions", i);
    if (list.regions(i).empty()) check->Fail("", "REQUIRED", "must be given");
    check->Region("", list.regions(i));
    const auto code = storage::ParseRegionName(list.regions(i));
    if (code.ok()) codes.push_back(*code);
  }
  query->regions = storage::MakeRegionTerm(gazetteer, codes);
}

void SetArea(std::string_view field, absl::StatusOr<storage::Area> area,
             const storage::Gazetteer& gazetteer, ReferenceChecker* check, EventQuery* query) {
  if (!area.ok()) return check->Fail(field, area.status());
  query->area = storage::MakeAreaTerm(gazetteer, *std::move(area), query->match);
}

void CompileArea(const EventFilter& filter, const storage::Gazetteer& gazetteer,
                 ReferenceChecker* check, EventQuery* query) {
  switch (filter.area_case()) {
    case EventFilter::kBox: {
      const annals::v1::Box& box = filter.box();
      return SetArea("box", storage::Area::Box(box.west(), box.south(), box.east(), box.north()),
                     gazetteer, check, query);
    }
    case EventFilter::kCircle: {
      const annals::v1::Circle& circle = filter.circle();
      if (!circle.has_center()) return check->Fail("circle.center", "REQUIRED", "must be given");
      return SetArea("circle",
                     storage::Area::Circle(circle.center().latitude(), circle.center().longitude(),
                                           circle.radius_m()),
                     gazetteer, check, query);
    }
    case EventFilter::kPolygon:
      return SetArea("polygon", MakePolygon(filter.polygon()), gazetteer, check, query);
    case EventFilter::kRegions:
      return CompileRegions(filter.regions(), gazetteer, check, query);
    case EventFilter::AREA_NOT_SET:
      return;
  }
}

}  // namespace

absl::StatusOr<EventQuery> FilterCompiler::Compile(const EventFilter& filter) const {
  ReferenceChecker check(gazetteer_, catalog_);
  EventQuery query;
  CompileMatch(filter, &check, &query);
  query.occurred = CompileRange("occurred", filter.has_occurred(), filter.occurred(), &check);
  query.reported = CompileRange("reported", filter.has_reported(), filter.reported(), &check);
  query.recorded = CompileRange("recorded", filter.has_recorded(), filter.recorded(), &check);
  if (check.ok()) CompileArea(filter, gazetteer_, &check, &query);
  CompileKinds(filter, &check, &query);
  CompileActors(filter, catalog_.catalog, &check, &query);
  CompileFeeds(filter, &check, &query);
  CompileUncertainty(filter, &check, &query);
  CompileSources(filter, &check, &query);
  query.include_retracted = filter.include_retracted();
  if (!check.ok()) return check.status();
  return query;
}

}  // namespace annals::service

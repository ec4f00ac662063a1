#include "storage/event_query.h"

#include <algorithm>

#include "storage/event_words.h"
#include "storage/gazetteer.h"

namespace annals::storage {
namespace {

bool HoldsRegion(const std::vector<std::string>& sorted_codes, const std::string& code) {
  return !code.empty() && std::ranges::binary_search(sorted_codes, code);
}

bool MatchesArea(const AreaTerm& term, MatchMode mode, const EventColumns& event) {
  const bool point_inside = event.point && term.area.Covers(*event.point);
  switch (mode) {
    case MatchMode::kNominal:
      return event.point ? point_inside : HoldsRegion(term.regions_within, event.area_region);
    case MatchMode::kPossible:
      return point_inside || HoldsRegion(term.regions_overlapping, event.area_region) ||
             (event.circle && term.area.OverlapsCircle(event.circle->circle));
    case MatchMode::kDefinite:
      if (event.point && !point_inside) return false;
      if (!event.area_region.empty()) return HoldsRegion(term.regions_within, event.area_region);
      if (event.circle) return term.area.CoversCircle(event.circle->circle);
      return event.point.has_value();
  }
  return false;
}

bool MatchesRegions(const RegionTerm& term, MatchMode mode, const EventColumns& event) {
  const bool point_inside = event.point && HoldsRegion(term.codes, event.point_region);
  const bool area_inside = HoldsRegion(term.codes, event.area_region);
  const auto held = [&](const std::string& code) { return HoldsRegion(term.codes, code); };
  switch (mode) {
    case MatchMode::kNominal:
      return point_inside || HoldsRegion(term.codes, event.region) || (!event.point && area_inside);
    case MatchMode::kPossible:
      return MatchesRegions(term, MatchMode::kNominal, event) ||
             HoldsRegion(term.codes_around, event.area_region) ||
             (event.circle && std::ranges::any_of(event.circle->regions, held));
    case MatchMode::kDefinite:
      if (event.point && !point_inside) return false;
      if (!event.area_region.empty()) return area_inside;
      return event.point && (!event.circle || (!event.circle->beyond_regions &&
                                               std::ranges::all_of(event.circle->regions, held)));
  }
  return false;
}

// Time and place, as far as they may be uncertain.
bool MatchesUncertain(const EventQuery& query, MatchMode mode, const EventColumns& event) {
  if (!query.occurred.Overlaps(event.occurred)) return false;
  if (mode == MatchMode::kDefinite && !query.occurred.Holds(event.occurred)) return false;
  return (!query.area || MatchesArea(*query.area, mode, event)) &&
         (!query.regions || MatchesRegions(*query.regions, mode, event));
}

bool MatchesActors(const std::vector<ActorTerm>& terms, const EventColumns& event) {
  return std::ranges::any_of(terms, [&](const ActorTerm& term) {
    if (!term.validity.Contains(event.occurred.start)) return false;
    return std::ranges::any_of(event.participants, [&](const ParticipantColumns& participant) {
      return participant.key == term.key &&
             (term.roles == 0 || (term.roles >> participant.role & 1) != 0);
    });
  });
}

// By the best estimate there is: what only says "at most" may be fewer.
bool AtLeast(const CountColumns& counts, const std::optional<std::int64_t>& least) {
  if (!least) return true;
  const auto& estimate = counts.best ? counts.best : counts.low;
  return estimate && *estimate >= *least;
}

template <typename T>
bool AnyOrHolds(const std::vector<T>& asked, const T& value) {
  return asked.empty() || std::ranges::find(asked, value) != asked.end();
}

}  // namespace

RegionTerm MakeRegionTerm(const Gazetteer& gazetteer, const std::vector<std::string>& codes) {
  RegionTerm term;
  for (const std::string& code : codes) {
    const std::string_view country = gazetteer.CountryOf(code);
    if (!country.empty()) term.codes_around.emplace_back(country);
    for (std::string& below : gazetteer.WithDescendants(code)) {
      term.codes.push_back(std::move(below));
    }
  }
  term.codes_around.insert(term.codes_around.end(), term.codes.begin(), term.codes.end());
  for (auto* each : {&term.codes, &term.codes_around}) {
    std::ranges::sort(*each);
    const auto repeated = std::ranges::unique(*each);
    each->erase(repeated.begin(), repeated.end());
  }
  return term;
}

AreaTerm MakeAreaTerm(const Gazetteer& gazetteer, Area area, MatchMode match) {
  AreaTerm term{std::move(area), {}, {}};
  term.regions_within = gazetteer.RegionsWithin(term.area);
  if (match == MatchMode::kPossible) {
    term.regions_overlapping = gazetteer.RegionsOverlapping(term.area);
  }
  return term;
}

bool Matches(const EventQuery& query, const EventColumns& event, Micros update_time, bool active) {
  if (!active && !query.include_retracted) return false;
  if (!query.reported.unbounded() &&
      !(event.reported && query.reported.Contains(*event.reported))) {
    return false;
  }
  const Micros window = event.occurred.end - event.occurred.start;
  if (query.window_max && window > *query.window_max) return false;
  if (query.place_uncertainty_max_m &&
      !(event.place_uncertainty_m &&
        *event.place_uncertainty_m <= *query.place_uncertainty_max_m)) {
    return false;
  }
  if (query.source_key && !std::ranges::binary_search(event.source_keys, *query.source_key)) {
    return false;
  }
  return AtLeast(event.persons, query.persons_min) &&
         AtLeast(event.fatalities, query.fatalities_min) && query.recorded.Contains(update_time) &&
         AnyOrHolds(query.kinds, event.kind) && AnyOrHolds(query.feeds, event.feed) &&
         AnyOrHolds(query.verifications, event.verification) &&
         (!query.actors || MatchesActors(*query.actors, event)) &&
         HoldWords(event.words, query.words) && MatchesUncertain(query, query.match, event);
}

MatchMode StrengthOf(const EventQuery& query, const EventColumns& event) {
  for (const MatchMode mode : {MatchMode::kDefinite, MatchMode::kNominal}) {
    if (MatchesUncertain(query, mode, event)) return mode;
  }
  return MatchMode::kPossible;
}

}  // namespace annals::storage

#include "storage/event_query.h"

#include <algorithm>

namespace annals::storage {
namespace {

bool HoldsRegion(const std::vector<std::string>& sorted_codes, const std::string& code) {
  return !code.empty() && std::ranges::binary_search(sorted_codes, code);
}

bool MatchesPlace(const EventQuery& query, const EventColumns& event) {
  if (query.area) {
    const AreaTerm& term = *query.area;
    if (event.point ? !term.area.Covers(*event.point)
                    : !HoldsRegion(term.regions_within, event.region)) {
      return false;
    }
  }
  return !query.regions || HoldsRegion(*query.regions, event.region) ||
         HoldsRegion(*query.regions, event.point_region);
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

bool Matches(const EventQuery& query, const EventColumns& event, Micros update_time, bool active) {
  if (!active && !query.include_retracted) return false;
  if (!query.occurred.Overlaps(event.occurred)) return false;
  if (!query.reported.unbounded() &&
      !(event.reported && query.reported.Contains(*event.reported))) {
    return false;
  }
  const Micros window = event.occurred.end - event.occurred.start;
  if (query.window_max && window > *query.window_max) return false;
  return AtLeast(event.persons, query.persons_min) &&
         AtLeast(event.fatalities, query.fatalities_min) && query.recorded.Contains(update_time) &&
         AnyOrHolds(query.kinds, event.kind) && AnyOrHolds(query.feeds, event.feed) &&
         (!query.actors || MatchesActors(*query.actors, event)) && MatchesPlace(query, event);
}

}  // namespace annals::storage

// Decides by which access path a question is answered. We decide from what we know of the question
// and from counts, not PostgreSQL: it would have to choose between walking time and walking space,
// and guesses wrong where a LIMIT makes the wrong guess cost seconds.
#pragma once

#include <cstdint>
#include <optional>

#include "storage/event_query.h"
#include "storage/geo/area.h"

namespace annals::storage {

enum class Access {
  kNothing,  // the question matches no event
  kTime,     // all events in the question's order, each tested
  kCells,    // cell by cell of the area, and the regions wholly in it for events without a point
  kRegions,  // region by region
  kActors,   // participant by participant
  kSource,   // those at one URL
  kFeeds,    // feed by feed
};

struct QuestionPlan {
  Access access = Access::kTime;
  CellCover cover;  // with kCells
};

// More keys (cells, regions, participants) than these are not walked one by one: the question is
// then so wide that walking time finds answers soon.
inline constexpr int kWalkKeysMax = 1'024;

// A wide area over so short a range of time goes by time.
inline constexpr int kWideCellsMin = 256;
inline constexpr Micros kBriefMax = Micros{24} * 3600 * 1'000'000;

// Participants with fewer events than these are walked first, whatever else is asked.
inline constexpr std::int64_t kRareActorEventsMax = 2'000;

// Whether the plan of this question depends on how many events its actors have.
[[nodiscard]] bool NeedsActorEvents(const EventQuery& query);

// `actor_events`: how many events the question's actors have, counted up to kRareActorEventsMax +
// 1; given where NeedsActorEvents.
[[nodiscard]] QuestionPlan PlanQuestion(const EventQuery& query,
                                        std::optional<std::int64_t> actor_events);

}  // namespace annals::storage

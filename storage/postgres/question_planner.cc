#include "storage/postgres/question_planner.h"

#include <utility>

namespace annals::storage {
namespace {

bool IsBrief(const TimeSpan& span) {
  return span.start && span.end && *span.end - *span.start <= kBriefMax;
}

bool Walkable(std::size_t keys) { return keys <= kWalkKeysMax; }

// By the area or the regions; kTime where these are too wide to be walked.
QuestionPlan PlanBySpace(const EventQuery& query) {
  if (query.area) {
    CellCover cover = query.area->area.Cover();
    const std::size_t cells = cover.interior.size() + cover.boundary.size();
    const bool wide_and_brief = cells >= kWideCellsMin && IsBrief(query.occurred);
    if (!Walkable(cells) || wide_and_brief) return {Access::kTime, {}};
    return {Access::kCells, std::move(cover)};
  }
  if (!Walkable(query.regions->codes_around.size())) return {Access::kTime, {}};
  return {Access::kRegions, {}};
}

}  // namespace

bool NeedsActorEvents(const EventQuery& query) {
  return !query.source_key && query.actors && Walkable(query.actors->size()) &&
         (query.area || query.regions);
}

QuestionPlan PlanQuestion(const EventQuery& query, std::optional<std::int64_t> actor_events) {
  if (query.actors && query.actors->empty()) return {Access::kNothing, {}};
  if (query.regions && query.regions->codes.empty()) return {Access::kNothing, {}};
  if (query.source_key) return {Access::kSource, {}};
  const bool spatial = query.area || query.regions;
  const bool actors_walkable = query.actors && Walkable(query.actors->size());
  if (actors_walkable && (!spatial || (actor_events && *actor_events <= kRareActorEventsMax))) {
    return {Access::kActors, {}};
  }
  if (spatial) return PlanBySpace(query);
  if (!query.feeds.empty() && Walkable(query.feeds.size())) return {Access::kFeeds, {}};
  return {Access::kTime, {}};
}

}  // namespace annals::storage

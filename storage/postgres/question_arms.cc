// Which arms a question has: QuestionSql's choice of what to walk.
#include <utility>

#include "fmt/format.h"
#include "storage/postgres/question_sql.h"

namespace annals::storage {
namespace {

constexpr char kActive[] = "e.state = 1";
constexpr char kNotActive[] = "e.state <> 1";

}  // namespace

QuestionSql::Arm QuestionSql::PlainArm(Table table) const {
  Arm arm;
  arm.table = table;
  if (table == Table::kEventRevision) arm.from = "event_revision e";
  if (!space_.empty()) arm.conditions.push_back(space_);
  return arm;
}

QuestionSql::Arm QuestionSql::PostingArm(std::string keys) const {
  Arm arm = PlainArm(Table::kEvent);
  arm.from = "event_posting a JOIN event e ON e.id = a.event_id";
  arm.id = "a.event_id";
  arm.start = "a.occurred_start";
  arm.is_long = "a.is_long";
  arm.walk_key = "a.key";
  arm.walk_values = std::move(keys);
  arm.by_posting = true;
  return arm;
}

QuestionSql::Arm QuestionSql::CircleArm(Table table, const std::string& keys,
                                        std::vector<std::string> conditions) const {
  Arm arm = table == Table::kEvent ? PostingArm(keys) : PlainArm(table);
  arm.conditions = std::move(conditions);
  arm.conditions.push_back("e.radius_m IS NOT NULL");
  return arm;
}

void QuestionSql::AddCellArms(Table table, std::vector<Arm>* arms) const {
  // Where the point lies in the area,
  const bool definite = query_.match == MatchMode::kDefinite;
  const auto add_points = [&](std::string key, const std::string& cells, bool is_interior) {
    if (cells.empty()) return;
    Arm arm = PlainArm(table);
    arm.walk_key = std::move(key);
    arm.walk_values = cells;
    arm.conditions.clear();
    if (!is_interior) arm.conditions.push_back(area_->in_area);
    if (definite) arm.conditions.push_back(space_);
    arms->push_back(std::move(arm));
  };
  if (table == Table::kEventRevision) {  // history has the coarse grid only
    add_points("e.cell_8", coarse_, false);
  } else {
    add_points(cell_column_, interior_, true);
    add_points(cell_column_, boundary_, false);
  }
  // and what only a region or a circle brings to it.
  const bool possible = query_.match == MatchMode::kPossible;
  if (!(possible ? query_.area->regions_overlapping : query_.area->regions_within).empty()) {
    Arm arm = PlainArm(table);
    arm.walk_key = "e.area_region";
    arm.walk_values = possible ? area_->overlapping : area_->within;
    arm.conditions = {possible ? fmt::format("(e.lon IS NULL OR NOT {})", area_->in_area)
                               : "e.lon IS NULL"};
    arms->push_back(std::move(arm));
  }
  if (!possible) return;
  arms->push_back(CircleArm(table, circle_keys_,
                            {fmt::format("NOT {}", area_->in_area), area_->circle_overlaps}));
}

void QuestionSql::AddRegionArms(Table table, std::vector<Arm>* arms) const {
  Arm arm = PlainArm(table);
  const bool definite = query_.match == MatchMode::kDefinite;
  const bool possible = query_.match == MatchMode::kPossible;
  const auto add = [&](std::string key, const std::string& codes,
                       std::vector<std::string> conditions) {
    arm.walk_key = std::move(key);
    arm.walk_values = codes;
    arm.conditions = std::move(conditions);
    if (definite) arm.conditions.push_back(space_);
    arms->push_back(arm);
  };
  add("e.region", regions_->codes, {});
  // Those whose source names a region elsewhere, or none. That the regions differ follows, and is
  // said for the sake of the partial index.
  add("e.point_region", regions_->codes,
      {"e.point_region IS DISTINCT FROM e.region",
       fmt::format("(e.region IS NULL OR e.region <> ALL ({}))", regions_->codes)});
  if (possible) {
    add("e.area_region", regions_->around, {regions_->not_named});
    arms->push_back(
        CircleArm(table, circle_keys_,
                  {regions_->not_named, fmt::format("e.reach_regions && {}", regions_->codes)}));
  } else {
    add("e.area_region", regions_->codes, {"e.lon IS NULL", regions_->not_named});
  }
}

std::vector<QuestionSql::Arm> QuestionSql::ActiveArms(Table table) const {
  std::vector<Arm> arms;
  switch (plan_.access) {
    case Access::kCells:
      AddCellArms(table, &arms);
      return arms;
    case Access::kRegions:
      AddRegionArms(table, &arms);
      return arms;
    case Access::kActors:
      if (table == Table::kEventRevision) break;
      return {PostingArm(actor_keys_)};
    case Access::kSource:
      if (table == Table::kEventRevision) break;
      return {PostingArm(source_keys_)};
    case Access::kFeeds: {
      if (table == Table::kEventRevision) break;
      Arm arm = PlainArm(table);
      arm.walk_key = "e.feed_id";
      arm.walk_values = feeds_;
      return {arm};
    }
    case Access::kTime:
    case Access::kNothing:
      break;
  }
  return {PlainArm(table)};
}

// Arms are disjoint: by table, by state, by place and by length of window.
std::vector<QuestionSql::Arm> QuestionSql::Arms(bool split_windows) const {
  std::vector<Arm> arms;
  std::vector<Table> tables = {Table::kEvent};
  if (as_of_) tables.push_back(Table::kEventRevision);
  for (const Table table : tables) {
    for (Arm& arm : ActiveArms(table)) {
      arm.conditions.push_back(kActive);
      arms.push_back(std::move(arm));
    }
    if (!query_.include_retracted) continue;
    arms.push_back(PlainArm(table));
    arms.back().conditions.push_back(kNotActive);
  }
  if (!split_windows || !query_.occurred.start) return arms;
  std::vector<Arm> split;
  for (Arm& arm : arms) {
    arm.length = Length::kShort;
    split.push_back(arm);
    arm.length = Length::kLong;
    // Long windows have no index by feed: all of them are looked through.
    if (plan_.access == Access::kFeeds) arm.walk_key.clear();
    split.push_back(std::move(arm));
  }
  return split;
}

}  // namespace annals::storage

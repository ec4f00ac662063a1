#include "storage/postgres/question_sql.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "fmt/format.h"
#include "storage/postgres/area_sql.h"
#include "storage/postgres/sql_value.h"

namespace annals::storage {
namespace {

constexpr char kActive[] = "e.state = 1";
constexpr char kNotActive[] = "e.state <> 1";

// A cell of the fine grid lies in the coarse cell whose number is its own without the last bits:
// two for each level between them (Morton order).
constexpr int kFineToCoarseShift = 2 * (kFineCellLevel - kCoarseCellLevel);

std::vector<std::int32_t> OnCoarseGrid(const CellCover& cover) {
  std::vector<std::int32_t> cells = cover.interior;
  cells.insert(cells.end(), cover.boundary.begin(), cover.boundary.end());
  if (cover.level == kFineCellLevel) {
    for (std::int32_t& cell : cells) cell >>= kFineToCoarseShift;
  }
  std::ranges::sort(cells);
  cells.erase(std::ranges::unique(cells).begin(), cells.end());
  return cells;
}

}  // namespace

std::string StatementBuilder::Bind(std::string value, std::string_view type) {
  parameters_.push_back(std::move(value));
  return fmt::format("${}::{}", parameters_.size(), type);
}

// PostgreSQL refuses a parameter that no one refers to: those are dropped, and the others
// renumbered.
Statement StatementBuilder::Finish(std::string_view text) && {
  Statement statement;
  std::map<std::size_t, std::size_t> numbers;  // old -> new
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    statement.text += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.empty()) break;
    std::size_t number = 0;
    const auto end = std::from_chars(text.data() + 1, text.data() + text.size(), number).ptr;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto [found, is_new] = numbers.try_emplace(number, numbers.size() + 1);
    if (is_new) statement.parameters.push_back(parameters_[number - 1]);
    statement.text += fmt::format("${}", found->second);
  }
  return statement;
}

QuestionSql::QuestionSql(const EventQuery& query, const QuestionPlan& plan,
                         std::optional<Position> as_of, const SeenFeeds& feeds,
                         StatementBuilder* builder)
    : query_(query), plan_(plan), as_of_(as_of), builder_(*builder) {
  if (plan_.access == Access::kNothing) return;
  BindCommon();
  BindUncertainty();
  BindVisibility(feeds);
  if (query_.actors) BindActors(*query_.actors);
  if (query_.regions) {
    region_codes_ = builder_.Bind(ArrayText(*query_.regions), "text[]");
    const std::string condition =
        fmt::format("(e.region = ANY ({0}) OR e.point_region = ANY ({0}))", region_codes_);
    if (plan_.access == Access::kRegions) {
      space_ = condition;
    } else {
      common_.push_back(condition);
    }
  }
  if (query_.area) BindArea();
  if (plan_.access == Access::kCells) BindCells();
}

void QuestionSql::BindCommon() {
  if (as_of_) as_of_value_ = builder_.Bind(fmt::format("{}", as_of_->value), "bigint");
  if (query_.occurred.start) {
    start_ = builder_.Bind(TimestampText(*query_.occurred.start), "timestamptz");
    common_.push_back(
        fmt::format("e.occurred_end >= {0} AND (e.occurred_end > {0} OR "
                    "e.occurred_start = e.occurred_end)",
                    start_));
  }
  if (query_.occurred.end) {
    end_ = builder_.Bind(TimestampText(*query_.occurred.end), "timestamptz");
  }
  BindSpan(query_.reported, "e.reported_time");
  BindSpan(query_.recorded, "e.update_time");
  if (!query_.kinds.empty()) {
    common_.push_back(
        fmt::format("e.kind = ANY ({})",
                    builder_.Bind(ArrayText(std::span<const int>(query_.kinds)), "int[]")));
  }
  if (!query_.feeds.empty()) {
    feeds_ = fmt::format("ARRAY(SELECT f.id FROM feed f WHERE f.feed = ANY ({}))",
                         builder_.Bind(ArrayText(query_.feeds), "text[]"));
    common_.push_back(fmt::format("e.feed_id = ANY ({})", feeds_));
  }
}

void QuestionSql::BindUncertainty() {
  if (query_.window_max) {
    const auto length = fmt::format("{} seconds {} microseconds", *query_.window_max / 1'000'000,
                                    *query_.window_max % 1'000'000);
    common_.push_back(
        fmt::format("e.occurred_end - e.occurred_start <= {}", builder_.Bind(length, "interval")));
  }
  for (const auto& [counts, least] :
       {std::pair("persons", query_.persons_min), std::pair("fatalities", query_.fatalities_min)}) {
    if (!least) continue;
    common_.push_back(fmt::format("coalesce(e.{0}_best, e.{0}_low) >= {1}", counts,
                                  builder_.Bind(fmt::format("{}", *least), "bigint")));
  }
}

// Nothing where all is seen; else by whichever list is shorter.
void QuestionSql::BindVisibility(const SeenFeeds& feeds) {
  if (feeds.hidden_ids().empty()) return;
  const bool few_seen = feeds.seen_ids().size() <= feeds.hidden_ids().size();
  const auto& ids = few_seen ? feeds.seen_ids() : feeds.hidden_ids();
  common_.push_back(fmt::format("e.feed_id {} ({})", few_seen ? "= ANY" : "<> ALL",
                                builder_.Bind(ArrayText(ids), "int[]")));
}

// An event without the time matches no bounded span: null is not true.
void QuestionSql::BindSpan(const TimeSpan& span, std::string_view column) {
  if (span.start) {
    common_.push_back(
        fmt::format("{} >= {}", column, builder_.Bind(TimestampText(*span.start), "timestamptz")));
  }
  if (span.end) {
    common_.push_back(
        fmt::format("{} < {}", column, builder_.Bind(TimestampText(*span.end), "timestamptz")));
  }
}

void QuestionSql::BindActors(const std::vector<ActorTerm>& terms) {
  std::vector<std::int64_t> keys, roles, distinct_keys;
  std::vector<std::string> starts, ends;
  bool plain = true;
  for (const ActorTerm& term : terms) {
    keys.push_back(term.key);
    roles.push_back(term.roles);
    starts.push_back(term.validity.start ? TimestampText(*term.validity.start) : "-infinity");
    ends.push_back(term.validity.end ? TimestampText(*term.validity.end) : "infinity");
    plain = plain && term.roles == 0 && term.validity.unbounded();
  }
  distinct_keys = keys;
  std::ranges::sort(distinct_keys);
  distinct_keys.erase(std::ranges::unique(distinct_keys).begin(), distinct_keys.end());
  actor_keys_ = builder_.Bind(ArrayText(distinct_keys), "bigint[]");
  common_.push_back(fmt::format("e.actor_keys && {}", actor_keys_));
  if (plain) return;
  common_.push_back(fmt::format(
      "EXISTS (SELECT 1 FROM unnest(e.actor_keys, e.actor_roles) AS p(actor_key, role)"
      " JOIN unnest({}, {}, {}, {}) AS t(actor_key, roles, valid_from, valid_until)"
      " ON t.actor_key = p.actor_key AND (t.roles = 0 OR (t.roles >> p.role::int) & 1 = 1)"
      " AND e.occurred_start >= t.valid_from AND e.occurred_start < t.valid_until)",
      builder_.Bind(ArrayText(keys), "bigint[]"), builder_.Bind(ArrayText(roles), "bigint[]"),
      builder_.Bind(ArrayText(starts), "timestamptz[]"),
      builder_.Bind(ArrayText(ends), "timestamptz[]")));
}

void QuestionSql::BindArea() {
  in_area_ = PointInArea(query_.area->area, &builder_);
  within_codes_ = builder_.Bind(ArrayText(query_.area->regions_within), "text[]");
  const std::string condition =
      fmt::format("((e.lon IS NOT NULL AND {}) OR (e.lon IS NULL AND e.region = ANY ({})))",
                  in_area_, within_codes_);
  if (plan_.access == Access::kCells) {
    space_ = condition;
  } else {
    common_.push_back(condition);
  }
}

void QuestionSql::BindCells() {
  const CellCover& cover = plan_.cover;
  cell_column_ = cover.level == kFineCellLevel ? "e.cell_12" : "e.cell_8";
  if (!cover.interior.empty()) interior_ = builder_.Bind(ArrayText(cover.interior), "int[]");
  if (!cover.boundary.empty()) boundary_ = builder_.Bind(ArrayText(cover.boundary), "int[]");
  if (as_of_) coarse_ = builder_.Bind(ArrayText(OnCoarseGrid(cover)), "int[]");
}

QuestionSql::Arm QuestionSql::PlainArm(Table table) const {
  Arm arm;
  arm.table = table;
  if (table == Table::kEventRevision) arm.from = "event_revision e";
  if (!space_.empty()) arm.conditions.push_back(space_);
  return arm;
}

QuestionSql::Arm QuestionSql::ActorArm() const {
  Arm arm = PlainArm(Table::kEvent);
  arm.from = "event_actor a JOIN event e ON e.id = a.event_id";
  arm.id = "a.event_id";
  arm.start = "a.occurred_start";
  arm.is_long = "a.is_long";
  arm.walk_key = "a.actor_key";
  arm.walk_values = actor_keys_;
  return arm;
}

void QuestionSql::AddCellArms(Table table, std::vector<Arm>* arms) const {
  Arm arm = PlainArm(table);
  if (table == Table::kEventRevision) {  // history has the coarse grid only
    arm.walk_key = "e.cell_8";
    arm.walk_values = coarse_;
    arm.conditions = {in_area_};
    arms->push_back(arm);
  } else {
    arm.walk_key = cell_column_;
    if (!interior_.empty()) {
      arm.walk_values = interior_;
      arm.conditions = {};
      arms->push_back(arm);
    }
    if (!boundary_.empty()) {
      arm.walk_values = boundary_;
      arm.conditions = {in_area_};
      arms->push_back(arm);
    }
  }
  if (query_.area->regions_within.empty()) return;
  arm.walk_key = "e.region";
  arm.walk_values = within_codes_;
  arm.conditions = {"e.lon IS NULL"};
  arms->push_back(arm);
}

void QuestionSql::AddRegionArms(Table table, std::vector<Arm>* arms) const {
  Arm arm = PlainArm(table);
  arm.walk_key = "e.region";
  arm.walk_values = region_codes_;
  arm.conditions = {};
  arms->push_back(arm);
  // Those whose source names a region elsewhere, or none. That the regions differ follows, and is
  // said for the sake of the partial index.
  arm.walk_key = "e.point_region";
  arm.conditions = {"e.point_region IS DISTINCT FROM e.region",
                    fmt::format("(e.region IS NULL OR e.region <> ALL ({}))", region_codes_)};
  arms->push_back(arm);
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
      return {ActorArm()};
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

std::vector<std::string> QuestionSql::TimeConditions(const Arm& arm) const {
  std::vector<std::string> conditions;
  if (!end_.empty()) conditions.push_back(fmt::format("{} < {}", arm.start, end_));
  if (arm.length == Length::kShort) {
    conditions.push_back(fmt::format("{} > {} - interval '{} seconds' AND NOT {}", arm.start,
                                     start_, kShortWindowMax / 1'000'000, arm.is_long));
  } else if (arm.length == Length::kLong) {
    conditions.push_back(arm.is_long);
  }
  return conditions;
}

std::string QuestionSql::Where(const Arm& arm, std::vector<std::string> more) const {
  std::vector<std::string> conditions = arm.conditions;
  conditions.insert(conditions.end(), common_.begin(), common_.end());
  conditions.insert(conditions.end(), std::make_move_iterator(more.begin()),
                    std::make_move_iterator(more.end()));
  if (as_of_) {
    conditions.push_back(fmt::format("e.position <= {}", as_of_value_));
    if (arm.table == Table::kEventRevision) {
      conditions.push_back(fmt::format("e.until_position > {}", as_of_value_));
    }
  }
  return fmt::format("{}", fmt::join(conditions, " AND "));
}

std::string QuestionSql::PageArm(const Arm& arm, const PageSpec& page, int limit,
                                 const std::string& after_key, const std::string& after_id) const {
  const bool recorded = page.order == EventOrder::kRecordedNewestFirst;
  const bool oldest = page.order == EventOrder::kOccurredOldestFirst;
  const std::string key = recorded ? "e.position" : arm.start;
  std::vector<std::string> more = TimeConditions(arm);
  if (page.after) {
    more.push_back(
        fmt::format("({}, {}) {} ({}, {})", key, arm.id, oldest ? ">" : "<", after_key, after_id));
  }
  // In the recorded order nothing is walked key by key: no index has both.
  const bool walked = !arm.walk_key.empty() && !recorded;
  if (walked) {
    more.push_back(fmt::format("{} = d.k", arm.walk_key));
  } else if (!arm.walk_key.empty()) {
    more.push_back(fmt::format("{} = ANY ({})", arm.walk_key, arm.walk_values));
  }
  const std::string past = arm.table == Table::kEventRevision ? "true" : "false";
  // A participant's events are distinct, those of several at once are not: the limit is of events.
  const std::string_view distinct = may_repeat() && !walked ? "DISTINCT " : "";
  const std::string rows = fmt::format(
      "SELECT {}{} AS key, {} AS id{} FROM {} WHERE {} ORDER BY {} {}, {} {} LIMIT {}", distinct,
      key, arm.id, as_of_ ? fmt::format(", {} AS past, e.revision AS revision", past) : "",
      arm.from, Where(arm, std::move(more)), key, oldest ? "ASC" : "DESC", arm.id,
      oldest ? "ASC" : "DESC", limit);
  if (!walked) return fmt::format("({})", rows);
  return fmt::format("(SELECT w.* FROM unnest({}) AS d(k) CROSS JOIN LATERAL ({}) AS w)",
                     arm.walk_values, rows);
}

std::string QuestionSql::PageArms(const PageSpec& page, int limit) {
  const bool recorded = page.order == EventOrder::kRecordedNewestFirst;
  std::string after_key, after_id;
  if (page.after) {
    after_key = recorded ? builder_.Bind(fmt::format("{}", page.after->key), "bigint")
                         : builder_.Bind(TimestampText(page.after->key), "timestamptz");
    after_id = builder_.Bind(fmt::format("{}", page.after->id), "bigint");
  }
  std::vector<std::string> texts;
  for (const Arm& arm : Arms(!recorded)) {
    texts.push_back(PageArm(arm, page, limit, after_key, after_id));
  }
  return fmt::format("{}", fmt::join(texts, "\nUNION ALL\n"));
}

std::string QuestionSql::AllArms(std::string_view columns) {
  std::vector<std::string> texts;
  for (const Arm& arm : Arms(true)) {
    std::vector<std::string> more = TimeConditions(arm);
    if (plan_.access == Access::kActors && !arm.walk_key.empty()) {
      // An event with two of the participants counts once.
      Arm events = PlainArm(Table::kEvent);
      events.conditions = arm.conditions;
      events.conditions.push_back(fmt::format(
          "e.id IN (SELECT a.event_id FROM event_actor a WHERE a.actor_key = ANY ({}){}{})",
          actor_keys_, more.empty() ? "" : " AND ", fmt::join(more, " AND ")));
      texts.push_back(fmt::format("SELECT {} FROM event e WHERE {}", columns, Where(events, {})));
      continue;
    }
    if (!arm.walk_key.empty()) {
      more.push_back(fmt::format("{} = ANY ({})", arm.walk_key, arm.walk_values));
    }
    texts.push_back(
        fmt::format("SELECT {} FROM {} WHERE {}", columns, arm.from, Where(arm, std::move(more))));
  }
  return fmt::format("{}", fmt::join(texts, "\nUNION ALL\n"));
}

}  // namespace annals::storage

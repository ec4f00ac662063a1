#include "storage/postgres/question_sql.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "storage/event_name.h"
#include "storage/geo/cell_cover.h"
#include "storage/geo/uncertainty_circle.h"
#include "storage/postgres/sql_value.h"

namespace annals::storage {
QuestionSql::QuestionSql(const EventQuery& query, const QuestionPlan& plan,
                         std::optional<Position> as_of, const SeenFeeds& feeds,
                         StatementBuilder* builder)
    : query_(query), plan_(plan), as_of_(as_of), builder_(*builder) {
  if (plan_.access == Access::kNothing) return;
  BindCommon();
  BindCounts();
  BindUncertainty();
  BindSource();
  BindVisibility(feeds);
  if (query_.actors) BindActors(*query_.actors);
  BindPlace();
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

void QuestionSql::BindCounts() {
  for (const auto& [counts, least] :
       {std::pair("persons", query_.persons_min), std::pair("fatalities", query_.fatalities_min)}) {
    if (!least) continue;
    common_.push_back(fmt::format("coalesce(e.{0}_best, e.{0}_low) >= {1}", counts,
                                  builder_.Bind(fmt::format("{}", *least), "bigint")));
  }
}

void QuestionSql::BindUncertainty() {
  if (!start_.empty()) definite_.push_back(fmt::format("e.occurred_start >= {}", start_));
  if (!end_.empty()) definite_.push_back(fmt::format("e.occurred_end <= {}", end_));
  if (query_.match == MatchMode::kDefinite) {
    common_.insert(common_.end(), definite_.begin(), definite_.end());
  }
  if (query_.place_uncertainty_max_m) {
    common_.push_back(fmt::format(
        "e.place_uncertainty_m <= {}",
        builder_.Bind(DoubleText(*query_.place_uncertainty_max_m), "double precision")));
  }
  if (query_.window_max) {
    const auto length = fmt::format("{} seconds {} microseconds", *query_.window_max / 1'000'000,
                                    *query_.window_max % 1'000'000);
    common_.push_back(
        fmt::format("e.occurred_end - e.occurred_start <= {}", builder_.Bind(length, "interval")));
  }
}

void QuestionSql::BindSource() {
  if (!query_.verifications.empty()) {
    common_.push_back(
        fmt::format("e.verification = ANY ({})",
                    builder_.Bind(ArrayText(std::span<const int>(query_.verifications)), "int[]")));
  }
  if (query_.source_key) {
    source_keys_ = builder_.Bind(fmt::format("{{{}}}", *query_.source_key), "bigint[]");
    common_.push_back(fmt::format("e.source_keys @> {}", source_keys_));
  }
  if (query_.words.empty()) return;
  std::vector<std::string> prefixes;
  for (const std::string& word : query_.words) prefixes.push_back(LexemeText(word) + ":*");
  common_.push_back(fmt::format(
      "e.words @@ {}", builder_.Bind(fmt::format("{}", fmt::join(prefixes, " & ")), "tsquery")));
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

void QuestionSql::BindPlace() {
  const auto add = [&](const ModeSql& matches, bool made_by_arms) {
    definite_.push_back(matches.definite);
    nominal_.push_back(matches.nominal);
    if (made_by_arms) {
      space_ = matches.Of(query_.match);
    } else {
      common_.push_back(matches.Of(query_.match));
    }
  };
  if (query_.area) {
    area_ = MakeAreaSql(*query_.area, &builder_);
    add(area_->matches, plan_.access == Access::kCells);
  }
  if (query_.regions) {
    regions_ = MakeRegionSql(*query_.regions, &builder_);
    add(regions_->matches, plan_.access == Access::kRegions);
  }
  if (plan_.access != Access::kRegions || query_.match != MatchMode::kPossible) return;
  std::vector<std::int64_t> keys;
  for (const std::string& code : query_.regions->codes) keys.push_back(RegionKey(code));
  circle_keys_ = builder_.Bind(ArrayText(keys), "bigint[]");
}

std::string QuestionSql::Strength() const {
  const auto all = [](const std::vector<std::string>& conditions) {
    return conditions.empty() ? "true" : fmt::format("{}", fmt::join(conditions, " AND "));
  };
  return fmt::format("CASE WHEN {} THEN {} WHEN {} THEN {} ELSE {} END", all(definite_),
                     static_cast<int>(MatchMode::kDefinite), all(nominal_),
                     static_cast<int>(MatchMode::kNominal), static_cast<int>(MatchMode::kPossible));
}

void QuestionSql::BindCells() {
  const CellCover& cover = plan_.cover;
  cell_column_ = cover.level == kFineCellLevel ? "e.cell_12" : "e.cell_8";
  if (!cover.interior.empty()) interior_ = builder_.Bind(ArrayText(cover.interior), "int[]");
  if (!cover.boundary.empty()) boundary_ = builder_.Bind(ArrayText(cover.boundary), "int[]");
  const std::vector<std::int32_t> coarse = OnCoarseGrid(cover);
  if (as_of_) coarse_ = builder_.Bind(ArrayText(coarse), "int[]");
  if (query_.match == MatchMode::kPossible) {
    circle_keys_ = builder_.Bind(ArrayText(ReachKeysOfCells(coarse)), "bigint[]");
  }
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
  const std::string_view distinct = arm.by_posting && !walked ? "DISTINCT " : "";
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
    if (arm.by_posting) {
      // An event with two of the keys counts once.
      Arm events = PlainArm(Table::kEvent);
      events.conditions = arm.conditions;
      events.conditions.push_back(
          fmt::format("e.id IN (SELECT a.event_id FROM event_posting a WHERE a.key = ANY ({}){}{})",
                      arm.walk_values, more.empty() ? "" : " AND ", fmt::join(more, " AND ")));
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

// A planned question as SQL: the rows that match are the union of arms that cannot overlap, each
// walked by an index of storage/migrations. What matches is defined by Matches()
// (storage/event_query.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/event_query.h"
#include "storage/position.h"
#include "storage/postgres/feed_directory.h"
#include "storage/postgres/place_sql.h"
#include "storage/postgres/question_planner.h"
#include "storage/postgres/statement_builder.h"
#include "storage/postgres/transaction.h"

namespace annals::storage {

class QuestionSql {
 public:
  // All must outlive the object. `as_of` absent asks for the current record.
  QuestionSql(const EventQuery& query, const QuestionPlan& plan, std::optional<Position> as_of,
              const SeenFeeds& feeds, StatementBuilder* builder);

  // "arm UNION ALL arm …", each arm the first `limit` rows after `after`, in the order, as (key,
  // id) and, with as_of, (past, revision): where the row stands. An event may come more than once
  // where may_repeat(). key is occurred_start or, for kRecordedNewestFirst, position.
  [[nodiscard]] std::string PageArms(const PageSpec& page, int limit);
  [[nodiscard]] bool may_repeat() const {
    return plan_.access == Access::kActors || !circle_keys_.empty();
  }

  // "arm UNION ALL arm …" of these columns of every matching event (written "e.kind, …"), each
  // once.
  [[nodiscard]] std::string AllArms(std::string_view columns);

  [[nodiscard]] bool has_past() const { return as_of_.has_value(); }

  // The number of the strictest MatchMode under which a row e that matches does.
  [[nodiscard]] std::string Strength() const;

 private:
  enum class Table { kEvent, kEventRevision };
  enum class Length { kAny, kShort, kLong };  // of windows; kShort and kLong with a lower bound

  // What one arm looks through.
  struct Arm {
    std::string from = "event e";
    std::string id = "e.id";
    std::string start = "e.occurred_start";
    std::string is_long = "e.is_long";
    std::string walk_key;     // column walked key by key; empty where none is
    std::string walk_values;  // SQL array of its values
    std::vector<std::string> conditions;
    Table table = Table::kEvent;
    Length length = Length::kAny;
    bool by_posting = false;  // an event comes once for each of its keys
  };

  [[nodiscard]] std::vector<Arm> Arms(bool split_windows) const;
  [[nodiscard]] std::vector<Arm> ActiveArms(Table table) const;
  void AddCellArms(Table table, std::vector<Arm>* arms) const;
  void AddRegionArms(Table table, std::vector<Arm>* arms) const;
  [[nodiscard]] Arm PostingArm(std::string keys) const;
  // What a circle of uncertainty adds to kPossible; `keys` lead to it, `conditions` tell.
  [[nodiscard]] Arm CircleArm(Table table, const std::string& keys,
                              std::vector<std::string> conditions) const;
  [[nodiscard]] Arm PlainArm(Table table) const;
  [[nodiscard]] std::vector<std::string> TimeConditions(const Arm& arm) const;
  [[nodiscard]] std::string Where(const Arm& arm, std::vector<std::string> more) const;
  [[nodiscard]] std::string PageArm(const Arm& arm, const PageSpec& page, int limit,
                                    const std::string& after_key,
                                    const std::string& after_id) const;

  void BindCommon();
  void BindCounts();
  void BindUncertainty();
  void BindSource();
  void BindVisibility(const SeenFeeds& feeds);
  void BindSpan(const TimeSpan& span, std::string_view column);
  void BindActors(const std::vector<ActorTerm>& terms);
  void BindPlace();
  void BindCells();

  const EventQuery& query_;
  const QuestionPlan& plan_;
  const std::optional<Position> as_of_;
  StatementBuilder& builder_;

  std::vector<std::string> common_;  // conditions of every arm, on e
  std::string space_;  // the area or regions as one condition on e, where arms are made by them
  std::optional<AreaSql> area_;
  std::optional<RegionSql> regions_;
  std::vector<std::string> definite_, nominal_;  // conditions on e besides those of kPossible
  std::string as_of_value_, start_, end_;        // bound values, empty where absent
  std::string actor_keys_, source_keys_, feeds_, circle_keys_;
  std::string interior_, boundary_, coarse_;  // cells; coarse_ are the same on the coarse grid
  std::string cell_column_;
};

}  // namespace annals::storage

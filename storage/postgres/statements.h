// The statements that answer questions, made of the arms of question_sql.h.
#pragma once

#include <optional>
#include <vector>

#include "storage/event_query.h"
#include "storage/gazetteer.h"
#include "storage/position.h"
#include "storage/postgres/feed_directory.h"
#include "storage/postgres/question_planner.h"
#include "storage/postgres/transaction.h"

namespace annals::storage {

// What a statement is made for. All must outlive the call.
struct Question {
  const EventQuery& query;
  const QuestionPlan& plan;       // not kNothing
  std::optional<Position> as_of;  // absent: the current record
  const SeenFeeds& feeds;         // by the caller
};

// Rows (record bytea, position, number of the strictest MatchMode) of the page in its order and of
// one event more where there is one; where the page is cut by its bytes, at least the first event
// that is too much.
[[nodiscard]] Statement PageStatement(const Question& question, const PageSpec& page);

// Rows (placed boolean, totals…): matching events that every dimension can place, and the others.
// At most two rows. Totals are event_count, then (low, best, high, known_count) of persons, then of
// fatalities.
[[nodiscard]] Statement TotalsStatement(const Question& question, const Gazetteer& gazetteer,
                                        const std::vector<Dimension>& dimensions);

// Rows (key of each dimension as text, totals…) of the groups, in no order, at most kGroupsMax + 1.
// A time's key is in microseconds, a kind's or verification's its number, all others are the text
// of Summary::Group. REQUIRES: one dimension or two.
[[nodiscard]] Statement GroupsStatement(const Question& question, const Gazetteer& gazetteer,
                                        const std::vector<Dimension>& dimensions);

}  // namespace annals::storage

// Where an event happened, as SQL conditions on its row e under each match mode. What matches is
// defined by Matches() (storage/event_query.h).
#pragma once

#include <string>

#include "storage/event_query.h"
#include "storage/postgres/statement_builder.h"

namespace annals::storage {

// The three modes of a condition.
struct ModeSql {
  std::string nominal, possible, definite;
  [[nodiscard]] const std::string& Of(MatchMode mode) const;
};

// An area, and what its conditions are made of.
struct AreaSql {
  std::string in_area;              // e's point lies in it; null without a point
  std::string circle_overlaps;      // e's circle of uncertainty meets it; null without one
  std::string within, overlapping;  // arrays of region codes
  ModeSql matches;
};
[[nodiscard]] AreaSql MakeAreaSql(const AreaTerm& term, StatementBuilder* builder);

// Named regions, likewise.
struct RegionSql {
  std::string codes, around;  // arrays of region codes
  std::string not_named;      // neither e's region nor that of its point is one of them
  ModeSql matches;
};
[[nodiscard]] RegionSql MakeRegionSql(const RegionTerm& term, StatementBuilder* builder);

}  // namespace annals::storage

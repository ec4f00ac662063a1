// The exact test of a point against an area, in SQL: what Area::Covers() is in C++.
#pragma once

#include <string>

#include "storage/geo/area.h"

namespace annals::storage {

class StatementBuilder;

// A condition on e.lon and e.lat. Boundaries are inclusive; null where these are.
[[nodiscard]] std::string PointInArea(const Area& area, StatementBuilder* builder);

}  // namespace annals::storage

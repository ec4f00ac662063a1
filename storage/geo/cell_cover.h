// Which cells an area meets, for each shape; see Area::Cover. A cell is named interior only where
// the test of every point in it would hold, and is left out only where it would hold for none.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/geo/area.h"
#include "storage/geo/polygon_locator.h"

namespace annals::storage {

[[nodiscard]] CellCover CoverBox(const BoxArea& box);
[[nodiscard]] CellCover CoverCircle(const CircleArea& circle);
// `locators`: one for each copy of the polygon.
[[nodiscard]] CellCover CoverPolygon(const PolygonArea& polygon,
                                     const std::vector<PolygonLocator>& locators);

// All cells of a cover, or those of the coarse grid that hold them, ascending.
[[nodiscard]] std::vector<std::int32_t> OnCoarseGrid(const CellCover& cover);

}  // namespace annals::storage

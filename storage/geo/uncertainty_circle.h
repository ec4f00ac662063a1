// The circle that a place is known to lie in, as a polygon: what both stores test against areas and
// regions, so that they cannot differ.
//
// The polygon has 32 corners and encloses the circle: on one 0.6 % wider where the circle is small
// (200 km) and not near a pole, else on as wide a one as it takes, since edges are straight in
// longitude and latitude. A circle that holds a pole is the whole cap of its latitudes.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/geo/area.h"
#include "storage/geo/lon_lat.h"

namespace annals::storage {

struct UncertaintyCircle {
  LonLat center;
  double radius_m = 0;    // (0, kCircleRadiusMaxM]
  PlanarPolygon polygon;  // one ring; longitudes go on past 180 where it crosses the antimeridian
};

[[nodiscard]] UncertaintyCircle MakeUncertaintyCircle(const LonLat& center, double radius_m);

// Keys of the grid cells that the circle meets, ascending, by which it is found: at most 256. A
// small circle has cells of the coarse grid, a wide one those of a grid of 16 x 16.
[[nodiscard]] std::vector<std::int64_t> ReachKeysOf(const UncertaintyCircle& circle);

// The keys of every circle that may meet one of these coarse cells (ascending), ascending.
[[nodiscard]] std::vector<std::int64_t> ReachKeysOfCells(const std::vector<std::int32_t>& cells);

}  // namespace annals::storage

// Distances on the WGS 84 ellipsoid.
#pragma once

#include "storage/geo/lon_lat.h"
#include "storage/geo/polygon_locator.h"

namespace annals::storage {

// No meridian is denser than this, in metres a degree of latitude (it is so at the equator).
inline constexpr double kMetresPerLatitudeDegreeMin = 110'574;

// The length of the shortest way along the ellipsoid in metres, to 10 nanometres, as PostGIS's
// ST_Distance(geography, geography) has it.
[[nodiscard]] double DistanceM(const LonLat& a, const LonLat& b);

// Where one comes to from `start`, `distance_m` metres along the geodesic that leaves it at
// `azimuth` degrees east of north.
[[nodiscard]] LonLat PointFrom(const LonLat& start, double azimuth, double distance_m);

// The point in the middle of a box, and a length in metres that no point of the box is further from
// it.
struct BoxMiddle {
  LonLat center;
  double reach_m = 0;
};
[[nodiscard]] BoxMiddle MiddleOf(const PlanarBox& box);

}  // namespace annals::storage

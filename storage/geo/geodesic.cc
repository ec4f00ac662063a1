#include "storage/geo/geodesic.h"

#include <GeographicLib/Geodesic.hpp>
#include <algorithm>
#include <cmath>
#include <numbers>

namespace annals::storage {
namespace {

// The longest degree there is, in metres: of latitude at a pole. A degree of longitude is at most
// this long times the cosine of its latitude.
constexpr double kMetresPerDegreeMax = 111'700;
constexpr double kPostgisStepsPerMetre = 1e8;

}  // namespace

double DistanceM(const LonLat& a, const LonLat& b) {
  double distance = 0;
  GeographicLib::Geodesic::WGS84().Inverse(a.lat, a.lon, b.lat, b.lon, distance);
  return std::round(distance * kPostgisStepsPerMetre) / kPostgisStepsPerMetre;
}

LonLat PointFrom(const LonLat& start, double azimuth, double distance_m) {
  LonLat end;
  GeographicLib::Geodesic::WGS84().Direct(start.lat, start.lon, azimuth, distance_m, end.lat,
                                          end.lon);
  end.lon = NormalizeLongitude(end.lon);
  return end;
}

BoxMiddle MiddleOf(const PlanarBox& box) {
  const bool over_equator = box.south <= 0 && box.north >= 0;
  const double widest_lat = over_equator ? 0 : std::min(std::abs(box.south), std::abs(box.north));
  const double cosine = std::cos(widest_lat * std::numbers::pi / 180);
  // First along the meridian, then along the parallel.
  const double reach =
      kMetresPerDegreeMax * ((box.north - box.south) / 2 + (box.east - box.west) / 2 * cosine);
  return {{NormalizeLongitude((box.west + box.east) / 2), (box.south + box.north) / 2}, reach + 1};
}

}  // namespace annals::storage

#include "storage/geo/uncertainty_circle.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "storage/geo/cell.h"
#include "storage/geo/cell_cover.h"
#include "storage/geo/geodesic.h"

namespace annals::storage {
namespace {

constexpr int kCorners = 32;
// Edges that are straight in longitude and latitude cut the circle, the more the wider it is and
// the nearer to a pole. The margin is enough for small ones; the others are widened until they hold
// it.
constexpr double kMargin = 1.001;
constexpr double kSmallRadiusMaxM = 200'000;
constexpr double kSmallLatitudeMax = 70;
constexpr int kWideningsMax = 12;
constexpr int kWideLevel = 4;          // 22.5 by 11.25 degrees
constexpr std::size_t kCellsMax = 64;  // of the coarse grid; what meets more is wide
constexpr std::int64_t kWideKeyBase = 100'000;

// Keys of cells are negative: those of regions, which stand beside them, are not.
std::int64_t CoarseKey(std::int32_t cell) { return -1 - std::int64_t{cell}; }
std::int64_t WideKey(std::int32_t cell) { return -kWideKeyBase - std::int64_t{cell}; }

std::int32_t WideCellOf(std::int32_t coarse_cell) {
  return coarse_cell >> (2 * (kCoarseCellLevel - kWideLevel));
}

void SortUnique(std::vector<std::int64_t>* keys) {
  std::ranges::sort(*keys);
  const auto repeated = std::ranges::unique(*keys);
  keys->erase(repeated.begin(), repeated.end());
}

PlanarPolygon Cap(double south, double north) {
  return {{{{-180, south}, {180, south}, {180, north}, {-180, north}, {-180, south}}}};
}

// Corners at `reach_m` from the centre; or the cap, where the circle of that radius holds a pole.
PlanarPolygon PolygonAt(const LonLat& center, double reach_m) {
  const bool holds_north = DistanceM(center, {center.lon, 90}) <= reach_m;
  const bool holds_south = DistanceM(center, {center.lon, -90}) <= reach_m;
  if (holds_north && holds_south) return Cap(-90, 90);
  std::vector<std::pair<double, double>> ring;
  double south = 90, north = -90;
  for (int i = 0; i < kCorners; ++i) {
    const LonLat corner = PointFrom(center, 360.0 * i / kCorners, reach_m);
    double east = corner.lon - center.lon;  // on from the centre, the short way round
    if (east > 180) east -= 360;
    if (east <= -180) east += 360;
    ring.emplace_back(center.lon + east, corner.lat);
    south = std::min(south, corner.lat);
    north = std::max(north, corner.lat);
  }
  if (holds_north) return Cap(south, 90);
  if (holds_south) return Cap(-90, north);
  ring.push_back(ring.front());
  return {{std::move(ring)}};
}

// How near the polygon's edges come to the centre, in metres, as far as some points on each tell.
double NearestEdgeM(const LonLat& center, const PlanarPolygon& polygon) {
  constexpr int kPointsPerEdge = 8;
  const auto& ring = polygon.rings.front();
  double nearest = kCircleRadiusMaxM;
  for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
    for (int part = 0; part < kPointsPerEdge; ++part) {
      const double along = static_cast<double>(part) / kPointsPerEdge;
      const LonLat point{
          NormalizeLongitude(ring[i].first + along * (ring[i + 1].first - ring[i].first)),
          ring[i].second + along * (ring[i + 1].second - ring[i].second)};
      nearest = std::min(nearest, DistanceM(center, point));
    }
  }
  return nearest;
}

PlanarPolygon PolygonOf(const LonLat& center, double radius_m) {
  double reach_m = kMargin * radius_m / std::cos(std::numbers::pi / kCorners);
  PlanarPolygon polygon = PolygonAt(center, reach_m);
  if (radius_m <= kSmallRadiusMaxM && std::abs(center.lat) <= kSmallLatitudeMax) return polygon;
  for (int tries = 0; tries < kWideningsMax; ++tries) {
    if (polygon.rings.front().size() <= 5) return polygon;  // a cap
    const double nearest = NearestEdgeM(center, polygon);
    if (nearest >= radius_m * kMargin) return polygon;
    reach_m *= kMargin * kMargin * radius_m / std::max(nearest, radius_m / 4);
    polygon = PolygonAt(center, reach_m);
  }
  const double north = std::min(90.0, center.lat + reach_m / kMetresPerLatitudeDegreeMin);
  const double south = std::max(-90.0, center.lat - reach_m / kMetresPerLatitudeDegreeMin);
  return Cap(south, north);
}

}  // namespace

UncertaintyCircle MakeUncertaintyCircle(const LonLat& center, double radius_m) {
  return {center, radius_m, PolygonOf(center, radius_m)};
}

std::vector<std::int64_t> ReachKeysOf(const UncertaintyCircle& circle) {
  const PolygonArea area = CopiesOf(circle.polygon);
  const std::vector<PolygonLocator> locators(area.copies.begin(), area.copies.end());
  const std::vector<std::int32_t> cells = OnCoarseGrid(CoverPolygon(area, locators));
  std::vector<std::int64_t> keys;
  for (const std::int32_t cell : cells) {
    keys.push_back(cells.size() <= kCellsMax ? CoarseKey(cell) : WideKey(WideCellOf(cell)));
  }
  SortUnique(&keys);
  return keys;
}

std::vector<std::int64_t> ReachKeysOfCells(const std::vector<std::int32_t>& cells) {
  std::vector<std::int64_t> keys;
  for (const std::int32_t cell : cells) {
    keys.push_back(CoarseKey(cell));
    keys.push_back(WideKey(WideCellOf(cell)));
  }
  SortUnique(&keys);
  return keys;
}

}  // namespace annals::storage

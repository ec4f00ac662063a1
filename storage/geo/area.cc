#include "storage/geo/area.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <optional>

#include "fmt/format.h"
#include "storage/error.h"
#include "storage/geo/cell_cover.h"
#include "storage/geo/geodesic.h"
#include "storage/geo/geos_polygons.h"
#include "storage/geo/polygon_locator.h"
#include "storage/geo/uncertainty_circle.h"

namespace annals::storage {
namespace {

using Vertex = std::pair<double, double>;
using Ring = std::vector<Vertex>;

constexpr double kAskedLongitudeMax = 360;
constexpr std::size_t kRingVerticesMin = 3;

absl::Status CheckLatitude(double latitude, std::string_view field) {
  if (!std::isfinite(latitude)) return InvalidField(field, "NOT_FINITE", "must be a finite number");
  if (std::abs(latitude) > 90) {
    return InvalidField(field, "LATITUDE_RANGE", "must lie in [-90, 90]");
  }
  return absl::OkStatus();
}

absl::Status CheckLongitude(double longitude, std::string_view field) {
  if (!std::isfinite(longitude)) {
    return InvalidField(field, "NOT_FINITE", "must be a finite number");
  }
  if (std::abs(longitude) > kAskedLongitudeMax) {
    return InvalidField(field, "LONGITUDE_RANGE", "must lie in [-360, 360]");
  }
  return absl::OkStatus();
}

std::string RingField(std::size_t ring) {
  return ring == 0 ? "exterior" : fmt::format("holes[{}]", ring - 1);
}

absl::Status CheckVertices(const Ring& ring, std::string_view ring_field) {
  for (std::size_t i = 0; i < ring.size(); ++i) {
    // Formatted only where something is wrong: there may be ten thousand.
    const auto& [lon, lat] = ring[i];
    if (std::abs(lon) <= kAskedLongitudeMax && std::abs(lat) <= 90) continue;
    const std::string point = fmt::format("{}.points[{}]", ring_field, i);
    const absl::Status latitude = CheckLatitude(lat, point + ".latitude");
    return latitude.ok() ? CheckLongitude(lon, point + ".longitude") : latitude;
  }
  return absl::OkStatus();
}

// The rings, each closed.
absl::StatusOr<PlanarPolygon> CheckRings(const std::vector<Ring>& rings) {
  if (rings.empty()) return InvalidField("exterior", "TOO_FEW_POINTS", "must be present");
  PlanarPolygon polygon{rings};
  std::size_t vertex_count = 0;
  for (Ring& ring : polygon.rings) {
    if (ring.size() > 1 && ring.front() == ring.back()) ring.pop_back();
    vertex_count += ring.size();
    if (vertex_count > static_cast<std::size_t>(kPolygonVerticesMax)) {
      return InvalidField(
          RingField(static_cast<std::size_t>(&ring - polygon.rings.data())), "TOO_MANY_VERTICES",
          fmt::format("must have at most {} points over all rings", kPolygonVerticesMax));
    }
  }
  for (std::size_t i = 0; i < rings.size(); ++i) {
    const std::string field = RingField(i);
    if (absl::Status status = CheckVertices(rings[i], field); !status.ok()) return status;
    Ring distinct = polygon.rings[i];
    std::ranges::sort(distinct);
    distinct.erase(std::ranges::unique(distinct).begin(), distinct.end());
    if (distinct.size() < kRingVerticesMin) {
      return InvalidField(field, "TOO_FEW_POINTS", "must have at least 3 different points");
    }
    polygon.rings[i].push_back(polygon.rings[i].front());
  }
  return polygon;
}

// The ring with a vertex nearest to where the fault shows.
std::size_t RingNear(const PlanarPolygon& polygon, const TopologyFault& fault, std::size_t first) {
  std::size_t nearest = first;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = first; i < polygon.rings.size(); ++i) {
    for (const auto& [lon, lat] : polygon.rings[i]) {
      const double distance = std::hypot(lon - fault.lon, lat - fault.lat);
      if (distance < least) {
        least = distance;
        nearest = i;
      }
    }
  }
  return nearest;
}

absl::Status CheckTopology(const PlanarPolygon& polygon) {
  const std::optional<TopologyFault> fault = FindTopologyFault(polygon);
  if (!fault) return absl::OkStatus();
  if (fault->reason == "Hole lies outside shell") {
    return InvalidField(RingField(RingNear(polygon, *fault, 1)), "HOLE_OUTSIDE",
                        "must lie inside the exterior");
  }
  // A ring may be wrong by itself; if none is, two of them meet, and the hole is to blame.
  for (std::size_t i = 0; i < polygon.rings.size(); ++i) {
    if (FindTopologyFault(PlanarPolygon{{polygon.rings[i]}})) {
      return InvalidField(RingField(i), "SELF_CROSSING", "must not cross or touch itself");
    }
  }
  return InvalidField(RingField(RingNear(polygon, *fault, 1)), "SELF_CROSSING",
                      "must not cross another ring");
}

PlanarPolygon Moved(const PlanarPolygon& polygon, double degrees) {
  PlanarPolygon moved = polygon;
  for (Ring& ring : moved.rings) {
    for (Vertex& vertex : ring) vertex.first += degrees;
  }
  return moved;
}

constexpr double kHalfMeridianM = 20'003'932;  // no two points are further apart
constexpr double kThinDegrees = 1e-12;

// A polygon whose first point has a stored longitude keeps within [-360, 360].
std::vector<PlanarPolygon> WideCopiesOf(const PlanarPolygon& polygon) {
  std::vector<PlanarPolygon> copies;
  for (const double degrees : {-720.0, -360.0, 0.0, 360.0, 720.0}) {
    PlanarPolygon copy = Moved(polygon, degrees);
    const PlanarBox box = BoxOf(copy);
    if (box.east >= -360 && box.west <= 360) copies.push_back(std::move(copy));
  }
  return copies;
}

std::vector<PlanarPolygon> WideCopiesOf(const BoxArea& box) {
  double west = box.longitudes.back().first;
  double east = box.longitudes.front().second;
  if (box.longitudes.size() == 2) east += 360;
  if (east - west >= 360) {
    west = -720;
    east = 720;
  }
  east = std::max(east, west + kThinDegrees);
  const double north = std::max(box.north, box.south + kThinDegrees);
  const PlanarPolygon polygon{
      {{{west, box.south}, {east, box.south}, {east, north}, {west, north}, {west, box.south}}}};
  return west == -720 ? std::vector{polygon} : WideCopiesOf(polygon);
}

// Whether the way between two points of a polygon's edge comes into the circle.
bool EdgeComesNear(const CircleArea& circle, const Vertex& a, const Vertex& b) {
  const PlanarBox box{std::min(a.first, b.first), std::min(a.second, b.second),
                      std::max(a.first, b.first), std::max(a.second, b.second)};
  const BoxMiddle middle = MiddleOf(box);
  const double distance = DistanceM(circle.center, middle.center);
  if (distance <= circle.radius_m) return true;
  // MiddleOf adds a metre to every reach: an edge as short as that is a point.
  if (distance - middle.reach_m > circle.radius_m || middle.reach_m < 2) return false;
  const Vertex half{(a.first + b.first) / 2, (a.second + b.second) / 2};
  return EdgeComesNear(circle, a, half) || EdgeComesNear(circle, half, b);
}

bool CircleOverlaps(const CircleArea& circle, const PlanarPolygon& polygon, const PlanarBox& box) {
  const BoxMiddle middle = MiddleOf(box);
  if (DistanceM(circle.center, middle.center) - middle.reach_m > circle.radius_m) return false;
  const auto holds = [&](double lon) {
    return box.Holds(lon, circle.center.lat) &&
           PolygonLocator(polygon).Covers(lon, circle.center.lat);
  };
  if (holds(circle.center.lon) || (circle.center.lon == -180 && holds(180))) return true;
  return std::ranges::any_of(polygon.rings, [&](const Ring& ring) {
    for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
      if (EdgeComesNear(circle, ring[i], ring[i + 1])) return true;
    }
    return false;
  });
}

BoxArea BoxOfRange(double west, double south, double east, double north) {
  if (east - west >= 360) return {south, north, {{-180, 180}}};
  const double first = NormalizeLongitude(west);
  const double last = NormalizeLongitude(east);
  if (first <= last) return {south, north, {{first, last}}};
  return {south, north, {{-180, last}, {first, 180}}};
}

bool BoxCovers(const BoxArea& box, const PlanarBox& part) {
  return part.south >= box.south && part.north <= box.north &&
         std::ranges::any_of(box.longitudes, [&](const auto& range) {
           return part.west >= range.first && part.east <= range.second;
         });
}

bool CircleCovers(const CircleArea& circle, const PlanarPolygon& polygon) {
  const BoxMiddle middle = MiddleOf(BoxOf(polygon));
  const double distance = DistanceM(circle.center, middle.center);
  if (distance + middle.reach_m <= circle.radius_m) return true;
  if (distance - middle.reach_m > circle.radius_m) return false;
  return std::ranges::all_of(polygon.rings.front(), [&](const Vertex& vertex) {
    return DistanceM(circle.center, {NormalizeLongitude(vertex.first), vertex.second}) <=
           circle.radius_m;
  });
}

// What the copies' edges tell of a polygon without a look at its topology; nothing where they do
// not tell.
std::optional<bool> PolygonCovers(const std::vector<PolygonLocator>& copies,
                                  const PlanarPolygon& polygon) {
  const auto covers = [&](const Vertex& vertex) {
    return std::ranges::any_of(copies, [&](const PolygonLocator& copy) {
      return copy.Covers(vertex.first, vertex.second);
    });
  };
  const Ring& exterior = polygon.rings.front();
  if (!covers(exterior.front())) return false;
  const PlanarBox box = BoxOf(polygon);
  const bool crossed = std::ranges::any_of(
      copies, [&](const PolygonLocator& copy) { return copy.EdgesComeInto(box); });
  if (!crossed) return true;
  if (!std::ranges::all_of(exterior, covers)) return false;
  return std::nullopt;
}

}  // namespace

// Stored longitudes end before 180: what the polygon has there is found at -180 by another copy.
PolygonArea CopiesOf(const PlanarPolygon& polygon) {
  PolygonArea area;
  for (const double degrees : {-360.0, 0.0, 360.0}) {
    PlanarPolygon copy = degrees == 0 ? polygon : Moved(polygon, degrees);
    const PlanarBox box = BoxOf(copy);
    if (box.east >= -180 && box.west < 180) area.copies.push_back(std::move(copy));
  }
  return area;
}

struct Area::State {
  std::variant<BoxArea, CircleArea, PolygonArea> shape;
  // Of a polygon's copies.
  std::vector<PolygonLocator> locators;
  mutable std::once_flag geos_once;
  mutable std::optional<GeosPolygons> geos;
  // Of a box's or a polygon's wide copies, one each.
  mutable std::once_flag wide_once;
  mutable std::vector<std::unique_ptr<GeosPolygons>> wide;

  const std::vector<std::unique_ptr<GeosPolygons>>& Wide() const {
    std::call_once(wide_once, [this] {
      for (const PlanarPolygon& copy : WideCopies()) {
        wide.push_back(std::make_unique<GeosPolygons>(std::vector{copy}));
      }
    });
    return wide;
  }

  std::vector<PlanarPolygon> WideCopies() const {
    if (const auto* box = std::get_if<BoxArea>(&shape)) return WideCopiesOf(*box);
    if (const auto* polygon = std::get_if<PolygonArea>(&shape)) {
      return WideCopiesOf(polygon->copies.front());
    }
    return {};
  }
};

Area::Area(std::shared_ptr<const State> state) : state_(std::move(state)) {}
Area::~Area() = default;
Area::Area(const Area&) = default;
Area::Area(Area&&) noexcept = default;
Area& Area::operator=(const Area&) = default;
Area& Area::operator=(Area&&) noexcept = default;

absl::StatusOr<Area> Area::Box(double west, double south, double east, double north) {
  if (auto status = CheckLongitude(west, "west"); !status.ok()) return status;
  if (auto status = CheckLatitude(south, "south"); !status.ok()) return status;
  if (auto status = CheckLongitude(east, "east"); !status.ok()) return status;
  if (auto status = CheckLatitude(north, "north"); !status.ok()) return status;
  if (south > north) {
    return InvalidField("south", "SOUTH_ABOVE_NORTH", "must not lie north of `north`");
  }
  auto state = std::make_shared<State>();
  state->shape = BoxOfRange(west, south, east, north);
  return Area(std::move(state));
}

absl::StatusOr<Area> Area::Circle(double latitude, double longitude, double radius_m) {
  if (auto status = CheckLatitude(latitude, "center.latitude"); !status.ok()) return status;
  if (auto status = CheckLongitude(longitude, "center.longitude"); !status.ok()) return status;
  if (!std::isfinite(radius_m)) {
    return InvalidField("radius_m", "NOT_FINITE", "must be a finite number");
  }
  if (radius_m <= 0 || radius_m > kCircleRadiusMaxM) {
    return InvalidField("radius_m", "RADIUS_RANGE",
                        fmt::format("must lie in (0, {:.0f}]", kCircleRadiusMaxM));
  }
  auto state = std::make_shared<State>();
  state->shape = CircleArea{{NormalizeLongitude(longitude), latitude}, radius_m};
  return Area(std::move(state));
}

absl::StatusOr<Area> Area::Polygon(const std::vector<Ring>& rings) {
  absl::StatusOr<PlanarPolygon> polygon = CheckRings(rings);
  if (!polygon.ok()) return polygon.status();
  if (auto status = CheckTopology(*polygon); !status.ok()) return status;
  auto state = std::make_shared<State>();
  state->shape = CopiesOf(*polygon);
  for (const PlanarPolygon& copy : std::get<PolygonArea>(state->shape).copies) {
    state->locators.emplace_back(copy);
  }
  return Area(std::move(state));
}

bool Area::Covers(const LonLat& point) const {
  if (const auto* box = std::get_if<BoxArea>(&state_->shape)) {
    return BoxCovers(*box, {point.lon, point.lat, point.lon, point.lat});
  }
  if (const auto* circle = std::get_if<CircleArea>(&state_->shape)) {
    return DistanceM(circle->center, point) <= circle->radius_m;
  }
  return std::ranges::any_of(state_->locators, [&](const PolygonLocator& locator) {
    return locator.Covers(point.lon, point.lat);
  });
}

bool Area::CoversAll(const std::vector<PlanarPolygon>& polygons) const {
  if (const auto* box = std::get_if<BoxArea>(&state_->shape)) {
    return std::ranges::all_of(
        polygons, [&](const PlanarPolygon& each) { return BoxCovers(*box, BoxOf(each)); });
  }
  if (const auto* circle = std::get_if<CircleArea>(&state_->shape)) {
    return std::ranges::all_of(
        polygons, [&](const PlanarPolygon& each) { return CircleCovers(*circle, each); });
  }
  return std::ranges::all_of(polygons, [&](const PlanarPolygon& each) {
    if (const auto told = PolygonCovers(state_->locators, each)) return *told;
    std::call_once(state_->geos_once,
                   [this] { state_->geos.emplace(std::get<PolygonArea>(state_->shape).copies); });
    return state_->geos->CoversPolygon(each);
  });
}

bool Area::Overlaps(const PlanarPolygon& polygon, const PlanarBox& box) const {
  if (const auto* circle = std::get_if<CircleArea>(&state_->shape)) {
    return CircleOverlaps(*circle, polygon, box);
  }
  return std::ranges::any_of(state_->Wide(),
                             [&](const auto& copy) { return copy->OverlapsPolygon(polygon, box); });
}

bool Area::OverlapsCircle(const UncertaintyCircle& other) const {
  if (const auto* circle = std::get_if<CircleArea>(&state_->shape)) {
    return DistanceM(circle->center, other.center) <= circle->radius_m + other.radius_m;
  }
  const PlanarBox box = BoxOf(other.polygon);
  return std::ranges::any_of(
      state_->Wide(), [&](const auto& copy) { return copy->OverlapsPolygon(other.polygon, box); });
}

bool Area::CoversCircle(const UncertaintyCircle& other) const {
  if (const auto* circle = std::get_if<CircleArea>(&state_->shape)) {
    return circle->radius_m >= kHalfMeridianM ||
           DistanceM(circle->center, other.center) + other.radius_m <= circle->radius_m;
  }
  return std::ranges::any_of(state_->Wide(),
                             [&](const auto& copy) { return copy->CoversPolygon(other.polygon); });
}

std::vector<PlanarPolygon> Area::WideCopies() const { return state_->WideCopies(); }

CellCover Area::Cover() const {
  if (const auto* box = std::get_if<BoxArea>(&state_->shape)) return CoverBox(*box);
  if (const auto* circle = std::get_if<CircleArea>(&state_->shape)) return CoverCircle(*circle);
  return CoverPolygon(std::get<PolygonArea>(state_->shape), state_->locators);
}

const std::variant<BoxArea, CircleArea, PolygonArea>& Area::shape() const { return state_->shape; }

}  // namespace annals::storage

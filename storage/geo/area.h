// An area of the earth that a question asks about: a box, a geodesic circle or a polygon.
//
// Geometry follows the contract: polygon edges are straight in longitude and latitude, boundaries
// are inclusive, circles are WGS 84 geodesics and may hold a pole. An Area is immutable and may be
// shared between threads.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/geo/cell.h"
#include "storage/geo/lon_lat.h"

namespace annals::storage {

inline constexpr int kPolygonVerticesMax = 10'000;
inline constexpr double kCircleRadiusMaxM = 20'100'000;

// A polygon (or one of several) with vertices as (longitude, latitude); rings closed, exterior
// first. Longitudes are planar: they lie in [-180, 180] and never wrap.
struct PlanarPolygon {
  std::vector<std::vector<std::pair<double, double>>> rings;
};

// What the area is, for a store that tests it in SQL. A point matches where any part holds it.
struct BoxArea {
  double south, north;
  // Inclusive ranges of stored longitudes ([-180, 180)); two where the box crosses the
  // antimeridian.
  std::vector<std::pair<double, double>> longitudes;
};
struct CircleArea {
  LonLat center;
  double radius_m;
};
struct PolygonArea {
  // The polygon, moved by multiples of 360 degrees to every place where it meets stored longitudes
  // [-180, 180). Vertices may lie outside it: a point matches where any of these copies covers it.
  std::vector<PlanarPolygon> copies;
};

[[nodiscard]] PolygonArea CopiesOf(const PlanarPolygon& polygon);

// The cells of one grid level that an area meets, each once, ascending.
struct CellCover {
  int level = 0;
  std::vector<std::int32_t> interior;  // every point of the cell lies in the area
  std::vector<std::int32_t> boundary;  // points must be tested
};

struct PlanarBox;
struct UncertaintyCircle;

class Area {
 public:
  // Each answers INVALID_ARGUMENT naming the wrong field of its message ("south",
  // "center.latitude", "radius_m", "exterior.points[3].longitude", "holes[0]") and the reason:
  // NOT_FINITE, LATITUDE_RANGE, LONGITUDE_RANGE, SOUTH_ABOVE_NORTH, RADIUS_RANGE, TOO_FEW_POINTS,
  // TOO_MANY_VERTICES, SELF_CROSSING, HOLE_OUTSIDE.
  [[nodiscard]] static absl::StatusOr<Area> Box(double west, double south, double east,
                                                double north);
  [[nodiscard]] static absl::StatusOr<Area> Circle(double latitude, double longitude,
                                                   double radius_m);
  // `rings`: exterior, then holes, each as (longitude, latitude); closing points optional.
  [[nodiscard]] static absl::StatusOr<Area> Polygon(
      const std::vector<std::vector<std::pair<double, double>>>& rings);

  ~Area();
  Area(const Area&);
  Area(Area&&) noexcept;
  Area& operator=(const Area&);
  Area& operator=(Area&&) noexcept;

  // Whether the point lies in the area; boundaries are inclusive.
  [[nodiscard]] bool Covers(const LonLat& point) const;

  // Whether every part of the polygons lies in the area (a circle: whether all their vertices do).
  // `polygons` are planar within [-180, 180].
  [[nodiscard]] bool CoversAll(const std::vector<PlanarPolygon>& polygons) const;

  // Whether the area and the polygon, planar within [-180, 180], have a point in common. `box` is
  // the polygon's.
  [[nodiscard]] bool Overlaps(const PlanarPolygon& polygon, const PlanarBox& box) const;

  // Whether the area has a point in common with the circle of an uncertain place, or covers it. A
  // circle is measured with a circle by their distance.
  [[nodiscard]] bool OverlapsCircle(const UncertaintyCircle& circle) const;
  [[nodiscard]] bool CoversCircle(const UncertaintyCircle& circle) const;

  // A box or a polygon at every place where a polygon that starts from a stored longitude may meet
  // it, as OverlapsCircle and CoversCircle take it: what a store tests in SQL. A box without width
  // or height is given a ten-thousandth of a millimetre. Empty for a circle.
  [[nodiscard]] std::vector<PlanarPolygon> WideCopies() const;

  // The cells the area meets: at the fine level where these are at most kFineCellsMax, else at the
  // coarse. Never misses a cell; may name a boundary cell that only comes near.
  [[nodiscard]] CellCover Cover() const;

  [[nodiscard]] const std::variant<BoxArea, CircleArea, PolygonArea>& shape() const;

 private:
  struct State;
  explicit Area(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace annals::storage

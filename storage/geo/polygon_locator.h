// Answers where a point stands to a polygon, in about the time of reading a few dozen edges however
// many the polygon has. Boundaries count as part of the polygon.
//
// The arithmetic is that of PostGIS (side of an edge, winding by half-open edges), so that both say
// the same of every point, on and near the edges too. Immutable; lock-free; safe to share between
// threads.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "storage/geo/area.h"

namespace annals::storage {

// The least and greatest coordinates of something planar; inclusive.
struct PlanarBox {
  double west, south, east, north;
  [[nodiscard]] bool Holds(double lon, double lat) const {
    return lon >= west && lon <= east && lat >= south && lat <= north;
  }
};

// REQUIRES: the exterior has a point.
[[nodiscard]] PlanarBox BoxOf(const PlanarPolygon& polygon);

class PolygonLocator {
 public:
  // `polygon` must outlive the locator and stay where it is; its rings are closed.
  explicit PolygonLocator(const PlanarPolygon& polygon);

  [[nodiscard]] const PlanarBox& box() const { return box_; }

  // Whether the polygon holds the point, boundaries (holes' too) inclusive.
  [[nodiscard]] bool Covers(double lon, double lat) const;

  // Whether the polygon's edges come into the box: false only where the whole box stands alike. May
  // be true where they only come near.
  [[nodiscard]] bool EdgesComeInto(const PlanarBox& box) const;

 private:
  using Vertex = std::pair<double, double>;

  [[nodiscard]] std::size_t BandOf(double lat) const;

  PlanarBox box_;
  double bands_per_degree_ = 0;
  // Edges by band of latitude: those of band i are edges_[starts_[i]] up to starts_[i + 1]. An edge
  // goes from the vertex pointed to, to the one after it.
  std::vector<std::uint32_t> starts_;
  std::vector<const Vertex*> edges_;
};

}  // namespace annals::storage

// The only place that knows GEOS: whether polygons are valid, and whether polygons cover and meet
// polygons.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/geo/area.h"
#include "storage/geo/polygon_locator.h"

namespace annals::storage {

// What is wrong with a polygon's topology, and where it shows.
struct TopologyFault {
  std::string reason;  // GEOS's words: "Self-intersection", "Hole lies outside shell", ...
  double lon = 0;
  double lat = 0;
};

// Whether some of `polygon` lies in none of `others`, by more than the slivers that edges drawn
// apart leave between them. REQUIRES: `others` lie beside each other.
[[nodiscard]] bool ReachesBeyond(const PlanarPolygon& polygon,
                                 const std::vector<const PlanarPolygon*>& others);

// Nothing where the polygon is valid: rings simple, holes inside and apart.
[[nodiscard]] std::optional<TopologyFault> FindTopologyFault(const PlanarPolygon& polygon);

// Polygons to test others against. Thread-safe (one mutex: GEOS builds its indexes as it goes).
class GeosPolygons {
 public:
  // The area is the union of `polygons`.
  explicit GeosPolygons(const std::vector<PlanarPolygon>& polygons);
  ~GeosPolygons();
  GeosPolygons(const GeosPolygons&) = delete;
  GeosPolygons& operator=(const GeosPolygons&) = delete;

  // Whether no point of `polygon` lies outside the area.
  [[nodiscard]] bool CoversPolygon(const PlanarPolygon& polygon) const;

  // Whether `polygon`, which has `box`, and the area have a point in common.
  [[nodiscard]] bool OverlapsPolygon(const PlanarPolygon& polygon, const PlanarBox& box) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace annals::storage

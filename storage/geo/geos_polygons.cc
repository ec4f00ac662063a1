#include "storage/geo/geos_polygons.h"

#include <geos_c.h>

#include <algorithm>
#include <mutex>

namespace annals::storage {
namespace {

struct HandleDeleter {
  void operator()(GEOSContextHandle_HS* handle) const { GEOS_finish_r(handle); }
};
using Handle = std::unique_ptr<GEOSContextHandle_HS, HandleDeleter>;

// Lives shorter than the handle it was made with.
struct GeometryDeleter {
  GEOSContextHandle_t handle;
  void operator()(GEOSGeometry* geometry) const { GEOSGeom_destroy_r(handle, geometry); }
};
using Geometry = std::unique_ptr<GEOSGeometry, GeometryDeleter>;

struct PreparedDeleter {
  GEOSContextHandle_t handle;
  void operator()(const GEOSPreparedGeometry* prepared) const {
    GEOSPreparedGeom_destroy_r(handle, prepared);
  }
};
using Prepared = std::unique_ptr<const GEOSPreparedGeometry, PreparedDeleter>;

constexpr double kSliverShare = 1e-6;

Geometry Wrap(GEOSContextHandle_t handle, GEOSGeometry* geometry) {
  return Geometry(geometry, GeometryDeleter{handle});
}

GEOSGeometry* NewRing(GEOSContextHandle_t handle,
                      const std::vector<std::pair<double, double>>& ring) {
  static_assert(sizeof(std::pair<double, double>) == 2 * sizeof(double));
  GEOSCoordSequence* sequence = GEOSCoordSeq_copyFromBuffer_r(
      handle, &ring.front().first, static_cast<unsigned>(ring.size()), 0, 0);
  return sequence == nullptr ? nullptr : GEOSGeom_createLinearRing_r(handle, sequence);
}

// Null where GEOS cannot make it of these rings (fewer than four points).
Geometry NewPolygon(GEOSContextHandle_t handle, const PlanarPolygon& polygon) {
  GEOSGeometry* exterior = NewRing(handle, polygon.rings.front());
  std::vector<GEOSGeometry*> holes;
  bool complete = exterior != nullptr;
  for (std::size_t i = 1; i < polygon.rings.size(); ++i) {
    GEOSGeometry* hole = NewRing(handle, polygon.rings[i]);
    if (hole == nullptr) {
      complete = false;
    } else {
      holes.push_back(hole);
    }
  }
  if (complete) {  // which takes the rings over
    return Wrap(handle, GEOSGeom_createPolygon_r(handle, exterior, holes.data(),
                                                 static_cast<unsigned>(holes.size())));
  }
  if (exterior != nullptr) GEOSGeom_destroy_r(handle, exterior);
  for (GEOSGeometry* hole : holes) GEOSGeom_destroy_r(handle, hole);
  return Wrap(handle, nullptr);
}

}  // namespace

std::optional<TopologyFault> FindTopologyFault(const PlanarPolygon& polygon) {
  const Handle handle(GEOS_init_r());
  const Geometry geometry = NewPolygon(handle.get(), polygon);
  if (geometry == nullptr) {
    const auto& [lon, lat] = polygon.rings.front().front();
    return TopologyFault{"Too few points", lon, lat};
  }
  char* reason = nullptr;
  GEOSGeometry* place = nullptr;
  const char valid = GEOSisValidDetail_r(handle.get(), geometry.get(), 0, &reason, &place);
  const Geometry place_owner = Wrap(handle.get(), place);
  if (valid == 1) return std::nullopt;
  TopologyFault fault{reason == nullptr ? "Invalid" : reason};
  if (reason != nullptr) GEOSFree_r(handle.get(), reason);
  if (place != nullptr) {
    GEOSGeomGetX_r(handle.get(), place, &fault.lon);
    GEOSGeomGetY_r(handle.get(), place, &fault.lat);
  }
  return fault;
}

bool ReachesBeyond(const PlanarPolygon& polygon, const std::vector<const PlanarPolygon*>& others) {
  const Handle handle(GEOS_init_r());
  const Geometry whole = NewPolygon(handle.get(), polygon);
  if (whole == nullptr) return true;
  double left = 0;
  GEOSArea_r(handle.get(), whole.get(), &left);
  const double least = kSliverShare * left;
  const PlanarBox box = BoxOf(polygon);
  for (const PlanarPolygon* other : others) {
    const Geometry all = NewPolygon(handle.get(), *other);
    if (all == nullptr) continue;
    const Geometry near = Wrap(handle.get(), GEOSClipByRect_r(handle.get(), all.get(), box.west,
                                                              box.south, box.east, box.north));
    if (near == nullptr) continue;
    const Geometry common =
        Wrap(handle.get(), GEOSIntersection_r(handle.get(), whole.get(), near.get()));
    double area = 0;
    if (common != nullptr) GEOSArea_r(handle.get(), common.get(), &area);
    left -= area;
  }
  return left > least;
}

struct GeosPolygons::State {
  std::mutex mutex;
  Handle handle;
  Geometry geometry{nullptr, GeometryDeleter{nullptr}};
  Prepared prepared{nullptr, PreparedDeleter{nullptr}};
  PlanarBox box{};
};

GeosPolygons::GeosPolygons(const std::vector<PlanarPolygon>& polygons)
    : state_(std::make_unique<State>()) {
  state_->handle.reset(GEOS_init_r());
  GEOSContextHandle_t handle = state_->handle.get();
  std::vector<GEOSGeometry*> parts;
  for (const PlanarPolygon& polygon : polygons) {
    parts.push_back(NewPolygon(handle, polygon).release());
    const PlanarBox box = BoxOf(polygon);
    if (&polygon == polygons.data()) state_->box = box;
    state_->box = {std::min(state_->box.west, box.west), std::min(state_->box.south, box.south),
                   std::max(state_->box.east, box.east), std::max(state_->box.north, box.north)};
  }
  const Geometry all =
      Wrap(handle, GEOSGeom_createCollection_r(handle, GEOS_MULTIPOLYGON, parts.data(),
                                               static_cast<unsigned>(parts.size())));
  state_->geometry = Wrap(handle, parts.size() == 1 ? GEOSGeom_clone_r(handle, all.get())
                                                    : GEOSUnaryUnion_r(handle, all.get()));
  state_->prepared =
      Prepared(GEOSPrepare_r(handle, state_->geometry.get()), PreparedDeleter{handle});
}

GeosPolygons::~GeosPolygons() = default;

bool GeosPolygons::CoversPolygon(const PlanarPolygon& polygon) const {
  const std::lock_guard lock(state_->mutex);
  GEOSContextHandle_t handle = state_->handle.get();
  const Geometry geometry = NewPolygon(handle, polygon);
  return geometry != nullptr &&
         GEOSPreparedCovers_r(handle, state_->prepared.get(), geometry.get()) == 1;
}

bool GeosPolygons::OverlapsPolygon(const PlanarPolygon& polygon, const PlanarBox& box) const {
  const PlanarBox& mine = state_->box;
  if (box.east < mine.west || box.west > mine.east || box.north < mine.south ||
      box.south > mine.north) {
    return false;
  }
  const std::lock_guard lock(state_->mutex);
  GEOSContextHandle_t handle = state_->handle.get();
  const Geometry geometry = NewPolygon(handle, polygon);
  return geometry != nullptr &&
         GEOSPreparedIntersects_r(handle, state_->prepared.get(), geometry.get()) == 1;
}

}  // namespace annals::storage

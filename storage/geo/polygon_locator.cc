#include "storage/geo/polygon_locator.h"

#include <algorithm>
#include <cstddef>

namespace annals::storage {
namespace {

constexpr std::size_t kEdgesPerBand = 8;
constexpr std::size_t kBandsMax = 4'096;
// In square degrees: more than the rounding of a side's arithmetic.
constexpr double kSideMargin = 1e-9;

template <typename Visit>
void ForEachEdge(const PlanarPolygon& polygon, Visit visit) {
  for (const auto& ring : polygon.rings) {
    for (std::size_t i = 0; i + 1 < ring.size(); ++i) visit(ring[i], ring[i + 1], &ring[i]);
  }
}

}  // namespace

PlanarBox BoxOf(const PlanarPolygon& polygon) {
  const auto& exterior = polygon.rings.front();
  PlanarBox box{exterior[0].first, exterior[0].second, exterior[0].first, exterior[0].second};
  for (const auto& [lon, lat] : exterior) {
    box.west = std::min(box.west, lon);
    box.east = std::max(box.east, lon);
    box.south = std::min(box.south, lat);
    box.north = std::max(box.north, lat);
  }
  return box;
}

PolygonLocator::PolygonLocator(const PlanarPolygon& polygon) : box_(BoxOf(polygon)) {
  std::size_t edge_count = 0;
  for (const auto& ring : polygon.rings) edge_count += ring.size();
  const std::size_t bands = std::clamp<std::size_t>(edge_count / kEdgesPerBand, 1, kBandsMax);
  const double height = box_.north - box_.south;
  bands_per_degree_ = height > 0 ? static_cast<double>(bands) / height : 0;

  // Counted, summed to starts, then filled: a counting sort.
  starts_.assign(bands + 1, 0);
  const auto for_each_band = [this](const Vertex& a, const Vertex& b, auto visit) {
    const auto [low, high] = std::minmax(a.second, b.second);
    for (std::size_t band = BandOf(low); band <= BandOf(high); ++band) visit(band);
  };
  ForEachEdge(polygon, [&](const Vertex& a, const Vertex& b, const Vertex*) {
    for_each_band(a, b, [this](std::size_t band) { ++starts_[band + 1]; });
  });
  for (std::size_t band = 0; band < bands; ++band) starts_[band + 1] += starts_[band];
  edges_.resize(starts_.back());
  std::vector<std::uint32_t> next(starts_.begin(), starts_.end() - 1);
  ForEachEdge(polygon, [&](const Vertex& a, const Vertex& b, const Vertex* edge) {
    for_each_band(a, b, [&](std::size_t band) { edges_[next[band]++] = edge; });
  });
}

std::size_t PolygonLocator::BandOf(double lat) const {
  const auto band = static_cast<std::size_t>(std::max(0.0, (lat - box_.south) * bands_per_degree_));
  return std::min(band, starts_.size() - 2);
}

bool PolygonLocator::EdgesComeInto(const PlanarBox& box) const {
  if (box.north < box_.south || box.south > box_.north) return false;
  const std::size_t last = BandOf(box.north);
  for (std::uint32_t i = starts_[BandOf(box.south)]; i < starts_[last + 1]; ++i) {
    const auto [west, east] = std::minmax(edges_[i][0].first, edges_[i][1].first);
    const auto [south, north] = std::minmax(edges_[i][0].second, edges_[i][1].second);
    if (west > box.east || east < box.west || south > box.north || north < box.south) continue;
    // Its own box comes in; the edge does not where all corners lie strictly on one side of it.
    const auto side = [edge = edges_[i]](double lon, double lat) {
      return (edge[1].first - edge[0].first) * (lat - edge[0].second) -
             (lon - edge[0].first) * (edge[1].second - edge[0].second);
    };
    const double corners[] = {side(box.west, box.south), side(box.east, box.south),
                              side(box.east, box.north), side(box.west, box.north)};
    const auto [least, most] = std::ranges::minmax(corners);
    if (least <= kSideMargin && most >= -kSideMargin) return true;
  }
  return false;
}

bool PolygonLocator::Covers(double lon, double lat) const {
  if (!box_.Holds(lon, lat)) return false;
  const std::size_t band = BandOf(lat);
  bool inside = false;
  for (std::uint32_t i = starts_[band]; i < starts_[band + 1]; ++i) {
    const auto& [x1, y1] = edges_[i][0];
    const auto& [x2, y2] = edges_[i][1];
    if ((lat < y1 && lat < y2) || (lat > y1 && lat > y2)) continue;
    if (x1 == x2 && y1 == y2) continue;
    const double side = (x2 - x1) * (lat - y1) - (lon - x1) * (y2 - y1);
    if (side == 0 && lon >= std::min(x1, x2) && lon <= std::max(x1, x2)) return true;
    const bool rises = y1 <= lat && lat < y2 && side > 0;
    const bool falls = y2 <= lat && lat < y1 && side < 0;
    if (rises || falls) inside = !inside;
  }
  return inside;
}

}  // namespace annals::storage

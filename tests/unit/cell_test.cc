#include "storage/geo/cell.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <unordered_set>

#include "gtest/gtest.h"
#include "storage/geo/area.h"

namespace annals::storage {
namespace {

TEST(Cell, CountsColumnsFromMinus180AndRowsFromMinus90) {
  EXPECT_EQ(CellOf({-180, -90}, 1), 0);
  EXPECT_EQ(CellOf({0, -90}, 1), 1);
  EXPECT_EQ(CellOf({-180, 0}, 1), 2);
  EXPECT_EQ(CellOf({179.9, 89.9}, 1), 3);
  EXPECT_EQ(CellAt(5, 3, 8), 0b011011);
}

TEST(Cell, PutsLatitude90IntoTheLastRow) {
  EXPECT_EQ(CellOf({10, 90}, kCoarseCellLevel), CellOf({10, 89.9}, kCoarseCellLevel));
}

TEST(Cell, LiesInItsBounds) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> lon(-180, 180);
  std::uniform_real_distribution<double> lat(-90, 90);
  for (int i = 0; i < 1'000; ++i) {
    const LonLat point{lon(random), lat(random)};
    for (const int level : {1, kCoarseCellLevel, kFineCellLevel, 15}) {
      const std::int32_t cell = CellOf(point, level);
      const CellBounds bounds = BoundsOf(cell, level);
      EXPECT_TRUE(point.lon >= bounds.west && point.lon < bounds.east);
      EXPECT_TRUE(point.lat >= bounds.south && point.lat < bounds.north);
      EXPECT_EQ(CellOf({bounds.west, bounds.south}, level), cell);
    }
  }
}

// Areas of every shape and size, from a few metres to the whole world.
class AreaMaker {
 public:
  explicit AreaMaker(unsigned seed) : random_(seed) {}

  double Between(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random_);
  }
  double Size() { return std::pow(10, Between(-4, 2.3)); }

  absl::StatusOr<Area> Make() {
    switch (std::uniform_int_distribution<int>(0, 2)(random_)) {
      case 0: {
        const double south = Between(-90, 90);
        const double west = Between(-360, 360);
        return Area::Box(west, south, std::min(360.0, west + Size()),
                         std::min(90.0, south + Size()));
      }
      case 1:
        return Area::Circle(Between(-90, 90), Between(-360, 360),
                            std::min(kCircleRadiusMaxM, Size() * 111'000));
      default:
        return Area::Polygon({Star()});
    }
  }

  // In and around the area's middle, near its edges too, anywhere else now and then.
  LonLat PointNear(const LonLat& middle, double size) {
    if (Between(0, 1) < 0.2) return {NormalizeLongitude(Between(-180, 180)), Between(-90, 90)};
    return {NormalizeLongitude(middle.lon + Between(-size, size)),
            std::clamp(middle.lat + Between(-size, size), -90.0, 90.0)};
  }

 private:
  std::vector<std::pair<double, double>> Star() {
    const double size = Size();
    const double lon = Between(-180, 180);
    const double lat = Between(-80, 80);
    const int vertices = std::uniform_int_distribution<int>(3, 60)(random_);
    std::vector<std::pair<double, double>> ring;
    for (int i = 0; i < vertices; ++i) {
      const double angle = 2 * std::numbers::pi * (i + 0.3) / vertices;
      const double radius = size * Between(0.3, 1);
      ring.emplace_back(std::clamp(lon + radius * std::cos(angle), -360.0, 360.0),
                        std::clamp(lat + radius * std::sin(angle), -90.0, 90.0));
    }
    return ring;
  }

  std::mt19937_64 random_;
};

// A point of the area's, to look around at.
std::pair<LonLat, double> LookAt(const Area& area) {
  if (const auto* box = std::get_if<BoxArea>(&area.shape())) {
    const auto& [west, east] = box->longitudes.back();
    return {{west, (box->south + box->north) / 2},
            std::max(box->north - box->south, east - west) * 1.1};
  }
  if (const auto* circle = std::get_if<CircleArea>(&area.shape())) {
    return {circle->center, circle->radius_m / 90'000};
  }
  const auto& ring = std::get<PolygonArea>(area.shape()).copies.front().rings.front();
  return {{NormalizeLongitude(ring[0].first), ring[0].second},
          std::hypot(ring[0].first - ring[1].first, ring[0].second - ring[1].second) * 2};
}

TEST(CellCover, MissesNoPointAndPromisesNoneThatIsOutside) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  AreaMaker maker(seed);
  int areas = 0;
  int covered = 0;
  while (areas < 100) {
    const auto area = maker.Make();
    if (!area.ok()) continue;  // clamped at a pole, a star may cross itself
    ++areas;
    const CellCover cover = area->Cover();
    EXPECT_TRUE(std::ranges::is_sorted(cover.interior));
    EXPECT_TRUE(std::ranges::is_sorted(cover.boundary));
    const std::unordered_set<std::int32_t> interior(cover.interior.begin(), cover.interior.end());
    const std::unordered_set<std::int32_t> boundary(cover.boundary.begin(), cover.boundary.end());
    ASSERT_EQ(interior.size(), cover.interior.size());
    ASSERT_EQ(boundary.size(), cover.boundary.size());
    if (cover.level == kFineCellLevel) {
      EXPECT_LE(interior.size() + boundary.size(), static_cast<std::size_t>(kFineCellsMax));
    }
    const auto [middle, size] = LookAt(*area);
    for (int i = 0; i < 200; ++i) {
      const LonLat point = maker.PointNear(middle, size);
      const std::int32_t cell = CellOf(point, cover.level);
      ASSERT_FALSE(interior.contains(cell) && boundary.contains(cell));
      if (area->Covers(point)) {
        ++covered;
        ASSERT_TRUE(interior.contains(cell) || boundary.contains(cell))
            << "area " << areas << " at " << point.lon << " " << point.lat;
      } else {
        ASSERT_FALSE(interior.contains(cell))
            << "area " << areas << " at " << point.lon << " " << point.lat;
      }
    }
  }
  EXPECT_GT(covered, 500);
}

TEST(CellCover, IsFineForSmallAreasAndCoarseForLarge) {
  EXPECT_EQ(Area::Box(35.2, 51.1, 35.3, 51.2)->Cover().level, kFineCellLevel);
  EXPECT_EQ(Area::Circle(51.19, 35.27, 10'000)->Cover().level, kFineCellLevel);
  EXPECT_EQ(Area::Box(30, 45, 40, 55)->Cover().level, kCoarseCellLevel);
  const CellCover world = Area::Box(-180, -90, 180, 90)->Cover();
  EXPECT_EQ(world.interior.size(), 65'536u);
  EXPECT_TRUE(world.boundary.empty());
}

TEST(CellCover, HasBothSidesOfTheAntimeridian) {
  const CellCover cover = Area::Polygon({{{179.99, 0}, {180, 0.01}, {179.99, 0.02}}})->Cover();
  const auto holds = [&](const LonLat& point) {
    return std::ranges::count(cover.boundary, CellOf(point, cover.level)) +
               std::ranges::count(cover.interior, CellOf(point, cover.level)) >
           0;
  };
  EXPECT_TRUE(holds({179.995, 0.01}));
  EXPECT_TRUE(holds({-180, 0.01}));
}

}  // namespace
}  // namespace annals::storage

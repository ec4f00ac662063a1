#include "storage/geo/uncertainty_circle.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/geo/cell.h"
#include "storage/geo/geodesic.h"
#include "storage/geo/polygon_locator.h"

namespace annals::storage {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::Lt;
using ::testing::SizeIs;

TEST(UncertaintyCircle, HoldsTheStatedCircleAndLittleMore) {
  const LonLat center{36.2, 51.7};
  const auto circle = MakeUncertaintyCircle(center, 25'000);
  const PolygonLocator polygon(circle.polygon);
  for (int azimuth = 0; azimuth < 360; ++azimuth) {
    const LonLat on = PointFrom(center, azimuth, 25'000);
    const LonLat beyond = PointFrom(center, azimuth, 25'200);
    EXPECT_TRUE(polygon.Covers(on.lon, on.lat)) << azimuth;
    EXPECT_FALSE(polygon.Covers(beyond.lon, beyond.lat)) << azimuth;
  }
}

TEST(UncertaintyCircle, HoldsWideCirclesAndThoseNearPoles) {
  for (const double lat : {0.0, 51.7, 60.0, 65.0, 70.0, 80.0, -85.0, 88.0}) {
    for (const double radius_m : {200.0, 25'000.0, 200'000.0, 500'000.0, 1e6, 2e6, 5e6}) {
      const LonLat center{12.5, lat};
      const auto circle = MakeUncertaintyCircle(center, radius_m);
      const PolygonLocator polygon(circle.polygon);
      for (int step = 0; step < 1'440; ++step) {
        const LonLat on = PointFrom(center, step / 4.0, radius_m);
        // The polygon goes on past 180.
        const bool held = polygon.Covers(on.lon, on.lat) || polygon.Covers(on.lon + 360, on.lat) ||
                          polygon.Covers(on.lon - 360, on.lat);
        ASSERT_TRUE(held) << lat << " " << radius_m << " " << step / 4.0;
      }
    }
  }
}

TEST(UncertaintyCircle, GoesOnPastTheAntimeridian) {
  const PlanarBox box = BoxOf(MakeUncertaintyCircle({179.9, -17}, 30'000).polygon);
  EXPECT_GT(box.east, 180);
  EXPECT_LT(box.east - box.west, 1);
}

TEST(UncertaintyCircle, IsACapWhereItHoldsAPole) {
  const PlanarBox north = BoxOf(MakeUncertaintyCircle({10, 89.9}, 30'000).polygon);
  EXPECT_EQ(north.west, -180);
  EXPECT_EQ(north.east, 180);
  EXPECT_EQ(north.north, 90);
  EXPECT_NEAR(north.south, 89.63, 0.01);
  const PlanarBox world = BoxOf(MakeUncertaintyCircle({10, 0}, 20'100'000).polygon);
  EXPECT_EQ(world.south, -90);
  EXPECT_EQ(world.north, 90);
}

TEST(UncertaintyCircle, IsFoundByTheCellsItMeets) {
  const auto small = MakeUncertaintyCircle({36.2, 51.7}, 25'000);
  const std::int32_t cell = CellOf({36.2, 51.7}, kCoarseCellLevel);
  const auto keys = ReachKeysOf(small);
  EXPECT_THAT(keys, Each(Lt(0)));
  EXPECT_LE(keys.size(), 9U);
  const auto asked = ReachKeysOfCells({cell});
  EXPECT_THAT(asked, SizeIs(2));
  EXPECT_THAT(asked, Contains(-1 - std::int64_t{cell}));
  EXPECT_THAT(keys, Contains(-1 - std::int64_t{cell}));
  // A wide circle is found from each cell that it meets by the coarser grid.
  const auto wide = ReachKeysOf(MakeUncertaintyCircle({36.2, 51.7}, 2'000'000));
  EXPECT_LE(wide.size(), 256U);
  EXPECT_TRUE(std::ranges::any_of(
      asked, [&](std::int64_t key) { return std::ranges::binary_search(wide, key); }));
}

}  // namespace
}  // namespace annals::storage

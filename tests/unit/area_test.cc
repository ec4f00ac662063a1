#include "storage/geo/area.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/error.h"

namespace annals::storage {
namespace {

using Ring = std::vector<std::pair<double, double>>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Ring Square(double west, double south, double east, double north) {
  return {{west, south}, {east, south}, {east, north}, {west, north}};
}

Ring RegularRing(int vertices, double radius) {
  Ring ring;
  for (int i = 0; i < vertices; ++i) {
    const double angle = 2 * std::numbers::pi * i / vertices;
    ring.emplace_back(radius * std::cos(angle), radius * std::sin(angle));
  }
  return ring;
}

void ExpectRefused(const absl::StatusOr<Area>& area, std::string_view field,
                   std::string_view reason) {
  ASSERT_FALSE(area.ok());
  EXPECT_EQ(area.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorField(area.status()), field);
  EXPECT_EQ(ErrorReason(area.status()), reason);
}

TEST(BoxArea, HasInclusiveBoundaries) {
  const auto box = Area::Box(10, 20, 30, 40);
  ASSERT_TRUE(box.ok());
  EXPECT_TRUE(box->Covers({10, 20}));
  EXPECT_TRUE(box->Covers({30, 40}));
  EXPECT_FALSE(box->Covers({30.0000001, 40}));
  EXPECT_FALSE(box->Covers({20, 19.9999999}));
}

TEST(BoxArea, CrossesTheAntimeridianWhereWestIsEastOfEast) {
  const auto box = Area::Box(170, -10, -170, 10);
  ASSERT_TRUE(box.ok());
  EXPECT_TRUE(box->Covers({175, 0}));
  EXPECT_TRUE(box->Covers({-180, 0}));
  EXPECT_TRUE(box->Covers({-170, 0}));
  EXPECT_FALSE(box->Covers({0, 0}));
  EXPECT_FALSE(box->Covers({-169.9, 0}));
}

TEST(BoxArea, TakesLongitudesPast180) {
  const auto box = Area::Box(170, -10, 190, 10);
  ASSERT_TRUE(box.ok());
  EXPECT_TRUE(box->Covers({-175, 0}));
  EXPECT_TRUE(box->Covers({175, 0}));
  EXPECT_FALSE(box->Covers({-165, 0}));
  const auto reaching = Area::Box(170, -10, 180, 10);
  ASSERT_TRUE(reaching.ok());
  EXPECT_TRUE(reaching->Covers({-180, 0}));  // what is stored of longitude 180
  EXPECT_FALSE(reaching->Covers({-179.9, 0}));
  const auto round = Area::Box(0, -10, 360, 10);
  ASSERT_TRUE(round.ok());
  EXPECT_TRUE(round->Covers({-1, 0}));
  EXPECT_TRUE(round->Covers({179.99, 0}));
}

TEST(BoxArea, NamesWhatIsWrong) {
  ExpectRefused(Area::Box(kNan, 0, 1, 1), "west", "NOT_FINITE");
  ExpectRefused(Area::Box(0, 0, 361, 1), "east", "LONGITUDE_RANGE");
  ExpectRefused(Area::Box(0, -91, 1, 1), "south", "LATITUDE_RANGE");
  ExpectRefused(Area::Box(0, 0, 1, kInfinity), "north", "NOT_FINITE");
  ExpectRefused(Area::Box(0, 2, 1, 1), "south", "SOUTH_ABOVE_NORTH");
}

TEST(CircleArea, IsAGeodesicWithItsBoundary) {
  // Kyiv to Kursk as the WGS 84 geodesic has it is between these two radii.
  const LonLat kursk{36.1874, 51.7373};
  EXPECT_FALSE(Area::Circle(50.4501, 30.5234, 419'000)->Covers(kursk));
  EXPECT_TRUE(Area::Circle(50.4501, 30.5234, 423'000)->Covers(kursk));
}

TEST(CircleArea, MayHoldAPoleAndTheAntimeridian) {
  const auto pole = Area::Circle(89, 0, 500'000);
  ASSERT_TRUE(pole.ok());
  EXPECT_TRUE(pole->Covers({-180, 90}));
  EXPECT_TRUE(pole->Covers({179, 88}));
  EXPECT_FALSE(pole->Covers({179, 85}));
  const auto fiji = Area::Circle(-17, 179.9, 50'000);
  ASSERT_TRUE(fiji.ok());
  EXPECT_TRUE(fiji->Covers({-179.9, -17}));
  const auto moved = Area::Circle(-17, 179.9 - 360, 50'000);
  ASSERT_TRUE(moved.ok());
  EXPECT_TRUE(moved->Covers({179.8, -17}));
}

TEST(CircleArea, NamesWhatIsWrong) {
  ExpectRefused(Area::Circle(91, 0, 1), "center.latitude", "LATITUDE_RANGE");
  ExpectRefused(Area::Circle(0, -360.5, 1), "center.longitude", "LONGITUDE_RANGE");
  ExpectRefused(Area::Circle(0, 0, 0), "radius_m", "RADIUS_RANGE");
  ExpectRefused(Area::Circle(0, 0, kCircleRadiusMaxM + 1), "radius_m", "RADIUS_RANGE");
  ExpectRefused(Area::Circle(0, 0, kNan), "radius_m", "NOT_FINITE");
}

TEST(PolygonArea, HoldsItsBoundaryAndItsHolesBoundary) {
  const auto area = Area::Polygon({Square(0, 0, 10, 10), Square(4, 4, 6, 6)});
  ASSERT_TRUE(area.ok());
  EXPECT_TRUE(area->Covers({0, 5}));
  EXPECT_TRUE(area->Covers({10, 10}));
  EXPECT_TRUE(area->Covers({4, 5}));
  EXPECT_TRUE(area->Covers({2, 2}));
  EXPECT_FALSE(area->Covers({5, 5}));
  EXPECT_FALSE(area->Covers({10.001, 5}));
}

TEST(PolygonArea, GoesOnPast180) {
  const auto area = Area::Polygon({Square(170, -5, 190, 5)});
  ASSERT_TRUE(area.ok());
  EXPECT_TRUE(area->Covers({175, 0}));
  EXPECT_TRUE(area->Covers({-175, 0}));
  EXPECT_TRUE(area->Covers({-180, 0}));
  EXPECT_FALSE(area->Covers({-169, 0}));
  const auto reaching = Area::Polygon({Square(170, -5, 180, 5)});
  ASSERT_TRUE(reaching.ok());
  EXPECT_TRUE(reaching->Covers({-180, 0}));
  EXPECT_FALSE(reaching->Covers({-179.9, 0}));
}

TEST(PolygonArea, TakesTheMostVertices) {
  EXPECT_TRUE(Area::Polygon({RegularRing(kPolygonVerticesMax, 5)}).ok());
  ExpectRefused(Area::Polygon({RegularRing(kPolygonVerticesMax + 1, 5)}), "exterior",
                "TOO_MANY_VERTICES");
  ExpectRefused(Area::Polygon({Square(-9, -9, 9, 9), RegularRing(kPolygonVerticesMax - 3, 5)}),
                "holes[0]", "TOO_MANY_VERTICES");
}

TEST(PolygonArea, NamesWhatIsWrong) {
  ExpectRefused(Area::Polygon({}), "exterior", "TOO_FEW_POINTS");
  ExpectRefused(Area::Polygon({{{0, 0}, {1, 1}}}), "exterior", "TOO_FEW_POINTS");
  ExpectRefused(Area::Polygon({{{0, 0}, {1, 1}, {0, 0}, {1, 1}}}), "exterior", "TOO_FEW_POINTS");
  ExpectRefused(Area::Polygon({{{0, 0}, {1, 0}, {1, 1}, {kNan, 1}}}),
                "exterior.points[3].longitude", "NOT_FINITE");
  ExpectRefused(Area::Polygon({Square(0, 0, 10, 10), {{1, 1}, {2, 91}, {3, 1}}}),
                "holes[0].points[1].latitude", "LATITUDE_RANGE");
  ExpectRefused(Area::Polygon({{{0, 0}, {1, 0}, {400, 1}}}), "exterior.points[2].longitude",
                "LONGITUDE_RANGE");
  ExpectRefused(Area::Polygon({{{0, 0}, {1, 1}, {1, 0}, {0, 1}}}), "exterior", "SELF_CROSSING");
  ExpectRefused(Area::Polygon({{{0, 0}, {1, 1}, {2, 2}}}), "exterior", "SELF_CROSSING");
}

TEST(PolygonArea, NamesTheHoleThatIsWrong) {
  const Ring exterior = Square(0, 0, 10, 10);
  const Ring good = Square(1, 1, 2, 2);
  ExpectRefused(Area::Polygon({exterior, good, Square(20, 20, 21, 21)}), "holes[1]",
                "HOLE_OUTSIDE");
  ExpectRefused(Area::Polygon({exterior, good, {{4, 4}, {5, 5}, {5, 4}, {4, 5}}}), "holes[1]",
                "SELF_CROSSING");
  ExpectRefused(Area::Polygon({exterior, good, Square(8, 8, 12, 9)}), "holes[1]", "SELF_CROSSING");
}

TEST(Area, CoversWholePolygons) {
  const PlanarPolygon inner{{{{1, 1}, {2, 1}, {2, 2}, {1, 2}, {1, 1}}}};
  const PlanarPolygon outer{{{{1, 1}, {9, 1}, {9, 9}, {1, 9}, {1, 1}}}};
  const auto box = Area::Box(0, 0, 5, 5);
  EXPECT_TRUE(box->CoversAll({inner}));
  EXPECT_FALSE(box->CoversAll({inner, outer}));
  const auto circle = Area::Circle(1.5, 1.5, 100'000);
  EXPECT_TRUE(circle->CoversAll({inner}));
  EXPECT_FALSE(circle->CoversAll({outer}));
  const auto holed = Area::Polygon({Square(0, 0, 10, 10), Square(4, 4, 6, 6)});
  EXPECT_TRUE(holed->CoversAll({inner}));
  EXPECT_FALSE(holed->CoversAll({outer}));  // every vertex is covered, the hole lies within
  const auto same = Area::Polygon({outer.rings});
  EXPECT_TRUE(same->CoversAll({outer}));
}

TEST(Area, CoversPolygonsAcrossItsOwnSeam) {
  const PlanarPolygon over_greenwich{{{{-5, 50}, {5, 50}, {5, 55}, {-5, 55}, {-5, 50}}}};
  const auto round = Area::Polygon({Square(0, 40, 360, 60)});
  ASSERT_TRUE(round.ok());
  EXPECT_TRUE(round->CoversAll({over_greenwich}));
}

}  // namespace
}  // namespace annals::storage

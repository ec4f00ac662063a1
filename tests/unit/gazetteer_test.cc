#include "storage/gazetteer.h"

#include <algorithm>
#include <set>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "storage/error.h"
#include "storage/geo/geos_polygons.h"

namespace annals::storage {
namespace {

const Gazetteer& World() {
  static const Gazetteer* gazetteer = Gazetteer::LoadEmbedded().release();
  return *gazetteer;
}

std::string CodeAt(double lon, double lat) {
  const Region* region = World().RegionAt({lon, lat});
  return region == nullptr ? "" : region->code;
}

// ISO 3166-1 alpha-2, ISO 3166-2 or one of our own.
bool IsCode(std::string_view code) {
  const auto made_of = [](std::string_view text, std::string_view allowed) {
    return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
  };
  constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::string_view kUpperAndDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  constexpr std::string_view kLowerAndDigits = "abcdefghijklmnopqrstuvwxyz0123456789-";
  if (code.starts_with("x-")) return made_of(code.substr(2), kLowerAndDigits);
  if (code.size() < 2 || !made_of(code.substr(0, 2), kUpper)) return false;
  if (code.size() == 2) return true;
  return code[2] == '-' && code.size() <= 6 && made_of(code.substr(3), kUpperAndDigits);
}

// A line of storage/gazetteer/README.md's format; `polygons` is JSON, empty for none.
std::string Line(std::string_view code, std::string_view parent, int level, std::string_view center,
                 std::string_view polygons = {}) {
  return fmt::format(
      R"({{"code":"{}","title":"T","parent":"{}","level":{},"type":"","names":[],"center":{}{}{}}})"
      "\n",
      code, parent, level, center, polygons.empty() ? "" : R"(,"polygons":)", polygons);
}

TEST(Gazetteer, FindsTheRegionOfAPoint) {
  EXPECT_EQ(CodeAt(35.27, 51.19), "RU-KRS");  // Sudzha
  EXPECT_EQ(CodeAt(34.1, 44.95), "UA-43");    // Simferopol
  EXPECT_EQ(CodeAt(33.6, 44.6), "UA-40");     // Sevastopol
  EXPECT_EQ(CodeAt(30.52, 50.45), "UA-30");   // Kyiv
  EXPECT_EQ(CodeAt(37.62, 55.75), "RU-MOW");  // Moscow
  EXPECT_EQ(CodeAt(125.75, 39.03), "KP-01");  // Pyongyang
  EXPECT_EQ(CodeAt(36.15, 36.2), "TR-31");    // Antakya
  EXPECT_EQ(CodeAt(-180, 66.5), "RU-CHU");    // where the polygons of Chukotka meet
  EXPECT_EQ(CodeAt(0, -90), "x-ata-00");
}

TEST(Gazetteer, HasNoRegionAtSea) {
  EXPECT_EQ(World().RegionAt({-30, 40}), nullptr);
  EXPECT_EQ(World().RegionAt({34, 43.5}), nullptr);
  EXPECT_EQ(World().RegionAt({-180, 0}), nullptr);
  EXPECT_EQ(World().RegionAt({0, 90}), nullptr);
}

TEST(Gazetteer, TakesParentsFromIsoCodes) {
  EXPECT_EQ(World().CountryOf("UA-43"), "UA");
  EXPECT_EQ(World().CountryOf("UA-40"), "UA");
  EXPECT_EQ(World().CountryOf("RU-KRS"), "RU");
  EXPECT_EQ(World().CountryOf("FR"), "FR");
  EXPECT_EQ(World().CountryOf("nowhere"), "");
  for (const char* country : {"FR", "NO", "XK", "TW", "PS", "EH", "SS", "TV"}) {
    const Region* region = World().Find(country);
    ASSERT_NE(region, nullptr) << country;
    EXPECT_EQ(region->level, RegionLevel::kCountry);
  }
}

TEST(Gazetteer, ListsARegionWithAllBelow) {
  const auto ukraine = World().WithDescendants("UA");
  EXPECT_EQ(ukraine.size(), 28u);
  EXPECT_TRUE(std::ranges::is_sorted(ukraine));
  EXPECT_EQ(World().WithDescendants("RU-KRS"), std::vector<std::string>{"RU-KRS"});
  EXPECT_TRUE(World().WithDescendants("nowhere").empty());
}

TEST(Gazetteer, IsWellFormed) {
  std::set<std::string> with_units;
  for (const Region& region : World().regions()) {
    SCOPED_TRACE(region.code);
    EXPECT_TRUE(IsCode(region.code));
    EXPECT_FALSE(region.title.empty());
    EXPECT_FALSE(region.names.empty());
    if (region.level == RegionLevel::kCountry) {
      EXPECT_TRUE(region.parent.empty());
      EXPECT_TRUE(region.polygons.empty());
      continue;
    }
    EXPECT_FALSE(region.polygons.empty());
    const Region* parent = World().Find(region.parent);
    ASSERT_NE(parent, nullptr);
    EXPECT_EQ(parent->level, RegionLevel::kCountry);
    with_units.insert(region.parent);
  }
  for (const Region& region : World().regions()) {
    const bool is_country = region.level == RegionLevel::kCountry;
    EXPECT_EQ(with_units.contains(region.code), is_country) << region.code;
  }
  EXPECT_GE(World().regions().size(), 4'800u);
}

TEST(Gazetteer, HasCentersInside) {
  for (const Region& region : World().regions()) {
    SCOPED_TRACE(region.code);
    const Region* at = World().RegionAt(region.center);
    ASSERT_NE(at, nullptr);
    // Where polygons of the source overlap, the lowest code holds the point as well.
    if (region.level == RegionLevel::kCountry) {
      EXPECT_EQ(World().CountryOf(at->code), region.code);
    } else {
      EXPECT_LE(at->code, region.code);
    }
  }
}

TEST(Gazetteer, HasValidPolygons) {
  for (const Region& region : World().regions()) {
    for (const PlanarPolygon& polygon : region.polygons) {
      const auto fault = FindTopologyFault(polygon);
      EXPECT_FALSE(fault.has_value()) << region.code << ": " << fault->reason;
    }
  }
}

TEST(Gazetteer, TellsRegionsWithinAnArea) {
  const auto round_kursk = World().RegionsWithin(*Area::Box(34, 50, 38.6, 52.6));
  EXPECT_TRUE(std::ranges::count(round_kursk, "RU-KRS") == 1);
  EXPECT_TRUE(std::ranges::count(round_kursk, "RU-BEL") == 0);
  EXPECT_TRUE(std::ranges::count(round_kursk, "RU") == 0);
  const auto round_ukraine =
      World().RegionsWithin(*Area::Polygon({{{21, 43}, {41, 43}, {41, 53}, {21, 53}}}));
  for (const char* code : {"UA", "UA-14", "UA-43", "MD"}) {
    EXPECT_EQ(std::ranges::count(round_ukraine, code), 1) << code;
  }
  EXPECT_EQ(std::ranges::count(round_ukraine, "RU"), 0);
  EXPECT_TRUE(std::ranges::is_sorted(round_ukraine));
  EXPECT_EQ(World().RegionsWithin(*Area::Box(-180, -90, 180, 90)).size(), World().regions().size());
  EXPECT_TRUE(World().RegionsWithin(*Area::Circle(51.7, 36.2, 1'000)).empty());
  EXPECT_EQ(World().RegionsWithin(*Area::Circle(51.7, 36.2, 190'000)),
            (std::vector<std::string>{"RU-KRS"}));
}

TEST(Gazetteer, TakesTheLowestCodeOnABorder) {
  // Two squares that share the edge at longitude 1.
  const auto two =
      Gazetteer::Parse(Line("AA", "", 1, "[0.5,0.5]") +
                       Line("AA-1", "AA", 2, "[1.5,0.5]", R"([["_pR?_pR??_pR~oR?"]])") +
                       Line("AA-2", "AA", 2, "[0.5,0.5]", R"([["??_pR??_pR~oR?"]])"));
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_EQ((*two)->RegionAt({1, 0.5})->code, "AA-1");
  EXPECT_EQ((*two)->RegionAt({0.999, 0.5})->code, "AA-2");
  EXPECT_EQ((*two)->RegionAt({2, 1})->code, "AA-1");
  EXPECT_EQ((*two)->RegionAt({2.001, 1}), nullptr);
}

TEST(Gazetteer, RefusesDamagedText) {
  const std::string damaged[] = {
      "{",
      R"({"code":"AA"})",
      Line("AA-1", "AA", 2, "[0,0]"),
      Line("AA", "", 3, "[0,0]"),
      Line("AA", "", 1, "[0,91]"),
      Line("AA", "", 1, "[0,0]", R"([["_"]])"),
      Line("AB", "", 1, "[0,0]") + Line("AA", "", 1, "[0,0]"),
  };
  for (const std::string& text : damaged) {
    const auto parsed = Gazetteer::Parse(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(ErrorReason(parsed.status()), "BAD_GAZETTEER");
  }
}

TEST(Gazetteer, HasAVersionOfItsText) {
  EXPECT_EQ(World().version().size(), 16u);
  const std::string text = Line("AA", "", 1, "[0,0]");
  EXPECT_EQ((*Gazetteer::Parse(text))->version(), (*Gazetteer::Parse(text))->version());
  EXPECT_NE((*Gazetteer::Parse(text))->version(), (*Gazetteer::Parse(""))->version());
}

}  // namespace
}  // namespace annals::storage

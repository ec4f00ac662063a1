// The regions of the world: countries and first-level units, from Natural Earth
// (storage/gazetteer/README.md). Compiled into the binary; what it answers never changes; safe to
// share between threads.
//
// A country is the union of its first-level units. A region's parent follows its ISO 3166-2 code.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/geo/area.h"
#include "storage/geo/lon_lat.h"

namespace annals::storage {

enum class RegionLevel { kCountry = 1, kFirst = 2 };

struct RegionName {
  std::string language_code;  // BCP 47, empty where unknown
  std::string text;
};

struct Region {
  std::string code;    // "RU-KRS", "UA", "x-..." where ISO has none
  std::string title;   // in English
  std::string parent;  // code, empty on countries
  RegionLevel level = RegionLevel::kCountry;
  std::string type;  // "Oblast"
  std::vector<RegionName> names;
  LonLat center;                        // inside the region
  std::vector<PlanarPolygon> polygons;  // of first-level units only; a country's are its units'
};

class Gazetteer {
 public:
  // Reads the compiled-in regions: about a second. Dies with a message if they are damaged.
  [[nodiscard]] static std::unique_ptr<const Gazetteer> LoadEmbedded();
  // Reads regions in the format of storage/gazetteer/README.md (NDJSON, a region a line).
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<const Gazetteer>> Parse(
      std::string_view ndjson);
  ~Gazetteer();

  // Changes whenever the compiled-in regions do.
  [[nodiscard]] std::string_view version() const;
  // All regions by code. Pointers into the gazetteer live as long as it does.
  [[nodiscard]] const std::vector<Region>& regions() const;
  // Null where there is none. Codes are upper case but for the "x-" of our own.
  [[nodiscard]] const Region* Find(std::string_view code) const;
  // The region's code and those of all below it, ascending. Empty where there is none.
  [[nodiscard]] std::vector<std::string> WithDescendants(std::string_view code) const;
  // The country at or above a region's code; empty where there is none.
  [[nodiscard]] std::string_view CountryOf(std::string_view code) const;
  // The first-level region that holds the point, boundaries inclusive; on a border the lowest code.
  // Null at sea.
  [[nodiscard]] const Region* RegionAt(const LonLat& point) const;
  // Codes of the regions, of any level, that lie wholly in the area, ascending. A country does
  // where all of its units do.
  [[nodiscard]] std::vector<std::string> RegionsWithin(const Area& area) const;
  // Codes of the regions, of any level, that have a point in common with the area, ascending. A
  // country does where one of its units does.
  [[nodiscard]] std::vector<std::string> RegionsOverlapping(const Area& area) const;
  // What a circle of uncertainty reaches.
  struct Reach {
    std::vector<std::string> regions;  // codes of the first-level regions it meets, ascending
    bool beyond = false;  // some of it lies in none, or over the antimeridian; of more than 300 km
  };
  [[nodiscard]] Reach ReachOf(const UncertaintyCircle& circle) const;
  // How far the region's farthest corner is from its centre, in metres, on a sphere of the mean
  // radius (0.5 % off at most). REQUIRES: there is such a region.
  [[nodiscard]] double RadiusOf(std::string_view code) const;

 private:
  [[nodiscard]] Reach FindReach(const UncertaintyCircle& circle) const;

  struct State;
  explicit Gazetteer(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

}  // namespace annals::storage

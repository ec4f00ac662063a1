#include "storage/gazetteer.h"

#include <algorithm>
#include <array>
#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/device/array.hpp>
#include <boost/iostreams/device/back_inserter.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numbers>
#include <optional>
#include <span>
#include <unordered_map>

#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "openssl/sha.h"
#include "storage/embedded_file.h"
#include "storage/error.h"
#include "storage/geo/geos_polygons.h"
#include "storage/geo/polygon_locator.h"
#include "storage/geo/uncertainty_circle.h"
#include "storage/reach_memo.h"

namespace annals::storage {

std::span<const EmbeddedFile> GazetteerFiles();

namespace {

constexpr double kCoordinateScale = 10'000;  // as in storage/gazetteer/build.py
constexpr int kBucketColumns = 360;          // buckets of one degree
constexpr int kBucketRows = 180;
constexpr std::size_t kVersionBytes = 8;

// Google's polyline digits; nothing where the text ends within a number or holds a strange
// character.
std::optional<std::vector<std::pair<double, double>>> DecodeRing(std::string_view digits) {
  std::vector<std::pair<double, double>> ring;
  std::array<std::int64_t, 2> at{};
  std::size_t axis = 0;
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const char digit : digits) {
    const int bits = digit - 63;
    if (bits < 0 || bits > 63 || shift > 50) return std::nullopt;
    value |= static_cast<std::uint64_t>(bits & 31) << shift;
    shift += 5;
    if ((bits & 32) != 0) continue;
    const auto magnitude = static_cast<std::int64_t>(value >> 1);
    at[axis] += (value & 1) != 0 ? ~magnitude : magnitude;
    if (axis == 1) {
      ring.emplace_back(static_cast<double>(at[0]) / kCoordinateScale,
                        static_cast<double>(at[1]) / kCoordinateScale);
      if (std::abs(ring.back().first) > 180 || std::abs(ring.back().second) > 90) {
        return std::nullopt;
      }
    }
    axis = 1 - axis;
    value = 0;
    shift = 0;
  }
  if (axis != 0 || shift != 0 || ring.size() < 3) return std::nullopt;
  ring.push_back(ring.front());
  return ring;
}

// Throws nlohmann::json::exception or std::invalid_argument, which stop in ParseRegion.
Region RegionOf(const nlohmann::json& line) {
  Region region;
  region.code = line.at("code").get<std::string>();
  region.title = line.at("title").get<std::string>();
  region.parent = line.at("parent").get<std::string>();
  region.type = line.at("type").get<std::string>();
  const int level = line.at("level").get<int>();
  if (level != 1 && level != 2) throw std::invalid_argument("level");
  region.level = static_cast<RegionLevel>(level);
  for (const auto& name : line.at("names")) {
    region.names.push_back(
        {name.at("language").get<std::string>(), name.at("text").get<std::string>()});
  }
  const auto center = line.at("center").get<std::array<double, 2>>();
  region.center = {center[0], center[1]};
  if (!(std::abs(region.center.lat) <= 90 && std::abs(region.center.lon) <= 180)) {
    throw std::invalid_argument("center");
  }
  if (!line.contains("polygons")) return region;
  for (const auto& rings : line.at("polygons")) {
    PlanarPolygon& polygon = region.polygons.emplace_back();
    for (const auto& digits : rings) {
      auto ring = DecodeRing(digits.get_ref<const std::string&>());
      if (!ring) throw std::invalid_argument("polygons");
      polygon.rings.push_back(*std::move(ring));
    }
    if (polygon.rings.empty()) throw std::invalid_argument("polygons");
  }
  return region;
}

absl::Status LineError(std::size_t number, std::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, "BAD_GAZETTEER",
               fmt::format("line {}: {}", number, what));
}

absl::StatusOr<std::vector<Region>> ParseRegions(std::string_view ndjson) {
  std::vector<Region> regions;
  for (std::size_t number = 1; !ndjson.empty(); ++number) {
    const std::size_t end = ndjson.find('\n');
    const std::string_view line = ndjson.substr(0, end);
    ndjson.remove_prefix(end == std::string_view::npos ? ndjson.size() : end + 1);
    if (line.empty()) continue;
    try {
      regions.push_back(RegionOf(nlohmann::json::parse(line)));
    } catch (const std::exception& error) {
      return LineError(number, error.what());
    }
    if (regions.size() > 1 && regions.back().code <= regions[regions.size() - 2].code) {
      return LineError(number, "codes must ascend");
    }
  }
  return regions;
}

std::string Unpack(std::string_view xz) {
  boost::iostreams::filtering_streambuf<boost::iostreams::input> in;
  in.push(boost::iostreams::lzma_decompressor());
  in.push(boost::iostreams::array_source(xz.data(), xz.size()));
  std::string text;
  boost::iostreams::copy(in, boost::iostreams::back_inserter(text));
  return text;
}

std::string VersionOf(std::string_view ndjson) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(ndjson.data()), ndjson.size(), digest.data());
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), kVersionBytes});
}

// Wider circles are taken to reach beyond all regions: whether they do takes too long to find out.
constexpr double kMeasuredRadiusMaxM = 300'000;
constexpr double kMeanRadiusM = 6'371'008.8;
using Direction = std::array<double, 3>;  // of length 1

Direction DirectionOf(double lon, double lat) {
  const double east = lon * std::numbers::pi / 180;
  const double north = lat * std::numbers::pi / 180;
  return {std::cos(north) * std::cos(east), std::cos(north) * std::sin(east), std::sin(north)};
}

double CosineBetween(const Direction& a, const Direction& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

std::size_t BucketOf(int column, int row) {
  return static_cast<std::size_t>(row * kBucketColumns + column);
}

int BucketColumn(double lon) {
  return std::clamp(static_cast<int>(std::floor(lon + 180)), 0, kBucketColumns - 1);
}

int BucketRow(double lat) {
  return std::clamp(static_cast<int>(std::floor(lat + 90)), 0, kBucketRows - 1);
}

}  // namespace

struct Gazetteer::State {
  struct Part {
    std::size_t region;
    const PlanarPolygon* polygon;
    PolygonLocator locator;
  };

  std::string version;
  std::vector<Region> regions;  // by code
  std::unordered_map<std::string_view, std::size_t> by_code;
  std::unordered_map<std::string_view, std::vector<std::size_t>> children;  // ascending
  std::vector<Part> parts;                                                  // by region
  std::vector<std::vector<std::uint32_t>> buckets;  // parts that come into each, ascending
  std::vector<double> radii_m;                      // by region
  ReachMemo reaches;

  absl::Status Link();
  void IndexParts();
  void MeasureRegions();
  // Codes of the regions flagged, and of the countries of which `quantifier`(units) holds.
  template <typename Quantifier>
  [[nodiscard]] std::vector<std::string> CodesOf(std::vector<bool> flagged,
                                                 Quantifier quantifier) const;
  // The index of the lowest region that holds the point, or regions.size().
  [[nodiscard]] std::size_t LowestAt(double lon, double lat) const;
};

absl::Status Gazetteer::State::Link() {
  for (std::size_t i = 0; i < regions.size(); ++i) by_code.emplace(regions[i].code, i);
  for (std::size_t i = 0; i < regions.size(); ++i) {
    const Region& region = regions[i];
    if ((region.level == RegionLevel::kCountry) != region.parent.empty()) {
      return LineError(i + 1, "a unit has a parent, a country has none");
    }
    if (region.parent.empty()) continue;
    const auto parent = by_code.find(region.parent);
    if (parent == by_code.end() || regions[parent->second].level != RegionLevel::kCountry) {
      return LineError(i + 1, "the parent is no country");
    }
    children[region.parent].push_back(i);
  }
  return absl::OkStatus();
}

void Gazetteer::State::IndexParts() {
  for (std::size_t i = 0; i < regions.size(); ++i) {
    for (const PlanarPolygon& polygon : regions[i].polygons) {
      parts.push_back({i, &polygon, PolygonLocator(polygon)});
    }
  }
  buckets.resize(static_cast<std::size_t>(kBucketColumns * kBucketRows));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const PlanarBox& box = parts[i].locator.box();
    for (int row = BucketRow(box.south); row <= BucketRow(box.north); ++row) {
      for (int column = BucketColumn(box.west); column <= BucketColumn(box.east); ++column) {
        buckets[BucketOf(column, row)].push_back(static_cast<std::uint32_t>(i));
      }
    }
  }
}

void Gazetteer::State::MeasureRegions() {
  radii_m.resize(regions.size());
  for (std::size_t i = 0; i < regions.size(); ++i) {
    std::vector<std::size_t> owners = {i};
    if (!regions[i].parent.empty()) owners.push_back(by_code.at(regions[i].parent));
    for (const std::size_t owner : owners) {
      const Direction center = DirectionOf(regions[owner].center.lon, regions[owner].center.lat);
      double least_cosine = 1;
      for (const PlanarPolygon& polygon : regions[i].polygons) {
        for (const auto& [lon, lat] : polygon.rings.front()) {
          least_cosine = std::min(least_cosine, CosineBetween(center, DirectionOf(lon, lat)));
        }
      }
      const double radius_m = std::acos(std::max(least_cosine, -1.0)) * kMeanRadiusM;
      radii_m[owner] = std::max(radii_m[owner], radius_m);
    }
  }
}

template <typename Quantifier>
std::vector<std::string> Gazetteer::State::CodesOf(std::vector<bool> flagged,
                                                   Quantifier quantifier) const {
  for (const auto& [country, units] : children) {
    flagged[by_code.at(country)] =
        quantifier(units, [&](std::size_t unit) -> bool { return flagged[unit]; });
  }
  std::vector<std::string> codes;
  for (std::size_t i = 0; i < flagged.size(); ++i) {
    if (flagged[i]) codes.push_back(regions[i].code);
  }
  return codes;
}

std::size_t Gazetteer::State::LowestAt(double lon, double lat) const {
  for (const std::uint32_t i : buckets[BucketOf(BucketColumn(lon), BucketRow(lat))]) {
    if (parts[i].locator.Covers(lon, lat)) return parts[i].region;
  }
  return regions.size();
}

Gazetteer::Gazetteer(std::unique_ptr<const State> state) : state_(std::move(state)) {}
Gazetteer::~Gazetteer() = default;

std::unique_ptr<const Gazetteer> Gazetteer::LoadEmbedded() {
  auto gazetteer = Parse(Unpack(GazetteerFiles().front().contents));
  if (!gazetteer.ok()) {
    std::fputs(
        fmt::format("the compiled-in gazetteer is damaged: {}\n", gazetteer.status().ToString())
            .c_str(),
        stderr);
    std::abort();
  }
  return *std::move(gazetteer);
}

absl::StatusOr<std::unique_ptr<const Gazetteer>> Gazetteer::Parse(std::string_view ndjson) {
  auto regions = ParseRegions(ndjson);
  if (!regions.ok()) return regions.status();
  auto state = std::make_unique<State>();
  state->version = VersionOf(ndjson);
  state->regions = *std::move(regions);
  if (absl::Status status = state->Link(); !status.ok()) return status;
  state->IndexParts();
  state->MeasureRegions();
  return std::unique_ptr<const Gazetteer>(new Gazetteer(std::move(state)));
}

std::string_view Gazetteer::version() const { return state_->version; }

const std::vector<Region>& Gazetteer::regions() const { return state_->regions; }

const Region* Gazetteer::Find(std::string_view code) const {
  const auto found = state_->by_code.find(code);
  return found == state_->by_code.end() ? nullptr : &state_->regions[found->second];
}

std::vector<std::string> Gazetteer::WithDescendants(std::string_view code) const {
  if (Find(code) == nullptr) return {};
  std::vector<std::string> codes{std::string(code)};
  const auto children = state_->children.find(code);
  if (children != state_->children.end()) {
    for (const std::size_t child : children->second) codes.push_back(state_->regions[child].code);
  }
  std::ranges::sort(codes);
  return codes;
}

std::string_view Gazetteer::CountryOf(std::string_view code) const {
  const Region* region = Find(code);
  if (region == nullptr) return {};
  return region->parent.empty() ? region->code : region->parent;
}

const Region* Gazetteer::RegionAt(const LonLat& point) const {
  std::size_t lowest = state_->LowestAt(point.lon, point.lat);
  // One meridian, on which polygons end at 180 and begin at -180.
  if (point.lon == -180) lowest = std::min(lowest, state_->LowestAt(180, point.lat));
  return lowest == state_->regions.size() ? nullptr : &state_->regions[lowest];
}

std::vector<std::string> Gazetteer::RegionsWithin(const Area& area) const {
  std::vector<bool> within(state_->regions.size());
  for (std::size_t i = 0; i < within.size(); ++i) {
    const Region& region = state_->regions[i];
    // The centre is part of the region: most regions are told apart by it alone.
    within[i] =
        !region.polygons.empty() && area.Covers(region.center) && area.CoversAll(region.polygons);
  }
  return state_->CodesOf(std::move(within), std::ranges::all_of);
}

std::vector<std::string> Gazetteer::RegionsOverlapping(const Area& area) const {
  std::vector<bool> met(state_->regions.size());
  for (std::size_t i = 0; i < met.size(); ++i) {
    const Region& region = state_->regions[i];
    met[i] = !region.polygons.empty() && area.Covers(region.center);
  }
  for (const State::Part& part : state_->parts) {
    if (!met[part.region]) met[part.region] = area.Overlaps(*part.polygon, part.locator.box());
  }
  return state_->CodesOf(std::move(met), std::ranges::any_of);
}

Gazetteer::Reach Gazetteer::ReachOf(const UncertaintyCircle& circle) const {
  return state_->reaches.Get({circle.center.lon, circle.center.lat, circle.radius_m},
                             [&] { return FindReach(circle); });
}

Gazetteer::Reach Gazetteer::FindReach(const UncertaintyCircle& circle) const {
  Reach reach;
  const PlanarBox whole = BoxOf(circle.polygon);
  if (whole.west >= -180 && whole.east <= 180) {
    // Most circles lie in one region, and no edge of it comes near.
    const auto& [lon, lat] = circle.center;
    for (const std::uint32_t i : state_->buckets[BucketOf(BucketColumn(lon), BucketRow(lat))]) {
      const PolygonLocator& locator = state_->parts[i].locator;
      if (locator.Covers(lon, lat) && !locator.EdgesComeInto(whole)) {
        return {{state_->regions[state_->parts[i].region].code}, false};
      }
    }
  }
  std::vector<const PlanarPolygon*> met;
  for (const PlanarPolygon& copy : CopiesOf(circle.polygon).copies) {
    const PlanarBox box = BoxOf(copy);
    const GeosPolygons area({copy});
    for (const State::Part& part : state_->parts) {
      if (!area.OverlapsPolygon(*part.polygon, part.locator.box())) continue;
      met.push_back(part.polygon);
      reach.regions.push_back(state_->regions[part.region].code);
    }
    reach.beyond = reach.beyond || box.west < -180 || box.east > 180;
  }
  std::ranges::sort(reach.regions);
  const auto repeated = std::ranges::unique(reach.regions);
  reach.regions.erase(repeated.begin(), repeated.end());
  reach.beyond =
      reach.beyond || circle.radius_m > kMeasuredRadiusMaxM || ReachesBeyond(circle.polygon, met);
  return reach;
}

double Gazetteer::RadiusOf(std::string_view code) const {
  return state_->radii_m[state_->by_code.at(code)];
}

}  // namespace annals::storage

#include "clients/cli/place_text.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "clients/cli/outcome.h"

namespace annals::cli {
namespace {

using Json = nlohmann::json;

std::string_view Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

bool ParseNumber(std::string_view text, double& number) {
  text = Trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// `count` numbers with commas between, or nothing.
std::vector<double> ParseNumbers(std::string_view text, std::size_t count) {
  std::vector<double> numbers;
  while (true) {
    const std::size_t comma = text.find(',');
    double number = 0;
    if (!ParseNumber(text.substr(0, comma), number)) return {};
    numbers.push_back(number);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return numbers.size() == count ? numbers : std::vector<double>();
}

// The Polygon geometry in a GeoJSON value, or null.
const Json* FindPolygon(const Json& value) {
  if (!value.is_object()) return nullptr;
  const auto type = value.find("type");
  if (type == value.end()) return nullptr;
  if (*type == "Polygon" && value.contains("coordinates")) return &value;
  if (*type == "Feature" && value.contains("geometry")) return FindPolygon(value["geometry"]);
  if (*type == "FeatureCollection" && value.contains("features")) {
    const Json& features = value["features"];
    if (features.is_array() && features.size() == 1) return FindPolygon(features[0]);
  }
  return nullptr;
}

bool ReadRing(const Json& positions, v1::Ring& ring) {
  if (!positions.is_array()) return false;
  for (const Json& position : positions) {
    if (!position.is_array() || position.size() < 2 || !position[0].is_number() ||
        !position[1].is_number()) {
      return false;
    }
    v1::Point& point = *ring.add_points();
    point.set_longitude(position[0].get<double>());
    point.set_latitude(position[1].get<double>());
  }
  return true;
}

}  // namespace

absl::StatusOr<v1::Box> ParseBox(std::string_view text) {
  const std::vector<double> numbers = ParseNumbers(text, 4);
  if (numbers.empty()) {
    return UsageError(
        fmt::format("--bbox: '{}' is not W,S,E,N in degrees, such as 33.5,50.9,38.6,52.5", text));
  }
  v1::Box box;
  box.set_west(numbers[0]);
  box.set_south(numbers[1]);
  box.set_east(numbers[2]);
  box.set_north(numbers[3]);
  return box;
}

absl::StatusOr<v1::Point> ParsePoint(std::string_view text) {
  const std::vector<double> numbers = ParseNumbers(text, 2);
  if (numbers.empty()) {
    return UsageError(
        fmt::format("--near: '{}' is not LAT,LON in degrees, such as 51.73,36.19", text));
  }
  v1::Point point;
  point.set_latitude(numbers[0]);
  point.set_longitude(numbers[1]);
  return point;
}

absl::StatusOr<double> ParseDistanceM(std::string_view text, std::string_view flag) {
  static const std::map<std::string_view, double> kUnitsM = {
      {"", 1}, {"m", 1}, {"km", 1'000}, {"mi", 1'609.344}, {"nmi", 1'852}};
  const std::size_t unit_at = text.find_first_not_of("0123456789.+-");
  const std::string_view number_text = text.substr(0, unit_at);
  const std::string_view unit_text =
      unit_at == std::string_view::npos ? std::string_view() : Trimmed(text.substr(unit_at));
  const auto unit = kUnitsM.find(unit_text);
  double number = 0;
  if (unit == kUnitsM.end() || !ParseNumber(number_text, number)) {
    return UsageError(
        fmt::format("{}: '{}' is not a distance such as 50km, 800m, 30mi or 12nmi", flag, text));
  }
  return number * unit->second;
}

absl::StatusOr<v1::Polygon> ParsePolygon(std::string_view geojson, std::string_view source) {
  const Json document = Json::parse(geojson, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return UsageError(fmt::format("{}: not JSON", source));
  const Json* polygon = FindPolygon(document);
  if (polygon == nullptr || !(*polygon)["coordinates"].is_array()) {
    return UsageError(fmt::format("{}: no single GeoJSON Polygon", source));
  }
  v1::Polygon result;
  bool first = true;
  for (const Json& positions : (*polygon)["coordinates"]) {
    if (!ReadRing(positions, first ? *result.mutable_exterior() : *result.add_holes())) {
      return UsageError(fmt::format("{}: its coordinates are not rings of [lon, lat]", source));
    }
    first = false;
  }
  return result;
}

}  // namespace annals::cli

// Places as people write them. Ranges are checked by the server; here only the form.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "annals/v1/event_filter.pb.h"

namespace annals::cli {

// "W,S,E,N" in degrees.
[[nodiscard]] absl::StatusOr<v1::Box> ParseBox(std::string_view text);

// "LAT,LON" in degrees.
[[nodiscard]] absl::StatusOr<v1::Point> ParsePoint(std::string_view text);

// "50km", "800m", "30mi", "12nmi"; a bare number is metres. Answers metres.
[[nodiscard]] absl::StatusOr<double> ParseDistanceM(std::string_view text,
                                                    std::string_view flag = "--radius");

// The one polygon of a GeoJSON text: a Polygon, a Feature that has one, or a FeatureCollection of
// one. `source` names it in errors.
[[nodiscard]] absl::StatusOr<v1::Polygon> ParsePolygon(std::string_view geojson,
                                                       std::string_view source);

}  // namespace annals::cli

// A point on the WGS 84 ellipsoid, in degrees.
#pragma once

namespace annals::storage {

struct LonLat {
  double lon = 0;  // [-180, 180)
  double lat = 0;  // [-90, 90]
  bool operator==(const LonLat&) const = default;
};

// `lon` brought into [-180, 180). Exact where `lon` already lies there; 180 becomes -180.
[[nodiscard]] double NormalizeLongitude(double lon);

}  // namespace annals::storage

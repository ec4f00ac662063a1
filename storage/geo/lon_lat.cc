#include "storage/geo/lon_lat.h"

#include <cmath>

namespace annals::storage {

double NormalizeLongitude(double lon) {
  if (lon >= -180 && lon < 180) return lon;
  const double turned = std::remainder(lon, 360.0);  // exact, in [-180, 180]
  return turned == 180 ? -180 : turned;
}

}  // namespace annals::storage

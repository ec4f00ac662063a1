// Regions of the gazetteer as annals.v1.Region.
#pragma once

#include <string>

#include "annals/v1/catalog_service.pb.h"
#include "storage/gazetteer.h"

namespace annals::service {

// Everything but the polygon.
[[nodiscard]] annals::v1::Region ToMessage(const storage::Region& region);

// The region's polygons as a GeoJSON MultiPolygon; a country's are those of its units.
[[nodiscard]] std::string ToGeoJson(const storage::Gazetteer& gazetteer,
                                    const storage::Region& region);

}  // namespace annals::service

#include "service/region_messages.h"

#include "fmt/format.h"

namespace annals::service {
namespace {

// Appends the polygons of the region to a list of GeoJSON polygons.
void AppendPolygons(const storage::Region& region, std::string* list) {
  for (const storage::PlanarPolygon& polygon : region.polygons) {
    *list += list->empty() ? "[" : ",[";
    bool first_ring = true;
    for (const auto& ring : polygon.rings) {
      *list += first_ring ? "[" : ",[";
      first_ring = false;
      for (std::size_t i = 0; i < ring.size(); ++i) {
        fmt::format_to(std::back_inserter(*list), "{}[{},{}]", i == 0 ? "" : ",", ring[i].first,
                       ring[i].second);
      }
      *list += ']';
    }
    *list += ']';
  }
}

}  // namespace

annals::v1::Region ToMessage(const storage::Region& region) {
  annals::v1::Region message;
  message.set_name("regions/" + region.code);
  message.set_title(region.title);
  for (const storage::RegionName& name : region.names) {
    auto* local = message.add_names();
    local->set_language_code(name.language_code);
    local->set_text(name.text);
  }
  if (!region.parent.empty()) message.set_parent("regions/" + region.parent);
  message.set_level(region.level == storage::RegionLevel::kCountry
                        ? annals::v1::REGION_LEVEL_COUNTRY
                        : annals::v1::REGION_LEVEL_FIRST);
  message.set_type(region.type);
  message.mutable_center()->set_latitude(region.center.lat);
  message.mutable_center()->set_longitude(region.center.lon);
  return message;
}

std::string ToGeoJson(const storage::Gazetteer& gazetteer, const storage::Region& region) {
  std::string polygons;
  for (const std::string& code : gazetteer.WithDescendants(region.code)) {
    AppendPolygons(*gazetteer.Find(code), &polygons);
  }
  return fmt::format(R"({{"type":"MultiPolygon","coordinates":[{}]}})", polygons);
}

}  // namespace annals::service

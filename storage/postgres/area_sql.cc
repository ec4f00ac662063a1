#include "storage/postgres/area_sql.h"

#include <variant>
#include <vector>

#include "fmt/format.h"
#include "storage/postgres/question_sql.h"
#include "storage/postgres/sql_value.h"

namespace annals::storage {
namespace {

constexpr char kPoint[] = "ST_SetSRID(ST_MakePoint(e.lon, e.lat), 4326)";

struct Condition {
  StatementBuilder& builder;

  [[nodiscard]] std::string Number(double value) const {
    return builder.Bind(DoubleText(value), "double precision");
  }

  std::string operator()(const BoxArea& box) const {
    std::vector<std::string> ranges;
    for (const auto& [west, east] : box.longitudes) {
      ranges.push_back(fmt::format("e.lon BETWEEN {} AND {}", Number(west), Number(east)));
    }
    if (ranges.empty()) return "false";
    return fmt::format("(e.lat BETWEEN {} AND {} AND ({}))", Number(box.south), Number(box.north),
                       fmt::join(ranges, " OR "));
  }

  std::string operator()(const CircleArea& circle) const {
    return fmt::format(
        "ST_DWithin({}::geography, ST_SetSRID(ST_MakePoint({}, {}), 4326)::geography, {})", kPoint,
        Number(circle.center.lon), Number(circle.center.lat), Number(circle.radius_m));
  }

  std::string operator()(const PolygonArea& polygon) const {
    std::vector<std::string> copies;
    for (const PlanarPolygon& copy : polygon.copies) {
      copies.push_back(
          fmt::format("ST_Covers({}, {})", builder.Bind(PolygonText(copy), "geometry"), kPoint));
    }
    if (copies.empty()) return "false";
    return fmt::format("({})", fmt::join(copies, " OR "));
  }
};

}  // namespace

std::string PointInArea(const Area& area, StatementBuilder* builder) {
  return std::visit(Condition{*builder}, area.shape());
}

}  // namespace annals::storage

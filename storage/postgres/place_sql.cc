#include "storage/postgres/place_sql.h"

#include <variant>
#include <vector>

#include "fmt/format.h"
#include "storage/postgres/sql_value.h"

namespace annals::storage {
namespace {

constexpr char kPoint[] = "ST_SetSRID(ST_MakePoint(e.lon, e.lat), 4326)";
constexpr double kHalfMeridianM = 20'003'932;  // no two points are further apart

// Conditions on e's point and circle.
struct Shape {
  std::string holds_point, overlaps_circle, covers_circle;
};

struct ShapeMaker {
  StatementBuilder& builder;

  [[nodiscard]] std::string Number(double value) const {
    return builder.Bind(DoubleText(value), "double precision");
  }

  // `predicate` of any copy with e.circle.
  static std::string AnyCopy(const std::vector<std::string>& copies, std::string_view predicate) {
    std::vector<std::string> conditions;
    for (const std::string& copy : copies) {
      conditions.push_back(fmt::format("{}({}, e.circle)", predicate, copy));
    }
    return fmt::format("({})", fmt::join(conditions, " OR "));
  }

  [[nodiscard]] Shape OfCopies(std::string holds_point, const Area& area) const {
    std::vector<std::string> copies;
    for (const PlanarPolygon& copy : area.WideCopies()) {
      copies.push_back(builder.Bind(PolygonText(copy), "geometry"));
    }
    return {std::move(holds_point), AnyCopy(copies, "ST_Intersects"), AnyCopy(copies, "ST_Covers")};
  }

  [[nodiscard]] Shape Box(const BoxArea& box, const Area& area) const {
    std::vector<std::string> ranges;
    for (const auto& [west, east] : box.longitudes) {
      ranges.push_back(fmt::format("e.lon BETWEEN {} AND {}", Number(west), Number(east)));
    }
    return OfCopies(fmt::format("(e.lat BETWEEN {} AND {} AND ({}))", Number(box.south),
                                Number(box.north), fmt::join(ranges, " OR ")),
                    area);
  }

  [[nodiscard]] Shape Circle(const CircleArea& circle) const {
    const std::string point = fmt::format("{}::geography", kPoint);
    const std::string center = fmt::format("ST_SetSRID(ST_MakePoint({}, {}), 4326)::geography",
                                           Number(circle.center.lon), Number(circle.center.lat));
    const std::string radius = Number(circle.radius_m);
    const bool whole_earth = circle.radius_m >= kHalfMeridianM;
    return {fmt::format("ST_DWithin({}, {}, {})", point, center, radius),
            fmt::format("ST_Distance({}, {}) <= {} + e.radius_m", point, center, radius),
            whole_earth
                ? "e.radius_m IS NOT NULL"
                : fmt::format("ST_Distance({}, {}) + e.radius_m <= {}", point, center, radius)};
  }

  [[nodiscard]] Shape Polygon(const PolygonArea& polygon, const Area& area) const {
    std::vector<std::string> copies;
    for (const PlanarPolygon& copy : polygon.copies) {
      copies.push_back(
          fmt::format("ST_Covers({}, {})", builder.Bind(PolygonText(copy), "geometry"), kPoint));
    }
    return OfCopies(fmt::format("({})", fmt::join(copies, " OR ")), area);
  }

  [[nodiscard]] Shape Of(const Area& area) const {
    if (const auto* box = std::get_if<BoxArea>(&area.shape())) return Box(*box, area);
    if (const auto* circle = std::get_if<CircleArea>(&area.shape())) return Circle(*circle);
    return Polygon(std::get<PolygonArea>(area.shape()), area);
  }
};

}  // namespace

const std::string& ModeSql::Of(MatchMode mode) const {
  switch (mode) {
    case MatchMode::kPossible:
      return possible;
    case MatchMode::kDefinite:
      return definite;
    case MatchMode::kNominal:
      break;
  }
  return nominal;
}

AreaSql MakeAreaSql(const AreaTerm& term, StatementBuilder* builder) {
  const Shape shape = ShapeMaker{*builder}.Of(term.area);
  AreaSql sql;
  sql.in_area = shape.holds_point;
  sql.circle_overlaps = shape.overlaps_circle;
  sql.within = builder->Bind(ArrayText(term.regions_within), "text[]");
  sql.overlapping = builder->Bind(ArrayText(term.regions_overlapping), "text[]");
  sql.matches.nominal =
      fmt::format("((e.lon IS NOT NULL AND {}) OR (e.lon IS NULL AND e.area_region = ANY ({})))",
                  sql.in_area, sql.within);
  sql.matches.possible = fmt::format(
      "((e.lon IS NOT NULL AND {}) OR e.area_region = ANY ({}) OR (e.circle IS NOT NULL AND {}))",
      sql.in_area, sql.overlapping, sql.circle_overlaps);
  sql.matches.definite = fmt::format(
      "((e.lon IS NULL OR {}) AND CASE WHEN e.area_region IS NOT NULL THEN e.area_region = ANY ({})"
      " WHEN e.circle IS NOT NULL THEN {} ELSE e.lon IS NOT NULL END)",
      sql.in_area, sql.within, shape.covers_circle);
  return sql;
}

RegionSql MakeRegionSql(const RegionTerm& term, StatementBuilder* builder) {
  RegionSql sql;
  sql.codes = builder->Bind(ArrayText(term.codes), "text[]");
  sql.around = builder->Bind(ArrayText(term.codes_around), "text[]");
  sql.not_named = fmt::format(
      "((e.region IS NULL OR e.region <> ALL ({0})) AND"
      " (e.point_region IS NULL OR e.point_region <> ALL ({0})))",
      sql.codes);
  sql.matches.nominal = fmt::format(
      "(e.region = ANY ({0}) OR e.point_region = ANY ({0}) OR"
      " (e.lon IS NULL AND e.area_region = ANY ({0})))",
      sql.codes);
  sql.matches.possible = fmt::format(
      "(e.region = ANY ({0}) OR e.point_region = ANY ({0}) OR e.area_region = ANY ({1}) OR"
      " e.reach_regions && {0})",
      sql.codes, sql.around);
  sql.matches.definite = fmt::format(
      "((e.lon IS NULL OR e.point_region = ANY ({0})) AND"
      " CASE WHEN e.area_region IS NOT NULL THEN e.area_region = ANY ({0})"
      " WHEN e.circle IS NOT NULL THEN NOT e.beyond_regions AND e.reach_regions <@ {0}"
      " ELSE e.lon IS NOT NULL END)",
      sql.codes);
  return sql;
}

}  // namespace annals::storage

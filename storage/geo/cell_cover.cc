#include "storage/geo/cell_cover.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>

#include "storage/geo/cell.h"
#include "storage/geo/geodesic.h"

namespace annals::storage {
namespace {

// A cell of the fine grid lies in the coarse cell whose number is its own without the last bits:
// two for each level between them (Morton order).
constexpr int kFineToCoarseShift = 2 * (kFineCellLevel - kCoarseCellLevel);

// Degrees by which crossed cells are sought around an edge: far more than interpolation errs, far
// less than a cell.
constexpr double kEdgeMargin = 1e-9;

// Collects cells of one level until there are too many.
class CoverBuilder {
 public:
  CoverBuilder(int level, std::size_t cells_max) : cells_max_(cells_max) { cover_.level = level; }

  [[nodiscard]] int level() const { return cover_.level; }
  [[nodiscard]] int steps() const { return 1 << cover_.level; }
  [[nodiscard]] std::size_t room() const {
    return cells_max_ - cover_.interior.size() - cover_.boundary.size();
  }

  // False where there is no room for it.
  [[nodiscard]] bool Add(int column, int row, bool interior) {
    if (room() == 0) return false;
    (interior ? cover_.interior : cover_.boundary).push_back(CellAt(column, row, cover_.level));
    return true;
  }

  [[nodiscard]] CellCover Finish() && {
    std::ranges::sort(cover_.interior);
    std::ranges::sort(cover_.boundary);
    return std::move(cover_);
  }

 private:
  std::size_t cells_max_;
  CellCover cover_;
};

// `fill(builder)` answers false where the builder is full.
template <typename Fill>
CellCover CoverFinestPossible(Fill fill) {
  CoverBuilder fine(kFineCellLevel, kFineCellsMax);
  if (fill(fine)) return std::move(fine).Finish();
  CoverBuilder coarse(kCoarseCellLevel, std::numeric_limits<std::size_t>::max());
  static_cast<void>(fill(coarse));
  return std::move(coarse).Finish();
}

PlanarBox BoxOfCell(int column, int row, int level) {
  const CellBounds bounds = BoundsOf(CellAt(column, row, level), level);
  return {bounds.west, bounds.south, bounds.east, bounds.north};
}

// Cells on the western and southern edge of the box count as boundary even where they begin exactly
// there: a coordinate a hair below may be rounded into them.
bool IsInBox(const BoxArea& box, const PlanarBox& cell) {
  const bool rows = (cell.south > box.south || box.south <= -90) && cell.north <= box.north;
  return rows && std::ranges::any_of(box.longitudes, [&](const auto& range) {
           return (cell.west > range.first || range.first <= -180) && cell.east <= range.second;
         });
}

bool FillBox(const BoxArea& box, CoverBuilder& builder) {
  const int level = builder.level();
  std::vector<int> columns;
  for (const auto& [west, east] : box.longitudes) {
    for (int c = ColumnOf(west, level); c <= ColumnOf(east, level); ++c) columns.push_back(c);
  }
  std::ranges::sort(columns);
  columns.erase(std::ranges::unique(columns).begin(), columns.end());
  const int south = RowOf(box.south, level);
  const int north = RowOf(box.north, level);
  if (columns.size() * static_cast<std::size_t>(north - south + 1) > builder.room()) return false;
  for (int row = south; row <= north; ++row) {
    for (const int column : columns) {
      const bool interior = IsInBox(box, BoxOfCell(column, row, level));
      if (!builder.Add(column, row, interior)) return false;
    }
  }
  return true;
}

// How many of offsets first, first + 1 ... last, of which those that hold come first, hold.
template <typename Holds>
int CountLeading(int first, int last, Holds holds) {
  int low = first;
  int high = last + 1;
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (holds(middle)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - first;
}

// Along a row, distance from the centre grows with the difference in longitude up to half the
// globe: the cells that meet the circle are neighbours, and so are those within it.
bool FillCircleRow(const CircleArea& circle, int row, CoverBuilder& builder) {
  const int steps = builder.steps();
  const int home = ColumnOf(circle.center.lon, builder.level());
  const PlanarBox home_box = BoxOfCell(home, row, builder.level());
  const BoxMiddle home_middle = MiddleOf(home_box);
  const bool east_half = circle.center.lon >= home_middle.center.lon;
  const auto column_at = [&](int offset) { return (home + offset + steps) % steps; };
  const auto distance = [&](int offset) {
    const double width = home_box.east - home_box.west;
    return DistanceM(circle.center, {NormalizeLongitude(home_middle.center.lon + offset * width),
                                     home_middle.center.lat});
  };
  const auto meets = [&](int offset) {
    return distance(offset) - home_middle.reach_m <= circle.radius_m;
  };
  const auto within = [&](int offset) {
    return distance(offset) + home_middle.reach_m <= circle.radius_m;
  };
  for (const int side : {1, -1}) {
    // Home is counted on the eastern side; each side ends before longitudes come nearer again.
    const int first = side > 0 ? 0 : 1;
    const int last = steps / 2 - ((side > 0) != east_half ? 1 : 0);
    const int met = CountLeading(first, last, [&](int k) { return meets(side * k); });
    const int held = CountLeading(first, first + met - 1, [&](int k) { return within(side * k); });
    for (int i = 0; i < met; ++i) {
      if (!builder.Add(column_at(side * (first + i)), row, i < held)) return false;
    }
  }
  return true;
}

bool FillCircle(const CircleArea& circle, CoverBuilder& builder) {
  const double reach = circle.radius_m / kMetresPerLatitudeDegreeMin + kEdgeMargin;
  const int south = RowOf(std::max(-90.0, circle.center.lat - reach), builder.level());
  const int north = RowOf(std::min(90.0, circle.center.lat + reach), builder.level());
  // The outermost rows may turn out empty, those between cannot.
  if (static_cast<std::size_t>(std::max(0, north - south - 1)) > builder.room()) return false;
  for (int row = south; row <= north; ++row) {
    if (!FillCircleRow(circle, row, builder)) return false;
  }
  return true;
}

// Columns of cells that edges cross or touch, by row.
class CrossedCells {
 public:
  CrossedCells(int level, std::size_t cells_max) : level_(level), cells_max_(cells_max) {}

  // False where there are too many.
  [[nodiscard]] bool AddEdge(std::pair<double, double> a, std::pair<double, double> b) {
    if (a.second > b.second) std::swap(a, b);
    const int south = RowOf(std::max(-90.0, a.second - kEdgeMargin), level_);
    const int north = RowOf(std::min(90.0, b.second + kEdgeMargin), level_);
    const double height = 180.0 / (1 << level_);
    for (int row = south; row <= north; ++row) {
      const double row_south = row * height - 90;
      const double low = std::clamp(row_south - kEdgeMargin, a.second, b.second);
      const double high = std::clamp(row_south + height + kEdgeMargin, a.second, b.second);
      const bool level_edge = a.second == b.second;
      const double lon1 = level_edge ? a.first : LongitudeAt(a, b, low);
      const double lon2 = level_edge ? b.first : LongitudeAt(a, b, high);
      if (!AddSpan(row, std::min(lon1, lon2), std::max(lon1, lon2))) return false;
    }
    return true;
  }

  // Ascending. Empty where no edge comes near.
  [[nodiscard]] std::vector<int> ColumnsOf(int row) {
    const auto found = rows_.find(row);
    if (found == rows_.end()) return {};
    Tidy(&found->second);
    return found->second;
  }

 private:
  static double LongitudeAt(const std::pair<double, double>& a, const std::pair<double, double>& b,
                            double lat) {
    const double part = (lat - a.second) / (b.second - a.second);
    return std::clamp(a.first + part * (b.first - a.first), std::min(a.first, b.first),
                      std::max(a.first, b.first));
  }

  static void Tidy(std::vector<int>* columns) {
    std::ranges::sort(*columns);
    columns->erase(std::ranges::unique(*columns).begin(), columns->end());
  }

  bool AddSpan(int row, double west, double east) {
    west -= kEdgeMargin;
    east += kEdgeMargin;
    if (east < -180 || west > 180) return true;
    std::vector<int>& columns = rows_[row];
    const int last = ColumnOf(std::min(east, 180.0), level_);
    for (int column = ColumnOf(std::max(west, -180.0), level_); column <= last; ++column) {
      if (!columns.empty() && columns.back() == column) continue;
      columns.push_back(column);
      ++count_;
    }
    if (count_ <= cells_max_) return true;
    // The count holds cells met more than once: count again before giving up.
    count_ = 0;
    for (auto& [_, each] : rows_) {
      Tidy(&each);
      count_ += each.size();
    }
    return count_ <= cells_max_;
  }

  int level_;
  std::size_t cells_max_;
  std::size_t count_ = 0;
  std::map<int, std::vector<int>> rows_;
};

// Fills the cells in [first, last] of a row, none of which an edge crosses: all stand alike.
bool FillRun(const std::vector<PolygonLocator>& locators, int row, int first, int last,
             CoverBuilder& builder) {
  if (first > last) return true;
  const PlanarBox cell = BoxOfCell(first, row, builder.level());
  const double lon = (cell.west + cell.east) / 2;
  const double lat = (cell.south + cell.north) / 2;
  const bool inside = std::ranges::any_of(
      locators, [&](const PolygonLocator& locator) { return locator.Covers(lon, lat); });
  for (int column = first; inside && column <= last; ++column) {
    if (!builder.Add(column, row, true)) return false;
  }
  return true;
}

bool FillPolygon(const PolygonArea& polygon, const std::vector<PolygonLocator>& locators,
                 CoverBuilder& builder) {
  CrossedCells crossed(builder.level(), builder.room());
  PlanarBox box = locators.front().box();
  for (const PolygonLocator& locator : locators) {
    box.west = std::min(box.west, locator.box().west);
    box.east = std::max(box.east, locator.box().east);
  }
  for (const PlanarPolygon& copy : polygon.copies) {
    for (const auto& ring : copy.rings) {
      for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
        if (!crossed.AddEdge(ring[i], ring[i + 1])) return false;
      }
    }
  }
  const int level = builder.level();
  const int west = ColumnOf(std::max(-180.0, box.west), level);
  const int east = ColumnOf(std::min(180.0, box.east), level);
  const int north = RowOf(std::min(90.0, box.north + kEdgeMargin), level);
  for (int row = RowOf(std::max(-90.0, box.south - kEdgeMargin), level); row <= north; ++row) {
    int next = west;
    for (const int column : crossed.ColumnsOf(row)) {
      if (!FillRun(locators, row, next, column - 1, builder)) return false;
      if (!builder.Add(column, row, false)) return false;
      next = column + 1;
    }
    if (!FillRun(locators, row, next, east, builder)) return false;
  }
  return true;
}

}  // namespace

std::vector<std::int32_t> OnCoarseGrid(const CellCover& cover) {
  std::vector<std::int32_t> cells = cover.interior;
  cells.insert(cells.end(), cover.boundary.begin(), cover.boundary.end());
  if (cover.level == kFineCellLevel) {
    for (std::int32_t& cell : cells) cell >>= kFineToCoarseShift;
  }
  std::ranges::sort(cells);
  cells.erase(std::ranges::unique(cells).begin(), cells.end());
  return cells;
}

CellCover CoverBox(const BoxArea& box) {
  return CoverFinestPossible([&](CoverBuilder& builder) { return FillBox(box, builder); });
}

CellCover CoverCircle(const CircleArea& circle) {
  return CoverFinestPossible([&](CoverBuilder& builder) { return FillCircle(circle, builder); });
}

CellCover CoverPolygon(const PolygonArea& polygon, const std::vector<PolygonLocator>& locators) {
  return CoverFinestPossible(
      [&](CoverBuilder& builder) { return FillPolygon(polygon, locators, builder); });
}

}  // namespace annals::storage

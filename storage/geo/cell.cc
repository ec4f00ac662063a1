#include "storage/geo/cell.h"

#include <algorithm>
#include <cmath>

namespace annals::storage {
namespace {

constexpr int kBitsMax = 15;

// The step that holds `offset` of `extent`; the end of the extent belongs to the last step.
int StepOf(double offset, double extent, int level) {
  const int steps = 1 << level;
  return std::clamp(static_cast<int>(std::floor(offset / extent * steps)), 0, steps - 1);
}

int EvenBits(std::int32_t cell) {
  int value = 0;
  for (int bit = 0; bit < kBitsMax; ++bit) value |= ((cell >> (2 * bit)) & 1) << bit;
  return value;
}

}  // namespace

std::int32_t CellOf(const LonLat& point, int level) {
  return CellAt(ColumnOf(point.lon, level), RowOf(point.lat, level), level);
}

int ColumnOf(double lon, int level) { return StepOf(lon + 180, 360, level); }

int RowOf(double lat, int level) { return StepOf(lat + 90, 180, level); }

std::int32_t CellAt(int column, int row, int level) {
  std::int32_t cell = 0;
  for (int bit = 0; bit < level; ++bit) {
    cell |= ((column >> bit) & 1) << (2 * bit);
    cell |= ((row >> bit) & 1) << (2 * bit + 1);
  }
  return cell;
}

CellBounds BoundsOf(std::int32_t cell, int level) {
  const double width = 360.0 / (1 << level);
  const double height = 180.0 / (1 << level);
  const int column = EvenBits(cell);
  const int row = EvenBits(cell >> 1);
  return {column * width - 180, row * height - 90, (column + 1) * width - 180,
          (row + 1) * height - 90};
}

}  // namespace annals::storage

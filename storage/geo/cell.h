// The grids that events and questions meet on. Level n divides longitude and latitude into 2^n
// steps each; a cell's number interleaves column and row bits (Morton order), so that near cells
// have near numbers. Columns count east from -180, rows north from -90; latitude 90 belongs to the
// last row.
#pragma once

#include <cstdint>

#include "storage/geo/lon_lat.h"

namespace annals::storage {

inline constexpr int kCoarseCellLevel = 8;  // about 1.4 by 0.7 degrees
inline constexpr int kFineCellLevel = 12;   // about 0.09 by 0.04 degrees: 10 by 5 km
inline constexpr int kFineCellsMax = 40;    // a question that covers more uses the coarse grid

// `level` in [1, 15].
[[nodiscard]] std::int32_t CellOf(const LonLat& point, int level);

// The column of a longitude in [-180, 180] (180 counts to the last) and the row of a latitude.
[[nodiscard]] int ColumnOf(double lon, int level);
[[nodiscard]] int RowOf(double lat, int level);

// The cell at (column, row), each in [0, 2^level).
[[nodiscard]] std::int32_t CellAt(int column, int row, int level);

// [west, east) x [south, north) in degrees.
struct CellBounds {
  double west, south, east, north;
};
[[nodiscard]] CellBounds BoundsOf(std::int32_t cell, int level);

}  // namespace annals::storage

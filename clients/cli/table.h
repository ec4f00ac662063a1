// Aligned columns for a person's eyes.
//
// The first rows are held back to learn the columns' widths; later rows are printed as they come
// and cut to them, so that a table of any length needs little memory.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace annals::cli {

struct Column {
  std::string title;
  bool right_aligned = false;
  // What it may be cut down to, alone or with others, where the terminal is too narrow; 0 is never.
  int width_min = 0;
  // How wide it is at least where the terminal allows, though no row held back needs it: for rows
  // that come one by one. The last column of such a table is never cut.
  int width_expected = 0;
};

class Table {
 public:
  // `columns_max` is the terminal's width; 0 cuts nothing.
  Table(std::ostream& out, std::vector<Column> columns, int columns_max, bool color);

  // One cell for each column. Cells are sanitized here.
  void Add(std::vector<std::string> cells);

  // Prints what is held back, and from then on each row as it is added. Columns that are empty in
  // all of it, and not expected, are left out. Prints nothing where there was no row.
  void Finish();

 private:
  void Begin();
  void PrintRow(const std::vector<std::string>& cells);

  std::ostream& out_;
  const std::vector<Column> columns_;
  const int columns_max_;
  const bool color_;
  std::vector<std::vector<std::string>> held_;
  std::vector<int> widths_;  // 0 for a column left out. Empty until Begin.
};

}  // namespace annals::cli

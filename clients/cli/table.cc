#include "clients/cli/table.h"

#include <algorithm>
#include <utility>

#include "clients/cli/terminal_text.h"

namespace annals::cli {
namespace {

constexpr std::size_t kHeldRowsMax = 500;
constexpr int kGap = 2;

int TotalWidth(const std::vector<int>& widths) {
  int total = 0;
  for (const int width : widths) total += width > 0 ? width + kGap : 0;
  return std::max(0, total - kGap);
}

// Takes columns from the widest column that may give way, one by one, until the table fits or none
// can give more.
void Fit(const std::vector<Column>& columns, int columns_max, std::vector<int>& widths) {
  for (int excess = TotalWidth(widths) - columns_max; excess > 0; --excess) {
    int* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (columns[i].width_min > 0 && widths[i] > columns[i].width_min &&
          (widest == nullptr || widths[i] > *widest)) {
        widest = &widths[i];
      }
    }
    if (widest == nullptr) return;
    --*widest;
  }
}

}  // namespace

Table::Table(std::ostream& out, std::vector<Column> columns, int columns_max, bool color)
    : out_(out), columns_(std::move(columns)), columns_max_(columns_max), color_(color) {}

void Table::Add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = Sanitized(cell);
  if (!widths_.empty()) {
    PrintRow(cells);
    return;
  }
  held_.push_back(std::move(cells));
  if (held_.size() == kHeldRowsMax) Begin();
}

void Table::Finish() {
  if (widths_.empty() && !held_.empty()) Begin();
}

void Table::Begin() {
  widths_.assign(columns_.size(), 0);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    for (const auto& row : held_) widths_[i] = std::max(widths_[i], DisplayWidth(row[i]));
    widths_[i] = std::max(widths_[i], columns_[i].width_expected);
    if (widths_[i] > 0) widths_[i] = std::max(widths_[i], DisplayWidth(columns_[i].title));
  }
  if (columns_max_ > 0) Fit(columns_, columns_max_, widths_);
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  if (color_) out_ << "\033[1m";
  PrintRow(titles);
  if (color_) out_ << "\033[0m";
  for (const auto& row : held_) PrintRow(row);
  held_.clear();
}

void Table::PrintRow(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (widths_[i] == 0) continue;
    if (!line.empty()) line.append(kGap, ' ');
    const bool whole = columns_[i].width_expected > 0 && i + 1 == cells.size();
    line += whole ? cells[i] : Padded(cells[i], widths_[i], columns_[i].right_aligned);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out_ << line << "\n";
}

}  // namespace annals::cli

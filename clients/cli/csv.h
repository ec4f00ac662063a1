// CSV as RFC 4180 quotes it, with LF line ends.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace annals::cli {

// A cell, quoted where needed. Text that a spreadsheet would take for a formula (= + - @ tab CR
// first) gets an apostrophe before it; for text from outside.
[[nodiscard]] std::string CsvText(std::string_view text);

// The line of cells that CsvText made, or that are numbers and times, with its end.
[[nodiscard]] std::string CsvLine(const std::vector<std::string>& cells);

}  // namespace annals::cli

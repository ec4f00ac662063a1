// UCDP event files for tests: made-up rows, a cell at a time.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace annals::testing::ucdp {

// By column.
using Cells = std::map<std::string, std::string>;

// A made-up row; tests change the cells they are about.
inline Cells Row() {
  return {{"id", "101"},
          {"relid", "UKR-2014-1-14124-1"},
          {"type_of_violence", "1"},
          {"conflict_new_id", "13246"},
          {"conflict_name", "Ukraine: Donetsk"},
          {"dyad_new_id", "14124"},
          {"side_a_new_id", "61"},
          {"side_a", "Government of Ukraine"},
          {"side_b_new_id", "5840"},
          {"side_b", "DPR"},
          {"source_article", R"("Agency, Ltd,2014-07-06,Five ""dead"";"Paper,2014-07-05,Clash")"},
          {"source_headline", "Five dead;Clash"},
          {"source_original", "A spokesman"},
          {"where_prec", "1"},
          {"where_coordinates", "Testove town"},
          {"where_description", "near the mill"},
          {"adm_1", "Donetsk oblast"},
          {"country", "Ukraine"},
          {"country_id", "369"},
          {"event_clarity", "1"},
          {"date_prec", "1"},
          {"date_start", "2014-07-05"},
          {"date_end", "2014-07-05"},
          {"latitude", "48.5"},
          {"longitude", "37.5"},
          {"low", "3"},
          {"best", "5"},
          {"high", "9"},
          {"deaths_a", "2"},
          {"deaths_b", "3"},
          {"deaths_civilians", "0"},
          {"deaths_unknown", "0"}};
}

inline std::string Quote(const std::string& cell) {
  std::string quoted = "\"";
  for (const char c : cell) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

// A file with the columns of the first row.
inline std::string File(const std::vector<Cells>& rows) {
  std::string header;
  std::string body;
  for (const auto& [column, cell] : rows.front()) header += (header.empty() ? "" : ",") + column;
  for (const Cells& row : rows) {
    std::string line;
    for (const auto& [column, cell] : row) line += (line.empty() ? "" : ",") + Quote(cell);
    body += line + "\n";
  }
  return header + "\n" + body;
}

// The made-up row with other cells.
inline Cells With(std::vector<std::pair<std::string, std::string>> changes) {
  Cells cells = Row();
  for (auto& [column, cell] : changes) cells[column] = std::move(cell);
  return cells;
}

}  // namespace annals::testing::ucdp

// Why a row of a file does not go in.
#pragma once

#include <string>

namespace annals::import {

struct RowError {
  std::string column;   // As the header spells it; empty where the row as a whole is at fault.
  std::string reason;   // Stable, UPPER_SNAKE_CASE.
  std::string message;  // For people.
};

}  // namespace annals::import

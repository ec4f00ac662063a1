// The whole command line: `annals [GLOBAL FLAGS] COMMAND [FLAGS]`.
#pragma once

#include <string>
#include <vector>

#include "clients/cli/session.h"

namespace annals::cli {

// Runs one command line (without the program's name) and returns the exit status: 0 done, 1 failed,
// 2 cannot be understood.
[[nodiscard]] int Run(const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace annals::cli

// How a command ends: absl::Status, with two kinds of error of its own.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace annals::cli {

inline constexpr int kExitOk = 0;  // Done.
inline constexpr int kExitFailure =
    1;                                // The server refused, was not there, or a row did not go in.
inline constexpr int kExitUsage = 2;  // The command line cannot be understood.

// The command line is wrong: printed with a pointer to --help, exit status 2.
[[nodiscard]] absl::Status UsageError(std::string_view message);

// Something failed and was already told on stderr: nothing more is printed, exit status 1.
[[nodiscard]] absl::Status AlreadyTold();

[[nodiscard]] bool IsAlreadyTold(const absl::Status& status);

[[nodiscard]] int ExitCode(const absl::Status& status);

}  // namespace annals::cli

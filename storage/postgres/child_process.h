// Programs started as children of this process.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace annals::storage {

// Starts `command` (its program looked up in PATH) in a process group of its own, with standard
// output and error appended to `log`, no other open files, no blocked signals, and HOME set to
// `home`. UNAVAILABLE (PROCESS_NOT_STARTED).
[[nodiscard]] absl::StatusOr<pid_t> StartProcess(const std::vector<std::string>& command,
                                                 const std::filesystem::path& home,
                                                 const std::filesystem::path& log);

// Waits for a child to end; answers its exit status, or 128 + the signal that ended it.
int WaitForProcess(pid_t pid);

}  // namespace annals::storage

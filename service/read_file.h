// Reads a small file whole, without exceptions.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace annals::service {

// NOT_FOUND (NO_FILE), else FAILED_PRECONDITION (CANNOT_READ): the message says why.
[[nodiscard]] absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace annals::service

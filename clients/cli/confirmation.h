// Asks before what cannot be undone.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "clients/cli/session.h"

namespace annals::cli {

// Says `warning` on stderr and reads a line from stdin, which must be `answer` to the letter; a
// usage error otherwise. `yes` (--yes) asks nothing.
[[nodiscard]] absl::Status Confirm(Session& session, std::string_view warning,
                                   std::string_view answer, bool yes);

}  // namespace annals::cli

#include "clients/cli/confirmation.h"

#include <fmt/format.h>

#include <string>

#include "clients/cli/outcome.h"

namespace annals::cli {

absl::Status Confirm(Session& session, std::string_view warning, std::string_view answer,
                     bool yes) {
  if (yes) return absl::OkStatus();
  session.Note(fmt::format("{}\nType {} to go on (or give --yes):", warning, answer));
  std::string line;
  std::getline(session.In(), line);
  if (line == answer) return absl::OkStatus();
  return UsageError("not confirmed: nothing was changed");
}

}  // namespace annals::cli

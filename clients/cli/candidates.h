// `regions find` and `actors find`: what words may mean.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "annals/v1/catalog_service.pb.h"
#include "clients/cli/session.h"

namespace annals::cli {

// Prints the candidates, best first. AlreadyTold where there is none.
[[nodiscard]] absl::Status PrintCandidates(Session& session, const std::string& text,
                                           v1::ResolveTarget target);

}  // namespace annals::cli

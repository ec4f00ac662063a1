#include "clients/cli/outcome.h"

#include <string>

#include "absl/strings/cord.h"

namespace annals::cli {
namespace {

constexpr char kUsageUrl[] = "annals.cli/usage";
constexpr char kToldUrl[] = "annals.cli/already-told";

}  // namespace

absl::Status UsageError(std::string_view message) {
  absl::Status status = absl::InvalidArgumentError(std::string(message));
  status.SetPayload(kUsageUrl, absl::Cord());
  return status;
}

absl::Status AlreadyTold() {
  absl::Status status = absl::UnknownError("");
  status.SetPayload(kToldUrl, absl::Cord());
  return status;
}

bool IsAlreadyTold(const absl::Status& status) { return status.GetPayload(kToldUrl).has_value(); }

int ExitCode(const absl::Status& status) {
  if (status.ok()) return kExitOk;
  return status.GetPayload(kUsageUrl).has_value() ? kExitUsage : kExitFailure;
}

}  // namespace annals::cli

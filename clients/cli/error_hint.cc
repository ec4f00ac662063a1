#include "clients/cli/error_hint.h"

#include <fmt/format.h>

#include "clients/cpp/status.h"

namespace annals::cli {
namespace {

// Nothing tells a server that speaks TLS, or does not, from one that is not there: both end a
// connection without a word.
std::string UnreachableHint(const client::ConnectionOptions& connection) {
  if (!connection.tls) {
    return fmt::format(
        "no server answers at {}: start one with `annalsd --data DIR`, or name another with "
        "--server or ANNALS_SERVER; one that speaks TLS needs --tls-ca FILE or --tls",
        connection.server);
  }
  return fmt::format(
      "no server that speaks TLS and can be trusted answers at {}: name another with --server or "
      "ANNALS_SERVER, or with --tls-ca the authority that vouches for it{}",
      connection.server,
      client::IsLocal(connection.server)
          ? "; one without TLS wants no --tls flag and no ANNALS_TLS_ variable"
          : "");
}

std::string UnauthenticatedHint(const absl::Status& status,
                                const client::ConnectionOptions& connection) {
  if (connection.token.empty()) return "give a token with --token-file (or ANNALS_TOKEN_FILE)";
  if (client::ErrorReason(status) == "TOKEN_EXPIRED") {
    return "ask for a new token, and give it with --token-file (or ANNALS_TOKEN_FILE)";
  }
  return "give a token that is valid here with --token-file (or ANNALS_TOKEN_FILE)";
}

// Where a position leads nowhere any more, or not for this question.
std::string RestartHint(const std::string& reason) {
  if (reason == "SCOPE_CHANGED" || reason == "HISTORY_PURGED") {
    return "start anew: `annals watch --with-existing` prints what matches now, and goes on from "
           "there";
  }
  return {};
}

}  // namespace

std::string ErrorHint(const absl::Status& status, const client::ConnectionOptions& connection) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      // A server that is there and unavailable says why.
      return client::ErrorReason(status).empty() ? UnreachableHint(connection) : std::string();
    case absl::StatusCode::kUnauthenticated:
      return UnauthenticatedHint(status, connection);
    case absl::StatusCode::kPermissionDenied:
      return "`annals status` tells as whom the server knows you";
    case absl::StatusCode::kResourceExhausted: {
      const auto delay = client::RetryDelay(status);
      return delay ? fmt::format("try again in {}", absl::FormatDuration(*delay)) : std::string();
    }
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kOutOfRange:
      return RestartHint(client::ErrorReason(status));
    case absl::StatusCode::kDeadlineExceeded:
      return "allow more time with --timeout, or ask for less";
    case absl::StatusCode::kUnimplemented:
      return "the server is of another version: see `annals status`";
    default:
      return {};
  }
}

}  // namespace annals::cli

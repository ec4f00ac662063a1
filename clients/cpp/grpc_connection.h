// The Connection over gRPC.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clients/cpp/connection.h"
#include "clients/cpp/credentials.h"
#include "clients/cpp/retry_policy.h"

namespace annals::client {

struct ConnectionOptions {
  // "HOST:PORT" or "unix:PATH".
  std::string server = "127.0.0.1:7070";
  // Says who calls: sent with every call as `authorization: Bearer TOKEN`. Empty for none.
  std::string token = {};
  // Absent: plain text, which is meant for loopback and UNIX sockets.
  std::optional<TlsOptions> tls = {};
  // How long one call may take with all its retries. Streams have no limit on the whole; of
  // ExportEvents it bounds how long a broken one tries to resume without getting further, of
  // IngestEvents and WatchEvents their own options do.
  absl::Duration timeout = absl::Seconds(60);
  RetryPolicy retry = RetryPolicy();
  RetryBudgetLimits retry_budget = {};  // Of all calls and streams together.
};

// Connects when first used. INVALID_ARGUMENT where the token is none (see IsToken) or TLS cannot be
// spoken so (see CheckTls); FAILED_PRECONDITION where the token would travel in plain text to a
// server that is not local (see IsLocal).
[[nodiscard]] absl::StatusOr<std::shared_ptr<Connection>> MakeGrpcConnection(
    ConnectionOptions options);

}  // namespace annals::client

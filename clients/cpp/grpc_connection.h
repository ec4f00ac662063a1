// The Connection over gRPC.
#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "clients/cpp/connection.h"
#include "clients/cpp/retry_policy.h"

namespace annals::client {

struct ConnectionOptions {
  // "HOST:PORT" or "unix:PATH". Plain text: meant for loopback and UNIX sockets.
  std::string server = "127.0.0.1:7070";
  // How long one call may take with all its retries. Streams (ExportEvents, IngestEvents) have no
  // limit on the whole; for them it bounds how long a broken export tries to resume without getting
  // further.
  absl::Duration timeout = absl::Seconds(60);
  RetryPolicy retry;
};

// Connects when first used; never fails itself.
[[nodiscard]] std::shared_ptr<Connection> MakeGrpcConnection(ConnectionOptions options);

}  // namespace annals::client

// The gRPC server: the services of annals.v1, health and reflection. Without access control and TLS
// it serves this machine's own programs alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/auth/call_limits.h"
#include "service/tls.h"
#include "storage/catalog_store.h"
#include "storage/change_log.h"
#include "storage/event_store.h"
#include "storage/gazetteer.h"

namespace annals::service {

// Largest message taken: 5,000 events at a usual size; a batch of huge ones is sent in parts.
inline constexpr int kReceiveBytesMax = 64 << 20;
inline constexpr int kConcurrentStreamsMax = 256;  // a connection
inline constexpr int kHeaderBytesMax = 8 << 10;    // of one request's headers
inline constexpr std::size_t kQueuedCallsMax = 1'024;
inline constexpr int kSqlThreadsDefault = 8;

struct ServerOptions {
  std::vector<std::string> listen;  // "HOST:PORT" or "unix:PATH", one at least
  int sql_threads = kSqlThreadsDefault;
  std::size_t queued_calls_max = kQueuedCallsMax;  // wait for a thread; more are RESOURCE_EXHAUSTED
  std::string
      auth_file;        // who may call (service/auth/auth_file.h); empty lets local callers do all
  TlsFiles tls;         // of every TCP address; UNIX sockets go without
  LimitOptions limits;  // of each caller; with an auth_file
  std::optional<bool> reflection;  // absent: where all addresses are local
};

// INVALID_ARGUMENT (OPEN_TO_OTHERS) where an address is reached from other machines without an auth
// file or without TLS; those of service/listen_address.h.
[[nodiscard]] absl::Status CheckExposure(const ServerOptions& options);

// What it serves; all of it must outlive the server.
struct Stores {
  storage::EventStore* events;
  storage::CatalogStore* catalog;
  storage::ChangeLog* changes;
  const storage::Gazetteer* gazetteer;
};

class Server {
 public:
  // Serves once it answers OK. Errors of CheckExposure, the auth file, TLS files; INTERNAL
  // (POLICY_INCOMPLETE); FAILED_PRECONDITION (ADDRESS_TAKEN) names an address that cannot be
  // listened on; those of the store.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                                     const Stores& stores);
  // As Drain(absl::ZeroDuration()).
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Where it listens, with the ports the system chose.
  [[nodiscard]] const std::vector<std::string>& addresses() const;

  // Takes no more calls, lets those under way finish for `patience`, then cancels them. Returns
  // when all have ended. Safe to call twice.
  void Drain(absl::Duration patience);

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace annals::service

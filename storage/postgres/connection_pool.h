// A bounded set of connections to one database, shared by all who ask it.
//
// Thread safe. Must outlive its leases. A call that is still in the database some seconds past its
// deadline has its connection cut by a watchdog thread, so that a stopped server costs no thread
// for ever.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace annals::storage {

class Connection;

struct ConnectionPoolOptions {
  std::string connection_string;  // as libpq reads it: a URL or settings
  int connections_max = 8;
  std::string session_setup = "";  // SQL run once on each new connection
  absl::Duration watchdog_grace =
      absl::Seconds(3);  // beyond the deadline; the statement timeout acts first
};

class ConnectionPool {
 public:
  explicit ConnectionPool(ConnectionPoolOptions options);
  ~ConnectionPool();  // REQUIRES: no lease is left
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // A connection for the use of one caller, given back when destroyed.
  class Lease {
   public:
    Lease(ConnectionPool* pool, std::unique_ptr<Connection> connection);
    ~Lease();
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;

    [[nodiscard]] Connection& connection() { return *connection_; }
    // Closes the connection, and all that are idle: what broke one has most likely broken them.
    void Discard();

   private:
    ConnectionPool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  // Waits until a connection is free; makes one where fewer than the maximum are open.
  // DEADLINE_EXCEEDED where none came free in time, UNAVAILABLE where the database cannot be
  // reached.
  [[nodiscard]] absl::StatusOr<Lease> Acquire(absl::Time deadline);

  [[nodiscard]] const ConnectionPoolOptions& options() const { return options_; }

 private:
  void Return(std::unique_ptr<Connection> connection, bool broken);
  void Watch();

  const ConnectionPoolOptions options_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::condition_variable watch_changed_;
  // Guarded by mutex_.
  std::vector<std::unique_ptr<Connection>> idle_;
  int open_ = 0;  // idle, leased or being made
  bool stopping_ = false;
  std::map<const Connection*, absl::Time> cutoffs_;  // of leased connections
  std::thread watchdog_;                             // last: it reads all of the above
};

}  // namespace annals::storage

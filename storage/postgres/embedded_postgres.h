// A PostgreSQL of our own, in a directory of our own: made (initdb), started, watched, restarted
// when it dies, and stopped with the process, whatever ends the process (the kernel sends it SIGINT
// when we are gone).
//
// It listens on a private UNIX socket only. Root cannot run PostgreSQL: it then runs as user
// postgres.
//
// Thread safe.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace annals::storage {

class EmbeddedPostgres {
 public:
  // Starts the PostgreSQL of `directory`, which is made where it does not exist; answers when it
  // accepts connections and the database annals exists in it. An earlier one that is still ending
  // is waited for.
  //
  // FAILED_PRECONDITION: DIRECTORY_IN_USE (another process serves it), POSTGRES_VERSION_MISMATCH
  // (made by a major version that is not installed), POSTGRES_MISSING, DIRECTORY_UNREACHABLE (user
  // postgres cannot enter it), POSTGRES_FAILED (with where its own log is).
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<EmbeddedPostgres>> Start(
      const std::filesystem::path& directory);

  // Stops the server in order (committed is committed, clients are cut off) and waits for it.
  ~EmbeddedPostgres();
  EmbeddedPostgres(const EmbeddedPostgres&) = delete;
  EmbeddedPostgres& operator=(const EmbeddedPostgres&) = delete;

  // As libpq reads it. Stays the same while the server is restarted.
  [[nodiscard]] const std::string& connection_string() const;
  // The server's process; changes when it is restarted. For tests that kill it.
  [[nodiscard]] int server_pid() const;

 private:
  class Supervisor;
  explicit EmbeddedPostgres(std::unique_ptr<Supervisor> supervisor);
  std::unique_ptr<Supervisor> supervisor_;
};

}  // namespace annals::storage

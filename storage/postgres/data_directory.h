// The directory of an embedded PostgreSQL, and who may use it. Used by embedded_postgres.h only.
//
//   DIR/annals.lock     held by the process that serves the directory
//   DIR/postgres/       the database cluster
//   DIR/postgres.log    what PostgreSQL says
//   DIR/run/            its socket, where its path can be that of one
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace annals::storage {

class DataDirectory {
 public:
  // Makes the directory, locks it and makes the cluster where there is none. Errors as
  // EmbeddedPostgres::Start.
  [[nodiscard]] static absl::StatusOr<DataDirectory> Open(const std::filesystem::path& directory);

  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&&) = delete;
  ~DataDirectory();  // lets go of the lock

  [[nodiscard]] std::filesystem::path cluster() const { return root_ / "postgres"; }
  [[nodiscard]] std::filesystem::path log() const { return root_ / "postgres.log"; }
  [[nodiscard]] const std::filesystem::path& socket_directory() const { return socket_directory_; }

  // The command that runs a PostgreSQL program ("postgres", "initdb") as the user that owns the
  // cluster. A process started with it gets SIGINT when the thread that started it ends.
  [[nodiscard]] std::vector<std::string> Command(std::string_view program) const;

 private:
  explicit DataDirectory(std::filesystem::path root);
  absl::Status Lock();
  absl::Status FindPrograms();
  absl::Status PrepareOwner();
  absl::Status MakeCluster() const;
  absl::Status MakeSocketDirectory();
  [[nodiscard]] absl::Status GiveToOwner(const std::filesystem::path& path) const;

  const std::filesystem::path root_;
  std::filesystem::path programs_;  // where postgres and initdb are
  std::filesystem::path socket_directory_;
  bool socket_directory_is_ours_ = false;  // under /tmp: removed at the end
  bool as_postgres_ = false;               // we are root: user postgres owns the cluster
  int lock_ = -1;
};

}  // namespace annals::storage

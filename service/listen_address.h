// Where annalsd listens: TCP or a UNIX socket.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace annals::service {

inline constexpr std::size_t kSocketPathBytesMax = 107;

struct ListenAddress {
  std::string text;         // as given
  std::string host;         // of TCP, without brackets
  int port = 0;             // of TCP; 0 lets the system choose
  std::string socket_path;  // of a UNIX socket; empty for TCP

  [[nodiscard]] bool is_unix() const { return !socket_path.empty(); }
  // Whether only this machine's own programs reach it: a UNIX socket or loopback.
  [[nodiscard]] bool is_local() const;
  // With `bound_port` in place of the port, as it is told to users: "127.0.0.1:7070",
  // "unix:/run/annals".
  [[nodiscard]] std::string ToString(int bound_port) const;
};

// Reads "HOST:PORT" or "unix:PATH". INVALID_ARGUMENT: BAD_ADDRESS, SOCKET_PATH_TOO_LONG.
[[nodiscard]] absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

// Makes the path of a UNIX socket free: removes the socket of a server that is gone.
// FAILED_PRECONDITION (ADDRESS_TAKEN) where a server answers there or where it is a file of another
// kind.
[[nodiscard]] absl::Status ClearSocketPath(const std::string& path);

// Why a TCP address cannot be bound, in words.
[[nodiscard]] std::string WhyNotBound(const ListenAddress& address);

}  // namespace annals::service

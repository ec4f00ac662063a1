#include "service/listen_address.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "fmt/format.h"
#include "storage/error.h"

namespace annals::service {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr int kPortMax = 65'535;

absl::Status Refused(std::string_view reason, std::string_view message) {
  return storage::Error(absl::StatusCode::kInvalidArgument, reason, message, "listen");
}

bool IsLoopback(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return host == "localhost";
}

// A socket that closes itself.
class Socket {
 public:
  explicit Socket(int family) : fd_(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

absl::StatusOr<ListenAddress> ParseUnix(std::string_view text) {
  ListenAddress address;
  address.text = text;
  address.socket_path = text.substr(kUnix.size());
  if (address.socket_path.empty()) return Refused("BAD_ADDRESS", "unix: needs a path");
  if (address.socket_path.size() > kSocketPathBytesMax) {
    return Refused("SOCKET_PATH_TOO_LONG",
                   fmt::format("{}: a socket's path has at most {} bytes; choose a shorter one",
                               address.socket_path, kSocketPathBytesMax));
  }
  return address;
}

}  // namespace

bool ListenAddress::is_local() const { return is_unix() || IsLoopback(host); }

std::string ListenAddress::ToString(int bound_port) const {
  if (is_unix()) return fmt::format("unix:{}", socket_path);
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", host, bound_port) : fmt::format("{}:{}", host, bound_port);
}

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  if (text.starts_with(kUnix)) return ParseUnix(text);
  const auto colon = text.rfind(':');
  ListenAddress address;
  address.text = text;
  if (colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    address.host = host;
    const std::string_view digits = text.substr(colon + 1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) address.port = -1;
  }
  if (address.host.empty() || address.port < 0 || address.port > kPortMax) {
    return Refused("BAD_ADDRESS",
                   fmt::format("{}: an address is HOST:PORT or unix:PATH", address.text));
  }
  return address;
}

absl::Status ClearSocketPath(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return absl::OkStatus();
  const auto taken = [&](std::string_view why) {
    return storage::Error(absl::StatusCode::kFailedPrecondition, "ADDRESS_TAKEN",
                          fmt::format("cannot listen on unix:{}: {}", path, why), "listen");
  };
  if (!S_ISSOCK(status.st_mode)) return taken("there is a file of that name that is no socket");
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), std::min(path.size(), kSocketPathBytesMax));
  const Socket probe(AF_UNIX);
  if (connect(probe.fd(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0) {
    return taken("another server listens there");
  }
  if (errno != ECONNREFUSED) return taken(std::strerror(errno));
  if (unlink(path.c_str()) != 0) return taken(std::strerror(errno));
  return absl::OkStatus();
}

std::string WhyNotBound(const ListenAddress& address) {
  if (address.is_unix()) return "check that its directory exists and may be written to";
  sockaddr_storage name{};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&name);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&name);
  const auto port = htons(static_cast<std::uint16_t>(address.port));
  socklen_t size = sizeof(sockaddr_in);
  if (inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = port;
    size = sizeof(sockaddr_in6);
  } else {
    v4->sin_family = AF_INET;
    v4->sin_port = port;
    if (inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) != 1) {
      v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
  }
  const Socket probe(name.ss_family);
  if (bind(probe.fd(), reinterpret_cast<const sockaddr*>(&name), size) == 0) return "it is in use";
  return errno == EADDRINUSE ? "another program listens there" : std::strerror(errno);
}

}  // namespace annals::service

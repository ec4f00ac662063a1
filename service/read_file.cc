#include "service/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "fmt/format.h"
#include "storage/error.h"

namespace annals::service {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const auto failed = [&](int error) {
    const bool absent = error == ENOENT;
    return storage::Error(
        absent ? absl::StatusCode::kNotFound : absl::StatusCode::kFailedPrecondition,
        absent ? "NO_FILE" : "CANNOT_READ",
        fmt::format("cannot read {}: {}", path, std::strerror(error)));
  };
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed(errno);
  std::string text;
  std::array<char, 16 << 10> part;
  ssize_t size = 0;
  while ((size = read(fd, part.data(), part.size())) > 0) {
    text.append(part.data(), static_cast<std::size_t>(size));
  }
  const int error = errno;
  close(fd);
  if (size < 0) return failed(error);
  return text;
}

}  // namespace annals::service

#include "clients/cli/fd_output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace annals::cli {

FdOutput::FdOutput(int fd) : fd_(fd) { setp(buffer_.data(), buffer_.data() + buffer_.size()); }

FdOutput::~FdOutput() { sync(); }

bool FdOutput::Failed() const { return error_ != 0 && error_ != EPIPE; }

std::string FdOutput::ErrorText() const { return std::strerror(error_); }

FdOutput::int_type FdOutput::overflow(int_type character) {
  if (sync() != 0) return traits_type::eof();
  if (!traits_type::eq_int_type(character, traits_type::eof())) {
    *pptr() = traits_type::to_char_type(character);
    pbump(1);
  }
  return traits_type::not_eof(character);
}

int FdOutput::sync() {
  const char* next = pbase();
  while (next != pptr() && error_ == 0) {
    const ssize_t written = write(fd_, next, static_cast<std::size_t>(pptr() - next));
    if (written >= 0) {
      next += written;
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  setp(buffer_.data(), buffer_.data() + buffer_.size());
  return error_ == 0 ? 0 : -1;
}

}  // namespace annals::cli

#include "service/shutdown_signal.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace annals::service {
namespace {

std::atomic<int> write_end = -1;

// All that a signal handler may do: say so in a pipe.
void OnSignal(int) {
  const int error = errno;
  const char byte = 0;
  [[maybe_unused]] const auto written = write(write_end, &byte, 1);
  errno = error;
}

void Handle(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGTERM, SIGINT}) sigaction(signal, &action, nullptr);
}

}  // namespace

ShutdownSignal::ShutdownSignal() {
  // Not blocking to write: a full pipe has said enough.
  if (pipe2(pipe_.data(), O_CLOEXEC) != 0) std::abort();
  fcntl(pipe_[1], F_SETFL, O_NONBLOCK);
  write_end = pipe_[1];
  Handle(&OnSignal);
}

ShutdownSignal::~ShutdownSignal() {
  Handle(SIG_DFL);
  for (const int end : pipe_) close(end);
}

void ShutdownSignal::Wait() {
  char byte = 0;
  while (read(pipe_[0], &byte, 1) < 0 && errno == EINTR) {
  }
}

}  // namespace annals::service

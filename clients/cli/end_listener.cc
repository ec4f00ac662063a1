#include "clients/cli/end_listener.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <utility>

namespace annals::cli {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM};

// What a handler may touch.
std::atomic<int> arrived = 0;
std::atomic<int> wake_fd = -1;
static_assert(std::atomic<int>::is_always_lock_free);

void Arrive(int signal) {
  const int error = errno;
  arrived = signal;
  const char byte = 0;
  [[maybe_unused]] const ssize_t written = write(wake_fd, &byte, 1);
  errno = error;
}

// Waits until a byte or the end of `wake` comes, or `out` has no reader.
void Listen(int wake, int out, const std::function<void(EndCause)>& on_end) {
  pollfd fds[] = {{.fd = wake, .events = POLLIN, .revents = 0}, {.fd = out, .revents = 0}};
  while (poll(fds, 2, -1) < 0 && errno == EINTR) {
  }
  if (fds[0].revents != 0) {
    char byte = 0;
    if (read(wake, &byte, 1) == 1) on_end(EndCause::kInterrupted);
  } else if (fds[1].revents != 0) {
    on_end(EndCause::kReaderGone);
  }
}

}  // namespace

EndListener::EndListener(int out_fd, std::function<void(EndCause)> on_end) {
  if (pipe2(pipe_, O_CLOEXEC) != 0) return;  // Signals then end the process, as they always did.
  wake_fd = pipe_[1];
  thread_ = std::thread(
      [wake = pipe_[0], out_fd, on_end = std::move(on_end)] { Listen(wake, out_fd, on_end); });
  for (const int signal : kSignals) {
    struct sigaction before = {};
    sigaction(signal, nullptr, &before);
    if (before.sa_handler == SIG_IGN) continue;
    struct sigaction action = {};
    action.sa_handler = Arrive;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
    sigaction(signal, &action, nullptr);
  }
}

EndListener::~EndListener() {
  if (!thread_.joinable()) return;
  for (const int signal : kSignals) {
    struct sigaction now = {};
    sigaction(signal, nullptr, &now);
    if (now.sa_handler == Arrive) std::signal(signal, SIG_DFL);
  }
  wake_fd = -1;
  close(pipe_[1]);
  thread_.join();
  close(pipe_[0]);
}

int EndListener::Signal() { return arrived; }

}  // namespace annals::cli

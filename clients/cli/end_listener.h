// Waits for what ends a command that would go on for ever: SIGINT (Ctrl-C), SIGTERM, or that nobody
// reads its output any more (`| head`).
#pragma once

#include <functional>
#include <thread>

#include "clients/cli/session.h"

namespace annals::cli {

// One at a time in a process. The first signal is listened for and a second does what it did
// before, so that what hangs can still be ended.
class EndListener {
 public:
  // Calls `on_end` on a thread of its own, at most once. A signal that was ignored stays so.
  EndListener(int out_fd, std::function<void(EndCause)> on_end);
  // Signals do what they did before.
  ~EndListener();
  EndListener(const EndListener&) = delete;
  EndListener& operator=(const EndListener&) = delete;

  // The signal that arrived, 0 where none did.
  [[nodiscard]] static int Signal();

 private:
  int pipe_[2] = {-1, -1};
  std::thread thread_;
};

}  // namespace annals::cli

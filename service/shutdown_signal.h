// Waits for SIGTERM or SIGINT. One at a time in a process.
#pragma once

#include <array>

namespace annals::service {

class ShutdownSignal {
 public:
  // From here on the signals end Wait() and not the process. A second one while the process drains
  // is ignored; SIGKILL is safe at any time.
  ShutdownSignal();
  // The signals do again what they did before.
  ~ShutdownSignal();
  ShutdownSignal(const ShutdownSignal&) = delete;
  ShutdownSignal& operator=(const ShutdownSignal&) = delete;

  // Returns when one of the signals has come, at once where one came before.
  void Wait();

 private:
  std::array<int, 2> pipe_{};
};

}  // namespace annals::service

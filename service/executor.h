// Threads that may block on the database, and a bounded queue before them: what gRPC's own threads
// hand their work to. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace annals::service {

class Executor {
 public:
  // `threads` >= 1; `queue_max` tasks wait at most.
  Executor(int threads, std::size_t queue_max);
  // As Shutdown().
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // False where the queue is full or the executor shut down: the task will not run. REQUIRES: the
  // task does not throw (service/call.h guards what may).
  [[nodiscard]] bool TrySubmit(std::function<void()> task);

  // Runs what was queued, then ends the threads. Safe to call twice, not from a task.
  void Shutdown();

 private:
  void Work();

  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;  // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace annals::service

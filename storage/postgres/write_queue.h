// The one line in which all writes of a process wait, and the thread that makes them: it takes what
// waits as a group, so that many small writes share a transaction, and callers in turn, so that one
// with much to write does not hold up the others. A write that comes while none is being made
// starts at once: groups form by themselves while the one before is committed.
//
// Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"

namespace annals::storage {

// RESOURCE_EXHAUSTED (WRITE_QUEUE_FULL).
[[nodiscard]] absl::Status WriteQueueFullError();

struct QueuedWrite {
  virtual ~QueuedWrite() = default;

  std::string principal;          // whose turn it takes; writes of one stay in order
  std::int64_t bytes = 0;         // that it holds while it waits
  bool joins = false;             // may share a group with others that do
  std::vector<std::int64_t> ids;  // of the events of one that joins: a group has each once
};
using WriteGroup = std::vector<std::unique_ptr<QueuedWrite>>;

struct WriteQueueOptions {
  std::int64_t bytes_max = 48 << 20;  // waiting; more are refused
  std::size_t writes_max = 10'000;    // waiting
  std::size_t group_ids_max = 5'000;  // a group ends before the write that would bring it above
};

class WriteQueue {
 public:
  // `make` is called on the queue's thread with at least one write: a group of such as join, in
  // order, or a single one. It must not throw.
  WriteQueue(std::function<void(WriteGroup)> make, WriteQueueOptions options = {});
  // Makes what waits, then ends.
  ~WriteQueue();
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;

  // False where there is no room: `write` is left as it was. One alone in the queue always has.
  [[nodiscard]] bool TryPush(std::unique_ptr<QueuedWrite>& write);

 private:
  using Line = std::deque<std::unique_ptr<QueuedWrite>>;  // of one principal; never empty
  void Work();
  [[nodiscard]] WriteGroup TakeGroup();  // REQUIRES mutex_ held and something waits

  const std::function<void(WriteGroup)> make_;
  const WriteQueueOptions options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_.
  std::map<std::string, Line> lines_;
  std::string last_principal_;  // that had its turn
  std::int64_t waiting_bytes_ = 0;
  std::size_t waiting_count_ = 0;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace annals::storage

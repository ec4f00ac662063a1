#include "storage/postgres/write_queue.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "storage/error.h"

namespace annals::storage {

absl::Status WriteQueueFullError() {
  return Error(absl::StatusCode::kResourceExhausted, "WRITE_QUEUE_FULL",
               "too much waits to be written; try again");
}

WriteQueue::WriteQueue(std::function<void(WriteGroup)> make, WriteQueueOptions options)
    : make_(std::move(make)), options_(options), thread_([this] { Work(); }) {}

WriteQueue::~WriteQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool WriteQueue::TryPush(std::unique_ptr<QueuedWrite>& write) {
  {
    const std::lock_guard lock(mutex_);
    const bool full =
        waiting_count_ >= options_.writes_max || waiting_bytes_ + write->bytes > options_.bytes_max;
    if (full && waiting_count_ > 0) return false;
    waiting_bytes_ += write->bytes;
    ++waiting_count_;
    lines_[write->principal].push_back(std::move(write));
  }
  wake_.notify_one();
  return true;
}

WriteGroup WriteQueue::TakeGroup() {
  WriteGroup group;
  std::unordered_set<std::int64_t> ids;
  // Whether the write may be the group's next.
  const auto fits = [&](const QueuedWrite& write) {
    if (group.empty()) return true;
    return write.joins && group.front()->joins &&
           ids.size() + write.ids.size() <= options_.group_ids_max &&
           std::ranges::none_of(write.ids, [&](std::int64_t id) { return ids.contains(id); });
  };
  while (!lines_.empty()) {
    auto line = lines_.upper_bound(last_principal_);
    if (line == lines_.end()) line = lines_.begin();
    if (!fits(*line->second.front())) break;
    last_principal_ = line->first;
    group.push_back(std::move(line->second.front()));
    line->second.pop_front();
    if (line->second.empty()) lines_.erase(line);
    const QueuedWrite& taken = *group.back();
    waiting_bytes_ -= taken.bytes;
    --waiting_count_;
    ids.insert(taken.ids.begin(), taken.ids.end());
    if (!taken.joins) break;
  }
  return group;
}

void WriteQueue::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || waiting_count_ > 0; });
    if (waiting_count_ == 0) return;
    WriteGroup group = TakeGroup();
    lock.unlock();
    make_(std::move(group));
    lock.lock();
  }
}

}  // namespace annals::storage

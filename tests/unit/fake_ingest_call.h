// An IngestCall whose answers a test gives. One thread may write while another reads.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "clients/cpp/connection.h"

namespace annals::client {

// One ingest call: every message written gets what `answer` makes of it, until `writes_max`
// messages were taken; then the call ends with `end`.
class FakeIngestCall : public IngestCall {
 public:
  using Answer = std::function<v1::IngestEventsResponse(const v1::IngestEventsRequest&)>;

  explicit FakeIngestCall(Answer answer, int writes_max = 1'000'000,
                          absl::Status end = absl::OkStatus())
      : answer_(std::move(answer)), writes_left_(writes_max), end_(std::move(end)) {}

  bool Write(const v1::IngestEventsRequest& request) override {
    const std::lock_guard lock(mutex_);
    if (ended_) return false;
    if (writes_left_-- > 0) {
      answers_.push_back(answer_(request));
    } else {
      ended_ = true;
    }
    changed_.notify_all();
    return !ended_;
  }

  bool Read(v1::IngestEventsResponse* response) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !answers_.empty() || ended_; });
    if (answers_.empty()) return false;
    *response = std::move(answers_.front());
    answers_.pop_front();
    return true;
  }

  void WritesDone() override { End(absl::OkStatus()); }
  void Cancel() override { End(absl::CancelledError("cancelled")); }
  absl::Status Finish() override { return end_; }

 private:
  void End(absl::Status status) {
    const std::lock_guard lock(mutex_);
    if (!ended_) end_ = std::move(status);
    ended_ = true;
    changed_.notify_all();
  }

  const Answer answer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<v1::IngestEventsResponse> answers_;
  int writes_left_;
  bool ended_ = false;
  absl::Status end_;
};

}  // namespace annals::client

#include "clients/cpp/ingest_stream.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "clients/cpp/random_id.h"

namespace annals::client {

// One call and the thread that reads its answers.
struct IngestStream::Call {
  explicit Call(std::unique_ptr<IngestCall> opened) : bare(std::move(opened)) {
    reader = std::thread([this] { ReadAll(); });
  }

  void ReadAll() {
    v1::IngestEventsResponse response;
    while (bare->Read(&response)) {
      const std::lock_guard lock(mutex);
      answers.push_back(std::move(response));
      changed.notify_one();
    }
    const std::lock_guard lock(mutex);
    ended = true;
    changed.notify_one();
  }

  const std::unique_ptr<IngestCall> bare;
  std::thread reader;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<v1::IngestEventsResponse> answers;  // Guarded by mutex.
  bool ended = false;                            // Guarded by mutex.
};

IngestStream::IngestStream(std::shared_ptr<Connection> connection, IngestStreamOptions options)
    : connection_(std::move(connection)),
      options_(std::move(options)),
      stream_id_(options_.stream_id.empty() ? RandomId() : options_.stream_id),
      retries_(options_.retry, options_.progress_timeout, &connection_->retry_budget()) {
  call_ = std::make_unique<Call>(connection_->IngestEvents());
}

IngestStream::~IngestStream() { Close(); }

void IngestStream::Close() {
  if (!call_) return;
  call_->bare->Cancel();
  call_->reader.join();
  call_.reset();
}

absl::Status IngestStream::Send(v1::IngestEventsRequest request) {
  const auto room = static_cast<std::size_t>(options_.window_batches - 1);
  if (absl::Status status = DeliverOrFail(room); !status.ok()) return status;
  if (request.has_batch() && !request.batch().validate_only() &&
      request.batch().batch_id().empty()) {
    request.mutable_batch()->set_batch_id(fmt::format("{}-{}", stream_id_, sent_));
  }
  ++sent_;
  unacknowledged_.push_back(std::move(request));
  // A failed write needs no answer here: the reader sees the end of the call, and Deliver recovers.
  call_->bare->Write(unacknowledged_.back());
  return DeliverOrFail(static_cast<std::size_t>(options_.window_batches));
}

absl::Status IngestStream::Finish() {
  if (absl::Status status = DeliverOrFail(0); !status.ok()) return status;
  call_->bare->WritesDone();
  {
    std::unique_lock lock(call_->mutex);
    if (!call_->changed.wait_for(lock, absl::ToChronoNanoseconds(options_.progress_timeout),
                                 [this] { return call_->ended; })) {
      call_->bare->Cancel();  // All is acknowledged; nobody waits for a server's farewell.
    }
  }
  call_->reader.join();
  absl::Status status = call_->bare->Finish();
  call_.reset();
  // All is acknowledged, so a server that goes away only now has nothing left to say.
  if (absl::IsUnavailable(status) || absl::IsCancelled(status)) return absl::OkStatus();
  return status;
}

absl::Status IngestStream::DeliverOrFail(std::size_t unacknowledged_max) {
  if (failure_.ok()) failure_ = Deliver(unacknowledged_max);
  return failure_;
}

// Hands answers on, waiting while more than `unacknowledged_max` messages lack theirs.
absl::Status IngestStream::Deliver(std::size_t unacknowledged_max) {
  while (true) {
    std::unique_lock lock(call_->mutex);
    const bool wait = unacknowledged_.size() > unacknowledged_max;
    const auto ready = [this] { return !call_->answers.empty() || call_->ended; };
    if (wait && !call_->changed.wait_for(lock, absl::ToChronoNanoseconds(options_.progress_timeout),
                                         ready)) {
      return absl::DeadlineExceededError("the server did not acknowledge a batch in time");
    }
    if (call_->answers.empty()) {
      if (!call_->ended) return absl::OkStatus();
      lock.unlock();
      if (absl::Status status = Recover(); !status.ok()) return status;
      continue;
    }
    const v1::IngestEventsResponse answer = std::move(call_->answers.front());
    call_->answers.pop_front();
    lock.unlock();
    if (unacknowledged_.empty()) {
      return absl::InternalError("the server acknowledged a batch that was not sent");
    }
    const v1::IngestEventsRequest request = std::move(unacknowledged_.front());
    unacknowledged_.pop_front();
    acknowledged_any_ = true;
    retries_.GetFurther();
    if (options_.on_ack) options_.on_ack(request, answer);
  }
}

// The call has ended: says why, or opens another and sends what was not acknowledged again.
absl::Status IngestStream::Recover() {
  call_->reader.join();
  absl::Status status = call_->bare->Finish();
  call_.reset();
  if (status.ok()) status = absl::UnavailableError("the server ended the stream early");
  const bool may_resume = options_.resume || !acknowledged_any_;
  if (!may_resume || !retries_.Wait(status)) return status;
  if (retries_.Failures() == 1 && options_.on_reconnect) options_.on_reconnect(status);
  call_ = std::make_unique<Call>(connection_->IngestEvents());
  for (const v1::IngestEventsRequest& request : unacknowledged_) {
    if (!call_->bare->Write(request)) break;  // The reader sees the end; Deliver comes back here.
  }
  return absl::OkStatus();
}

}  // namespace annals::client

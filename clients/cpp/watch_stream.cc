#include "clients/cpp/watch_stream.h"

#include <utility>

namespace annals::client {

WatchStream::WatchStream(std::shared_ptr<Connection> connection, v1::WatchEventsRequest request,
                         WatchOptions options)
    : connection_(std::move(connection)),
      options_(std::move(options)),
      request_(std::move(request)),
      retries_(options_.retry, options_.progress_timeout, &connection_->retry_budget()) {
  if (request_.view() == v1::EVENT_VIEW_UNSPECIFIED) request_.set_view(options_.view);
  const bool has_start = request_.start_case() != v1::WatchEventsRequest::START_NOT_SET;
  if (!has_start || (request_.has_origin() && request_.origin() != v1::WATCH_ORIGIN_BEGINNING)) {
    BeginNow();
  }
}

// A call that was to begin now and broke before its first response would leave a gap.
void WatchStream::BeginNow() {
  absl::StatusOr<v1::GetStatusResponse> status = connection_->GetStatus({});
  if (status.ok()) {
    request_.set_position(status->position());
  } else {
    failure_ = status.status();
  }
}

std::unique_ptr<WatchCall> WatchStream::Exchange(std::unique_ptr<WatchCall> call) {
  const std::lock_guard lock(mutex_);
  if (call != nullptr && cancel_asked_) call->Cancel();
  return std::exchange(call_, std::move(call));
}

absl::StatusOr<std::optional<v1::WatchEventsResponse>> WatchStream::Next() {
  while (failure_.ok() && !cancel_asked_) {
    if (call_ == nullptr) {
      Exchange(connection_->WatchEvents(request_));
      call_is_new_ = true;
    }
    absl::StatusOr<std::optional<v1::WatchEventsResponse>> response = call_->Next();
    if (cancel_asked_) break;
    if (response.ok() && *response) {
      request_.set_position((*response)->position());
      // A server that says where it begins and falls over again does not get further.
      if ((*response)->changes_size() > 0 || !call_is_new_) retries_.GetFurther();
      call_is_new_ = false;
      return response;
    }
    Exchange(nullptr);
    const absl::Status status =
        response.ok() ? absl::UnavailableError("the server ended the watch") : response.status();
    if (!retries_.Wait(status, &cancelled_)) {
      failure_ = status;
    } else if (retries_.Failures() == 1 && options_.on_resume && !cancel_asked_) {
      options_.on_resume(status);
    }
  }
  Exchange(nullptr);
  if (cancel_asked_) return std::nullopt;
  return failure_;
}

StreamRange<v1::WatchEventsResponse> WatchStream::Responses() {
  return StreamRange<v1::WatchEventsResponse>([this] { return Next(); });
}

void WatchStream::Cancel() {
  if (cancel_asked_.exchange(true)) return;
  cancelled_.Notify();
  const std::lock_guard lock(mutex_);
  if (call_ != nullptr) call_->Cancel();
}

}  // namespace annals::client

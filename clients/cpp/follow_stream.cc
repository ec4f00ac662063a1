#include "clients/cpp/follow_stream.h"

#include <utility>

#include "clients/cpp/client.h"
#include "clients/cpp/status.h"

namespace annals::client {

FollowStream::FollowStream(std::shared_ptr<Connection> connection, v1::EventFilter filter,
                           WatchOptions options)
    : connection_(std::move(connection)),
      filter_(std::move(filter)),
      options_(std::move(options)) {}

absl::StatusOr<std::optional<FollowItem>> FollowStream::Next() {
  if (cancel_asked_) return std::nullopt;
  if (!failure_.ok()) return failure_;
  if (watch_ != nullptr) {
    absl::StatusOr<std::optional<v1::WatchEventsResponse>> response = watch_->Next();
    if (!response.ok()) return response.status();
    if (!*response) return std::nullopt;
    position_ = (*response)->position();
    return FollowItem(*std::move(*response));
  }
  absl::StatusOr<std::optional<v1::Event>> event = NextListed();
  if (cancel_asked_) return std::nullopt;
  if (!event.ok()) return failure_ = event.status();
  if (!*event) return EndListing();
  return FollowItem(*std::move(*event));
}

absl::StatusOr<std::optional<v1::Event>> FollowStream::NextListed() {
  if (!listing_) {
    if (absl::Status status = BeginListing(); !status.ok()) return status;
  }
  absl::StatusOr<std::optional<v1::Event>> event = listing_->Next();
  if (!event.ok() && is_export_ && !any_listed_ &&
      ErrorReason(event.status()) == "REDISTRIBUTION_FORBIDDEN") {
    is_export_ = false;
    v1::ListEventsRequest request;
    *request.mutable_filter() = filter_;
    request.set_view(options_.view);
    request.set_page_size(1'000);
    request.mutable_as_of()->set_position(listed_at_);
    listing_ = Client(connection_).ListEvents(std::move(request));
    event = listing_->Next();
  }
  any_listed_ = true;
  return event;
}

absl::Status FollowStream::BeginListing() {
  // Asked for first, so that it is known even where nothing is listed.
  absl::StatusOr<v1::GetStatusResponse> status = connection_->GetStatus({});
  if (!status.ok()) return status.status();
  listed_at_ = status->position();
  v1::ExportEventsRequest request;
  *request.mutable_filter() = filter_;
  request.set_view(options_.view);
  request.mutable_as_of()->set_position(listed_at_);
  listing_ = Client(connection_).ExportEvents(request);
  is_export_ = true;
  return absl::OkStatus();
}

FollowItem FollowStream::EndListing() {
  v1::WatchEventsRequest request;
  *request.mutable_filter() = filter_;
  request.set_position(listed_at_);
  auto watch = std::make_unique<WatchStream>(connection_, std::move(request), options_);
  listing_.reset();
  position_ = listed_at_;
  const std::lock_guard lock(mutex_);
  watch_ = std::move(watch);
  if (cancel_asked_) watch_->Cancel();
  return ListingEnd{position_};
}

void FollowStream::Cancel() {
  cancel_asked_ = true;
  const std::lock_guard lock(mutex_);
  if (watch_ != nullptr) watch_->Cancel();
}

}  // namespace annals::client

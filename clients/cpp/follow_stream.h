// The hand-over from a listing to a watch: every event that matches, as of one position, and then
// every change after exactly that position. To keep a copy of what matches:
//
//   auto follow = client.FollowEvents(filter);
//   while (true) {
//     auto next = follow->Next();
//     if (!next.ok()) return next.status();
//     if (!*next) return absl::OkStatus();  // Cancelled.
//     if (const auto* event = std::get_if<v1::Event>(&**next)) copy[event->name()] = *event;
//     if (std::holds_alternative<ListingEnd>(**next)) Tell("complete");
//     if (const auto* response = std::get_if<v1::WatchEventsResponse>(&**next)) Apply(*response);
//   }
//
// The listing is an export; where that is forbidden to the caller (REDISTRIBUTION_FORBIDDEN), it is
// made of pages. An error in it is final, and one begins anew. The changes are those of a
// WatchStream, which goes on by itself (see watch_stream.h); its position, once saved, makes a
// listing needless the next time.
//
// Used by one thread, but for Cancel.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cpp/connection.h"
#include "clients/cpp/stream_range.h"
#include "clients/cpp/watch_stream.h"

namespace annals::client {

// What was listed is everything that matched at this position.
struct ListingEnd {
  std::string position;
};

// A listed event, in the order of ListEvents; the end of the listing, once; what follows it.
using FollowItem = std::variant<v1::Event, ListingEnd, v1::WatchEventsResponse>;

class FollowStream {
 public:
  FollowStream(std::shared_ptr<Connection> connection, v1::EventFilter filter,
               WatchOptions options = {});
  FollowStream(const FollowStream&) = delete;
  FollowStream& operator=(const FollowStream&) = delete;

  // The next item, waiting for it; nullopt once cancelled. An error is final: every later call
  // answers it again.
  [[nodiscard]] absl::StatusOr<std::optional<FollowItem>> Next();

  // Where a watch of the same filter goes on. Empty until the listing has ended.
  [[nodiscard]] const std::string& position() const { return position_; }

  // Ends the stream, from any thread: a watch at once, a listing with what it waits for.
  void Cancel();

 private:
  absl::Status BeginListing();
  absl::StatusOr<std::optional<v1::Event>> NextListed();
  FollowItem EndListing();

  const std::shared_ptr<Connection> connection_;
  const v1::EventFilter filter_;
  const WatchOptions options_;
  std::optional<StreamRange<v1::Event>> listing_;
  bool is_export_ = false;
  bool any_listed_ = false;
  std::string listed_at_;  // The position of the listing; empty until it has begun.
  std::string position_;
  absl::Status failure_;

  std::atomic<bool> cancel_asked_ = false;
  std::mutex mutex_;
  std::unique_ptr<WatchStream> watch_;  // Set once, under mutex_, by the thread that reads.
};

}  // namespace annals::client

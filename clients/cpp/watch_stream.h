// Follows the record: each change that concerns a filter, in commit order, exactly once.
//
//   v1::WatchEventsRequest request;
//   request.mutable_filter()->mutable_regions()->add_regions("regions/UA");
//   request.set_position(position_of_last_time);
//   auto watch = client.WatchEvents(request);
//   for (auto& response : watch->Responses()) {
//     if (!response.ok()) return response.status();
//     for (const v1::EventChange& change : response->changes()) Apply(change);
//     if (!response->write_continues()) Save(response->position());
//   }
//
// Where the server goes away, is restarted or cuts a reader that was too slow, the stream resumes
// by itself behind the last response that it gave out. What a restart would not mend ends it with
// the error, such as ABORTED (SCOPE_CHANGED) and OUT_OF_RANGE (HISTORY_PURGED), after which one
// starts anew with FollowEvents.
//
// A response without changes is a checkpoint: it says that the record was followed up to its
// position. Used by one thread, but for Cancel.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "clients/cpp/connection.h"
#include "clients/cpp/retry_policy.h"
#include "clients/cpp/stream_range.h"

namespace annals::client {

struct WatchOptions {
  // How much of each event.
  v1::EventView view = v1::EVENT_VIEW_FULL;
  // Called once each time the watch broke off, and why, before it resumes; on the thread that
  // reads.
  std::function<void(const absl::Status&)> on_resume = {};
  // How long the stream tries to resume without getting further.
  absl::Duration progress_timeout = absl::Minutes(2);
  RetryPolicy retry{{.attempts_max = 1'000}};
};

class WatchStream {
 public:
  // Where `request` begins NOW, asks the server for its position: what is recorded after this
  // returns is streamed. An error in this is given by Next. `options.view` is for a request that
  // names none.
  WatchStream(std::shared_ptr<Connection> connection, v1::WatchEventsRequest request,
              WatchOptions options = {});
  WatchStream(const WatchStream&) = delete;
  WatchStream& operator=(const WatchStream&) = delete;

  // The next response, waiting for it; nullopt once cancelled. An error is final: every later call
  // answers it again.
  [[nodiscard]] absl::StatusOr<std::optional<v1::WatchEventsResponse>> Next();

  // What Next gives, as a range; ends once cancelled. REQUIRES: the stream outlives it.
  [[nodiscard]] StreamRange<v1::WatchEventsResponse> Responses();

  // Where another watch of the same filter goes on: behind the last response given out, before that
  // where the request begins, which is empty for the beginning of the record.
  [[nodiscard]] const std::string& position() const { return request_.position(); }

  // Ends the stream, from any thread, at once. Not for a signal handler, which should wake a thread
  // that calls this.
  void Cancel();

 private:
  void BeginNow();
  std::unique_ptr<WatchCall> Exchange(std::unique_ptr<WatchCall> call);

  const std::shared_ptr<Connection> connection_;
  const WatchOptions options_;
  v1::WatchEventsRequest request_;  // Begins behind the last response.
  StreamRetries retries_;
  absl::Status failure_;
  bool call_is_new_ = false;  // Nothing was received on it.

  std::atomic<bool> cancel_asked_ = false;
  absl::Notification cancelled_;
  std::mutex mutex_;
  std::unique_ptr<WatchCall> call_;  // Changed under mutex_, by the thread that reads.
};

}  // namespace annals::client

// Where and with which filter a watch begins.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "annals/v1/event_service.pb.h"
#include "service/backend.h"
#include "service/call.h"
#include "service/watch/watch_filter.h"
#include "storage/change_log.h"

namespace annals::service {

struct WatchStart {
  storage::ChangeCursor cursor;  // what follows is told
  std::shared_ptr<const WatchFilter> filter;
};

// Blocks. INVALID_ARGUMENT: those of filters and views, BAD_POSITION, UNKNOWN_VALUE (origin);
// FAILED_PRECONDITION (OTHER_STORE); OUT_OF_RANGE (POSITION_AHEAD, HISTORY_PURGED); ABORTED
// (SCOPE_CHANGED).
[[nodiscard]] absl::StatusOr<WatchStart> TakeWatchStart(
    const Backend& backend, const Call& call, const annals::v1::WatchEventsRequest& request);

}  // namespace annals::service

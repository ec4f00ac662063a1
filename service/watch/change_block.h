// Changes of the log as watches look at them: read once, derived once, immutable, shared.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "annals/v1/events.pb.h"
#include "storage/change_log.h"
#include "storage/event_columns.h"
#include "storage/gazetteer.h"
#include "storage/time_span.h"

namespace annals::service {

// What a filter is asked about one revision.
struct RevisionFacts {
  storage::EventColumns columns;
  storage::Micros update_time = 0;
  annals::v1::EventState state = annals::v1::EVENT_STATE_UNSPECIFIED;
  bool redacted = false;
};

struct WatchedChange {
  storage::ChangeCursor cursor;
  storage::Micros commit_time = 0;
  annals::v1::Event event;
  RevisionFacts now;
  std::optional<RevisionFacts> before;  // of the revision that was replaced
};

// Successive changes: all that there are behind `after` up to `through`.
struct ChangeBlock {
  storage::ChangeCursor after;
  storage::ChangeCursor through;
  std::vector<WatchedChange> changes;
  std::int64_t byte_count = 0;  // of the serialized events
  bool has_redacted = false;    // some revision's content was removed
};

[[nodiscard]] ChangeBlock MakeChangeBlock(const storage::Gazetteer& gazetteer,
                                          const storage::ChangeCursor& after,
                                          storage::ChangePage page);

}  // namespace annals::service

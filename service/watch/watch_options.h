// What bounds watches. Constants that tests set otherwise.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "storage/change_log.h"

namespace annals::service {

struct WatchOptions {
  // What is kept of the log for all watches; one that is further behind reads the store.
  std::size_t ring_changes_max = 8'192;
  std::int64_t ring_bytes_max = 16 << 20;  // of serialized events
  // What is read at a time: for all watches, and for one that is behind.
  storage::ChangeLimits tail_page = {.changes_max = 1'000, .bytes_max = 4 << 20};
  storage::ChangeLimits own_page = {.changes_max = 250, .bytes_max = 1 << 20};
  // Threads that read for watches that are behind; each watch waits for one of them at most once.
  int reader_threads = 2;
  // What a message holds at most; one change always goes in.
  int message_changes_max = 1'000;
  std::int64_t message_bytes_max = 3 << 20;
  // A watch that had nothing to say for so long says where it is.
  absl::Duration checkpoint_interval = absl::Seconds(10);
  // A client that takes nothing of what waits for it for so long is cut, and forgotten after as
  // long again.
  absl::Duration slow_consumer_time = absl::Minutes(1);
  // How often the two above are looked at.
  absl::Duration tick_interval = absl::Milliseconds(250);
  // Between two looks at a log that is written to all the time: what was written meanwhile is read
  // at once.
  absl::Duration pass_interval_min = absl::Milliseconds(4);
  // Before a store that does not answer is asked again.
  absl::Duration retry_pause = absl::Milliseconds(500);
};

}  // namespace annals::service

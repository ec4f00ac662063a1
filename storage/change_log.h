// The log of the record's changes, in commit order: what a watch is made of. Implemented by the
// stores beside EventStore.
//
// Every revision is in it once, where it was committed. A revision whose content was redacted since
// is in it as it is now; one of a feed that was deleted with its events is not (LastPurge says so).
//
// Thread safety and errors: as EventStore. Unlike there, a caller's visibility does not matter: the
// service reads on behalf of many and shows each what it may see.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "annals/v1/events.pb.h"
#include "storage/event_store.h"
#include "storage/position.h"
#include "storage/time_span.h"

namespace annals::storage {

// A place in the log: behind the write at `position`, or within it behind the change of the event
// with this id. Changes of one write stand in the order of EventName::Id().
struct ChangeCursor {
  Position position;
  std::int64_t event_id = kWholeWrite;

  static constexpr std::int64_t kWholeWrite = std::numeric_limits<std::int64_t>::max();
  auto operator<=>(const ChangeCursor&) const = default;
};

struct RecordChange {
  Position position;
  Micros commit_time = 0;
  annals::v1::Event event;                  // the revision that came into force
  std::optional<annals::v1::Event> before;  // the one that it replaced
};

struct ChangePage {
  std::vector<RecordChange> changes;
  ChangeCursor through;              // what was read: at the end, behind the newest write
  bool at_end = false;               // there was no more
  std::int64_t catalog_version = 0;  // in force when it was read
};

struct ChangeLimits {
  int changes_max = 1'000;
  std::int64_t bytes_max = 4 << 20;  // of serialized events; one change is always answered
};

// Where the record is.
struct RecordHead {
  Position position;
  std::int64_t catalog_version = 0;
};

class ChangeLog {
 public:
  virtual ~ChangeLog() = default;

  // The changes behind `after`, one consistent state. OUT_OF_RANGE (POSITION_AHEAD).
  virtual absl::StatusOr<ChangePage> ReadChanges(const CallContext& context,
                                                 const ChangeCursor& after,
                                                 const ChangeLimits& limits) = 0;

  // Waits until the record or the catalogue is not at `seen` any more, at most until the context's
  // deadline, and answers where they are then. Soon after a change made through this store; within
  // a tenth of a second after one made elsewhere.
  virtual absl::StatusOr<RecordHead> WaitForChange(const CallContext& context,
                                                   const RecordHead& seen) = 0;

  // Ends every WaitForChange, now and later, at once (CANCELLED).
  virtual void StopWaiting() = 0;

  // The last position at which a feed was deleted with its events, as far as the caller saw the
  // feed then and `feeds` (ids; empty for all) names it; 0 where there was none.
  virtual absl::StatusOr<Position> LastPurge(const CallContext& context,
                                             const std::vector<std::string>& feeds) = 0;
};

}  // namespace annals::storage

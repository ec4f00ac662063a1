// The one place where a record becomes a row: new revisions go by COPY into a temporary table of
// the writer's connection, and from there into the store in a few statements for all of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "annals/v1/events.pb.h"
#include "storage/event_columns.h"
#include "storage/position.h"
#include "storage/postgres/transaction.h"

namespace annals::storage {

class Gazetteer;

// Run once on the writer's connection.
[[nodiscard]] std::string StagingSetup();

// A revision to be stored: complete, as it will be answered.
struct StagedEvent {
  annals::v1::Event event;
  std::int32_t feed_id = 0;
  std::optional<std::int64_t> source_version;
  ContentHash content_hash{};
};

// A revision as it is stored.
struct StoredRevision {
  StagedEvent staged;
  Position position;
};

// Rewrites these rows of `table` ("event" or "event_revision"), and what leads to current events,
// from their records. REQUIRES: the rows are locked; the connection ran StagingSetup().
void RefreshRevisions(Transaction& transaction, const Gazetteer& gazetteer, std::string_view table,
                      const std::vector<StoredRevision>& revisions);

// What a write adds to the counts of a feed.
struct FeedChange {
  std::int64_t active = 0, retracted = 0, superseded = 0;
};

// Stores revisions at one position, in one transaction. An event's earlier revision becomes
// history. REQUIRES: the writer's lock is held; each event is added once.
class RevisionWriter {
 public:
  // `transaction` and `gazetteer` must outlive the object. `time` is the position's.
  RevisionWriter(Transaction* transaction, const Gazetteer* gazetteer, Position position,
                 Micros time);

  // `was_active`: whether the event's revision before this one is; absent where this is its first.
  void Add(StagedEvent event, std::optional<bool> was_active);
  // Stores what Add has not stored yet. Must be called after the last Add.
  void Flush();

  // Of every feed with a revision added, by its number; empty where none was.
  [[nodiscard]] const std::map<std::int32_t, FeedChange>& changes() const { return changes_; }

 private:
  Transaction& transaction_;
  const Gazetteer& gazetteer_;
  const Position position_;
  const Micros time_;
  std::vector<StagedEvent> waiting_;
  std::map<std::int32_t, FeedChange> changes_;
};

}  // namespace annals::storage

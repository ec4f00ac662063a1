// The one place where a record becomes a row: new revisions go by COPY into a temporary table of
// the writer's connection, and from there into the store in a few statements for all of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <pqxx/result>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
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

// Rewrites revisions, current or past, from these records; each stays at its position. What leads
// to current events is rewritten too. REQUIRES: no one else writes them; StagingSetup() ran.
void RefreshRevisions(Transaction& transaction, const Gazetteer& gazetteer,
                      const std::vector<StagedEvent>& revisions);

// SQL that answers the keys by which a row of event is found in event_posting, one each.
[[nodiscard]] std::string PostingKeysOf(std::string_view row);

// What a write adds to the counts of a feed.
struct FeedChange {
  std::int64_t active = 0, retracted = 0, merged = 0, superseded = 0;

  // The count of events in a state.
  [[nodiscard]] std::int64_t& Of(annals::v1::EventState state);
};

// Stores revisions at one position, in one transaction. An event's earlier revision becomes
// history. REQUIRES: the writer's lock is held; each event is added once.
class RevisionWriter {
 public:
  // `transaction` and `gazetteer` must outlive the object. `time` is the position's.
  RevisionWriter(Transaction* transaction, const Gazetteer* gazetteer, Position position,
                 Micros time);

  // `was`: the state of the event's revision before this one; absent where this is its first.
  void Add(StagedEvent event, std::optional<annals::v1::EventState> was);
  // Puts redacted revisions, current or past, in the place of those stored under their names and
  // numbers. Each stays at its position.
  void Replace(const std::vector<StagedEvent>& revisions);
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

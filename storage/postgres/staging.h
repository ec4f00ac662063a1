// How revisions are stored: those of new events go by COPY straight into the tables, as no one else
// writes and none of them is there; those of events that are there by COPY into a temporary table
// of the writer's connection, and from it in a few statements for all of them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "annals/v1/events.pb.h"
#include "storage/event_columns.h"
#include "storage/position.h"
#include "storage/postgres/event_row.h"
#include "storage/postgres/transaction.h"

namespace annals::storage {

class Gazetteer;

// Run once on the writer's connection.
[[nodiscard]] std::string StagingSetup();

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
using FeedChanges = std::map<std::int32_t, FeedChange>;  // by the feed's number

// Stores the revisions of one or more writes, each at its position, in one transaction. An event's
// earlier revision becomes history. REQUIRES: the writer's lock is held; each event is added once.
class RevisionWriter {
 public:
  // Both must outlive the object.
  RevisionWriter(Transaction* transaction, const Gazetteer* gazetteer);

  // What is added from here on is of the write at this position.
  void Begin(Position position);
  // `was`: the state of the event's revision before this one; absent where this is its first.
  void Add(StagedEvent event, std::optional<annals::v1::EventState> was);
  // The same of an event that stays where it is until Flush.
  void AddKept(const StagedEvent* event, std::optional<annals::v1::EventState> was);
  // Puts redacted revisions, current or past, in the place of those stored under their names and
  // numbers. Each stays at its position.
  void Replace(const std::vector<StagedEvent>& revisions);
  // Stores what is not stored yet. Must be called after the last Add.
  void Flush();

  // Of every feed with a revision of the write that began last; empty where none was added.
  [[nodiscard]] const FeedChanges& changes() const { return changes_; }

 private:
  struct Revision {
    const StagedEvent* staged;
    Position position;
  };
  void PutNew();
  void PutNext();

  Transaction& transaction_;
  const Gazetteer& gazetteer_;
  Position position_;
  std::deque<StagedEvent> owned_;
  std::vector<Revision> new_;   // of events that are not there
  std::vector<Revision> next_;  // of events that are
  FeedChanges changes_;
};

}  // namespace annals::storage

// The one place where a record becomes a row: new revisions go by COPY into a temporary table of
// the writer's connection, and from there into the store in a few statements for all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "annals/v1/events.pb.h"
#include "storage/event_columns.h"
#include "storage/position.h"
#include "storage/postgres/transaction.h"

namespace annals::storage {

// Run once on the writer's connection.
[[nodiscard]] std::string StagingSetup();

// A revision to be stored: complete, as it will be answered.
struct StagedEvent {
  annals::v1::Event event;
  std::int32_t feed_id = 0;
  std::optional<std::int64_t> source_version;
  ContentHash content_hash{};
};

// Stores revisions at one position, in one transaction. An event's earlier revision becomes
// history. REQUIRES: the writer's lock is held; each event is added once.
class RevisionWriter {
 public:
  // `transaction` must outlive the object. `time` is the position's.
  RevisionWriter(Transaction* transaction, Position position, Micros time);

  void Add(StagedEvent event);
  // Stores what Add has not stored yet. Must be called after the last Add.
  void Flush();

  [[nodiscard]] std::int64_t added_count() const { return added_count_; }
  [[nodiscard]] std::int64_t superseded_count() const { return superseded_count_; }

 private:
  Transaction& transaction_;
  const Position position_;
  const Micros time_;
  std::vector<StagedEvent> waiting_;
  std::int64_t added_count_ = 0;
  std::int64_t superseded_count_ = 0;
};

}  // namespace annals::storage

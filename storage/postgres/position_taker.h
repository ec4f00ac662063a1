// Places in the commit order: how a write learns where it begins, and takes the next.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/position.h"
#include "storage/postgres/staging.h"
#include "storage/postgres/transaction.h"
#include "storage/visibility.h"

namespace annals::storage {

// The state of the record that a transaction begins with, under the lock.
struct WriteStart {
  Position head;
  Micros time = 0;  // of the next position; that of each later one is a microsecond more
  std::int64_t catalog_version = 0;
  std::string writer_id;  // random: who took the positions
};

// Waits for the lock that all writers of the database take, and holds it until the transaction
// ends.
[[nodiscard]] WriteStart LockRecord(Transaction& transaction);
// The lock alone.
void LockOnly(Transaction& transaction);

// A write that takes a position.
struct TakenPosition {
  Position position;
  Micros time = 0;
  const Caller* caller = nullptr;
  std::string_view reason;
  std::string subject;  // what was deleted, such as feeds/x
  FeedChanges changes;
};

// Notes the writes in the commit order, the audit and the counts of feeds, in one statement. Their
// positions ascend.
void TakePositions(Transaction& transaction, const std::string& writer_id,
                   const std::vector<TakenPosition>& taken);

}  // namespace annals::storage

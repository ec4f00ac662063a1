// ChangeLog in PostgreSQL: read from event, event_revision and commit_log.
//
// REQUIRES: the database was prepared (store_setup.h). The pool must outlive the log.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "storage/change_log.h"
#include "storage/postgres/connection_pool.h"

namespace annals::storage {

class PostgresChangeLog : public ChangeLog {
 public:
  explicit PostgresChangeLog(ConnectionPool* pool) : pool_(*pool) {}

  // A write of this process has brought the record to `position`: wakes who waits.
  void Announce(Position position);

  absl::StatusOr<ChangePage> ReadChanges(const CallContext& context, const ChangeCursor& after,
                                         const ChangeLimits& limits) override;
  absl::StatusOr<RecordHead> WaitForChange(const CallContext& context,
                                           const RecordHead& seen) override;
  void StopWaiting() override;
  absl::StatusOr<Position> LastPurge(const CallContext& context,
                                     const std::vector<std::string>& feeds) override;

 private:
  ConnectionPool& pool_;
  std::mutex mutex_;
  std::condition_variable announced_;
  Position newest_;       // guarded by mutex_; that this process has heard of
  bool stopped_ = false;  // guarded by mutex_
};

}  // namespace annals::storage

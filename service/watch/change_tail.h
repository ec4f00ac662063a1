// How watches follow the record: this room's manual.
//
// One thread, the tail, waits for the log (storage/change_log.h) to change, reads what is new once
// for all, derives what filters are asked about and keeps it in a ring. Then it wakes every watch
// that rests: each looks at what is new by its own filter (watch_filter.h) and, where something is
// to be told, writes one message. A watch has no thread, no timer, no query and no queue: all it
// has is a cursor, and one message that is being written (watch_reactor.cc). When that is taken it
// goes on from its cursor over the ring; one whose cursor lies before the ring reads pages of its
// own from the store, on threads kept for that, until it reaches the ring. Both give the same
// changes in the same order, so there is no gap and nothing is told twice.
//
// The tail reads only while someone follows. The ring starts anew where the catalogue changed or
// something was redacted, so that what was removed is not told from memory. A store that does not
// answer is asked again; watches stay.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "service/catalog_snapshot.h"
#include "service/executor.h"
#include "service/watch/change_ring.h"
#include "service/watch/watch_options.h"
#include "storage/change_log.h"
#include "storage/gazetteer.h"

namespace annals::service {

// One who follows. Each is called from any thread and must not block.
class Follower {
 public:
  virtual ~Follower() = default;
  // Something is new: changes, or the catalogue.
  virtual void Wake() = 0;
  // Time has passed.
  virtual void Tick(absl::Time now) = 0;
  // It is over.
  virtual void EndWith(const absl::Status& why) = 0;
};

// What follows a place in the log.
struct WhatFollows {
  bool behind = false;                       // the place lies before the ring
  std::shared_ptr<const ChangeBlock> block;  // null: nothing yet
  // To be looked at with this catalogue or a newer one; null before there is one.
  std::shared_ptr<const CatalogSnapshot> catalog;
};

// Thread-safe. What it is made of must outlive it.
class ChangeTail {
 public:
  ChangeTail(storage::ChangeLog* log, const storage::Gazetteer* gazetteer, CatalogCache* catalog,
             const WatchOptions& options);
  // As Stop().
  ~ChangeTail();
  ChangeTail(const ChangeTail&) = delete;
  ChangeTail& operator=(const ChangeTail&) = delete;

  [[nodiscard]] const WatchOptions& options() const { return options_; }

  // Until Leave, `follower` is called. UNAVAILABLE (SHUTTING_DOWN) after EndAll.
  [[nodiscard]] absl::Status Follow(std::shared_ptr<Follower> follower);
  void Leave(const Follower* follower);

  [[nodiscard]] WhatFollows After(const storage::ChangeCursor& cursor) const;
  // Reads a page from the store; blocks. As ChangeLog::ReadChanges, and `catalog` is no older than
  // what it was read with.
  [[nodiscard]] absl::Status ReadAfter(const storage::ChangeCursor& cursor,
                                       std::shared_ptr<const ChangeBlock>* block,
                                       std::shared_ptr<const CatalogSnapshot>* catalog) const;

  // Runs a step of a watch on a thread that may block. False after Stop. REQUIRES: each follower
  // has one step at most under way, so that the queue is bounded.
  [[nodiscard]] bool Submit(std::function<void()> step);

  // Ends every watch, and each that would follow from now on.
  void EndAll();
  // Ends the threads. Safe to call twice. REQUIRES: nobody follows.
  void Stop();

 private:
  void Run();
  // Waits until someone follows; false when it is to stop.
  [[nodiscard]] bool WaitForFollowers();
  [[nodiscard]] absl::Status Begin();
  [[nodiscard]] absl::Status Advance();
  [[nodiscard]] absl::Status TakePage(bool* at_end);
  void Publish(ChangeBlock block, std::shared_ptr<const CatalogSnapshot> catalog);
  void NoteFailure(const absl::Status& status);
  void Pause(absl::Duration duration);
  void WakeAll();
  void TickWhenDue();
  [[nodiscard]] std::vector<std::shared_ptr<Follower>> followers() const;
  [[nodiscard]] bool stopping() const;

  storage::ChangeLog* const log_;
  const storage::Gazetteer* const gazetteer_;
  CatalogCache* const catalog_cache_;
  const WatchOptions options_;
  Executor readers_;

  // Of the tail's thread alone.
  bool following_ = false;    // ring and catalogue are being kept
  bool failing_ = false;      // the store did not answer the last time
  storage::RecordHead seen_;  // where the record was
  absl::Time last_tick_ = absl::InfinitePast();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // all below: guarded by mutex_
  bool ended_ = false;     // EndAll was called
  bool has_ring_ = false;
  ChangeRing ring_;
  std::shared_ptr<const CatalogSnapshot> catalog_;
  std::map<const Follower*, std::shared_ptr<Follower>> followers_;

  std::thread thread_;
};

}  // namespace annals::service

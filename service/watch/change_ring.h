// The newest changes of the log, as many as fit: blocks that follow each other without a gap.
//
// Not thread-safe: the ChangeTail guards it. Blocks are shared and outlive it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "service/watch/change_block.h"
#include "service/watch/watch_options.h"

namespace annals::service {

class ChangeRing {
 public:
  explicit ChangeRing(const WatchOptions& options) : options_(options) {}

  // What follows begin() is here, up to end().
  [[nodiscard]] const storage::ChangeCursor& begin() const { return begin_; }
  [[nodiscard]] const storage::ChangeCursor& end() const { return end_; }

  // Forgets everything, and goes on from `at`.
  void Restart(const storage::ChangeCursor& at);
  // REQUIRES: block->after == end(). The oldest blocks make room; the newest always stays.
  void Append(std::shared_ptr<const ChangeBlock> block);
  // The block that holds what follows `after`; null at the end. REQUIRES: begin() <= after.
  [[nodiscard]] std::shared_ptr<const ChangeBlock> After(const storage::ChangeCursor& after) const;

 private:
  // What a block takes of ring_changes_max: one without changes takes room as well.
  static std::size_t RoomOf(const ChangeBlock& block);

  const WatchOptions& options_;
  storage::ChangeCursor begin_, end_;
  std::deque<std::shared_ptr<const ChangeBlock>> blocks_;
  std::size_t change_count_ = 0;
  std::int64_t byte_count_ = 0;
};

}  // namespace annals::service

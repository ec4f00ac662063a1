#include "service/watch/change_ring.h"

#include <algorithm>
#include <utility>

namespace annals::service {

std::size_t ChangeRing::RoomOf(const ChangeBlock& block) {
  return std::max<std::size_t>(1, block.changes.size());
}

void ChangeRing::Restart(const storage::ChangeCursor& at) {
  blocks_.clear();
  begin_ = end_ = at;
  change_count_ = 0;
  byte_count_ = 0;
}

void ChangeRing::Append(std::shared_ptr<const ChangeBlock> block) {
  end_ = block->through;
  change_count_ += RoomOf(*block);
  byte_count_ += block->byte_count;
  blocks_.push_back(std::move(block));
  while (blocks_.size() > 1 &&
         (change_count_ > options_.ring_changes_max || byte_count_ > options_.ring_bytes_max)) {
    const ChangeBlock& oldest = *blocks_.front();
    change_count_ -= RoomOf(oldest);
    byte_count_ -= oldest.byte_count;
    begin_ = oldest.through;
    blocks_.pop_front();
  }
}

std::shared_ptr<const ChangeBlock> ChangeRing::After(const storage::ChangeCursor& after) const {
  const auto found = std::ranges::partition_point(
      blocks_, [&](const auto& block) { return block->through <= after; });
  return found == blocks_.end() ? nullptr : *found;
}

}  // namespace annals::service

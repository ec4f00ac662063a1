// The reference store with places where a test may step in.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "storage/memory/memory_store.h"

namespace annals::testing {

class HookedStore final : public storage::MemoryStore {
 public:
  using MemoryStore::MemoryStore;

  // Set before the first call. An error is answered in place of the store.
  std::function<absl::Status(const storage::CallContext&)> before_get;

  absl::StatusOr<storage::FoundEvents> GetEvents(const storage::CallContext& context,
                                                 const std::vector<storage::EventName>& names,
                                                 const storage::Snapshot& snapshot) override {
    if (before_get) {
      const absl::Status status = before_get(context);
      if (!status.ok()) return status;
    }
    return MemoryStore::GetEvents(context, names, snapshot);
  }

  // Runs before a retraction and a feed's update reach the store.
  std::function<void()> before_change;

  absl::StatusOr<storage::RetractReceipt> RetractEvent(const storage::CallContext& context,
                                                       const storage::EventName& name,
                                                       std::string_view reason,
                                                       std::string_view etag,
                                                       bool validate_only) override {
    if (before_change) before_change();
    return MemoryStore::RetractEvent(context, name, reason, etag, validate_only);
  }
  absl::StatusOr<annals::v1::Feed> UpdateFeed(const storage::CallContext& context,
                                              const annals::v1::Feed& feed) override {
    if (before_change) before_change();
    return MemoryStore::UpdateFeed(context, feed);
  }

  // Set before the first call. An error is answered in place of the log.
  std::function<absl::Status()> before_read_changes;

  absl::StatusOr<storage::ChangePage> ReadChanges(const storage::CallContext& context,
                                                  const storage::ChangeCursor& after,
                                                  const storage::ChangeLimits& limits) override {
    if (before_read_changes) {
      const absl::Status status = before_read_changes();
      if (!status.ok()) return status;
    }
    return MemoryStore::ReadChanges(context, after, limits);
  }

  // By how much the store is behind what was acknowledged, as a replica may be.
  std::int64_t lag = 0;

  absl::StatusOr<storage::Position> PositionAt(const storage::CallContext& context,
                                               absl::Time time) override {
    auto position = MemoryStore::PositionAt(context, time);
    if (position.ok()) position->value -= lag;
    return position;
  }
};

}  // namespace annals::testing

// The reference store with places where a test may step in.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string_view>
#include <utility>
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

  // Set before the first call. An error is answered in place of the store.
  std::function<absl::Status(const storage::UpsertOptions&)> before_upsert;

  void StartUpsert(const storage::CallContext& context, std::vector<storage::UpsertRow> rows,
                   const storage::UpsertOptions& upsert_options,
                   storage::EventStore::UpsertDone done) override {
    const absl::Status status = before_upsert ? before_upsert(upsert_options) : absl::OkStatus();
    if (!status.ok()) return Answer({std::move(done), status});
    MemoryStore::StartUpsert(context, std::move(rows), upsert_options,
                             [&](absl::StatusOr<storage::UpsertReceipt> receipt) {
                               Answer({std::move(done), std::move(receipt)});
                             });
  }

  // From here on upserts are made, and their answers held back until they are released.
  void HoldUpserts() {
    const std::lock_guard lock(held_mutex_);
    holding_ = true;
  }
  // Waits until so many are held.
  void AwaitHeld(std::size_t count) {
    std::unique_lock lock(held_mutex_);
    held_changed_.wait(lock, [&] { return held_.size() >= count; });
  }
  // Answers one of those held, 0 being the one that was started first, on this thread. REQUIRES:
  // so many are held.
  void Release(std::size_t index = 0) {
    std::unique_lock lock(held_mutex_);
    const auto place = held_.begin() + static_cast<std::ptrdiff_t>(index);
    HeldUpsert upsert = std::move(*place);
    held_.erase(place);
    lock.unlock();
    upsert.done(std::move(upsert.receipt));
  }
  // Answers all, and holds none from here on.
  void ReleaseAll() {
    std::unique_lock lock(held_mutex_);
    holding_ = false;
    const auto held = std::exchange(held_, {});
    lock.unlock();
    for (const HeldUpsert& upsert : held) upsert.done(upsert.receipt);
  }
  // The most that were held at once.
  std::size_t held_max() {
    const std::lock_guard lock(held_mutex_);
    return held_max_;
  }

  // Runs before a retraction, the end of a release and a feed's update reach the store.
  std::function<void()> before_change;

  absl::StatusOr<storage::RetractReceipt> RetractEvent(const storage::CallContext& context,
                                                       const storage::EventName& name,
                                                       std::string_view reason,
                                                       std::string_view etag,
                                                       bool validate_only) override {
    if (before_change) before_change();
    return MemoryStore::RetractEvent(context, name, reason, etag, validate_only);
  }
  absl::StatusOr<storage::ReleaseReceipt> RetractAbsent(const storage::CallContext& context,
                                                        std::string_view feed,
                                                        const std::vector<std::int64_t>& kept_ids,
                                                        std::string_view reason, double share_max,
                                                        bool validate_only) override {
    if (before_change) before_change();
    return MemoryStore::RetractAbsent(context, feed, kept_ids, reason, share_max, validate_only);
  }
  absl::StatusOr<annals::v1::Feed> UpdateFeed(const storage::CallContext& context,
                                              const annals::v1::Feed& feed) override {
    if (before_change) before_change();
    return MemoryStore::UpdateFeed(context, feed);
  }

  // By how much the store is behind what was acknowledged, as a replica may be.
  std::int64_t lag = 0;

  absl::StatusOr<storage::Position> PositionAt(const storage::CallContext& context,
                                               absl::Time time) override {
    auto position = MemoryStore::PositionAt(context, time);
    if (position.ok()) position->value -= lag;
    return position;
  }

 private:
  struct HeldUpsert {
    storage::EventStore::UpsertDone done;
    absl::StatusOr<storage::UpsertReceipt> receipt;
  };

  void Answer(HeldUpsert upsert) {
    {
      const std::lock_guard lock(held_mutex_);
      if (holding_) {
        held_.push_back(std::move(upsert));
        held_max_ = std::max(held_max_, held_.size());
        held_changed_.notify_all();
        return;
      }
    }
    upsert.done(std::move(upsert.receipt));
  }

  std::mutex held_mutex_;  // guards all below
  std::condition_variable held_changed_;
  bool holding_ = false;
  std::deque<HeldUpsert> held_;
  std::size_t held_max_ = 0;
};

}  // namespace annals::testing

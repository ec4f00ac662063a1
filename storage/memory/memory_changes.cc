// The part of MemoryStore that is the log of its changes.
#include <algorithm>
#include <chrono>

#include "absl/time/clock.h"
#include "storage/error.h"
#include "storage/memory/memory_store.h"

namespace annals::storage {
namespace {

constexpr absl::Duration kLookAgain = absl::Milliseconds(2);

}  // namespace

absl::StatusOr<ChangePage> MemoryStore::ReadChanges(const CallContext& /*context*/,
                                                    const ChangeCursor& after,
                                                    const ChangeLimits& limits) {
  std::lock_guard lock(mutex_);
  if (auto ahead = Resolve(Snapshot{after.position}); !ahead.ok()) return ahead.status();
  std::vector<std::pair<ChangeCursor, RecordChange>> changes;
  for (const auto& [id, history] : events_) {
    for (std::size_t i = 0; i < history.size(); ++i) {
      const Revision& revision = history[i];
      const ChangeCursor cursor{revision.position, id};
      if (cursor <= after) continue;
      RecordChange change{revision.position, revision.update_time, revision.event, {}};
      if (i > 0) change.before = history[i - 1].event;
      changes.emplace_back(cursor, std::move(change));
    }
  }
  std::ranges::sort(changes, {}, [](const auto& change) { return change.first; });
  ChangePage page{{}, {head()}, true, catalog_version_};
  std::int64_t bytes = 0;
  for (auto& [cursor, change] : changes) {
    bytes += static_cast<std::int64_t>(change.event.ByteSizeLong());
    if (!page.changes.empty() &&
        (std::ssize(page.changes) == limits.changes_max || bytes > limits.bytes_max)) {
      page.at_end = false;
      break;
    }
    page.changes.push_back(std::move(change));
    page.through = cursor;
  }
  if (page.at_end) page.through = {head()};
  return page;
}

absl::StatusOr<RecordHead> MemoryStore::WaitForChange(const CallContext& context,
                                                      const RecordHead& seen) {
  std::unique_lock lock(mutex_);
  while (true) {
    if (stopped_waiting_) return Error(absl::StatusCode::kCancelled, "CANCELLED", "stopped");
    const bool changed = head() != seen.position || catalog_version_ != seen.catalog_version;
    if (changed || absl::Now() >= context.deadline) return RecordHead{head(), catalog_version_};
    stop_waiting_.wait_for(lock, absl::ToChronoMilliseconds(kLookAgain));
  }
}

void MemoryStore::StopWaiting() {
  std::lock_guard lock(mutex_);
  stopped_waiting_ = true;
  stop_waiting_.notify_all();
}

absl::StatusOr<Position> MemoryStore::LastPurge(const CallContext& context,
                                                const std::vector<std::string>& feeds) {
  std::lock_guard lock(mutex_);
  Position last;
  for (const Purge& purge : purges_) {
    const bool asked = feeds.empty() || std::ranges::count(feeds, purge.access.feed) > 0;
    if (asked && context.visibility.Sees(purge.access)) last = purge.position;
  }
  return last;
}

}  // namespace annals::storage

#include "service/watch/watch_messages.h"

#include <algorithm>
#include <utility>

#include "storage/error.h"

namespace annals::service {

absl::Status ScopeChanged() {
  return storage::Error(absl::StatusCode::kAborted, "SCOPE_CHANGED",
                        "the filter, what it refers to or what the caller may see is not what it "
                        "was; list anew and watch from there");
}

void WatchMessages::Begin(const storage::ChangeCursor& start,
                          std::shared_ptr<const WatchFilter> filter, annals::v1::EventView view) {
  cursor_ = start;
  filter_ = std::move(filter);
  scope_ = filter_->Scope();
  view_ = view;
}

absl::Status WatchMessages::Change(std::shared_ptr<const WatchFilter> filter) {
  if (filter->ScopeUntil(scope_.feeds_until) != scope_) return ScopeChanged();
  filter_ = std::move(filter);
  scope_ = filter_->Scope();
  return absl::OkStatus();
}

bool WatchMessages::Take(const ChangeBlock& block) {
  auto next = std::ranges::partition_point(
      block.changes, [&](const WatchedChange& change) { return change.cursor <= cursor_; });
  for (; next != block.changes.end(); ++next) {
    const bool same_write = next->cursor.position == part_end_.position;
    if (!part_.changes().empty() && !same_write) {
      Finish({part_end_.position}, false);
      return true;
    }
    auto told = filter_->Select(*next, view_);
    if (told) {
      const auto bytes = static_cast<std::int64_t>(told->ByteSizeLong());
      const bool full = part_.changes_size() >= options_->message_changes_max ||
                        part_bytes_ + bytes > options_->message_bytes_max;
      if (full && !part_.changes().empty()) {
        Finish(part_end_, true);
        return true;
      }
      *part_.mutable_commit_time() = storage::ToTimestamp(next->commit_time);
      *part_.add_changes() = *std::move(told);
      part_end_ = next->cursor;
      part_bytes_ += bytes;
    }
    cursor_ = next->cursor;
  }
  cursor_ = std::max(cursor_, block.through);
  if (part_.changes().empty() || cursor_ < storage::ChangeCursor{part_end_.position}) return false;
  Finish({part_end_.position}, false);
  return true;
}

void WatchMessages::Finish(const storage::ChangeCursor& told, bool continues) {
  cursor_ = std::max(cursor_, told);
  part_.set_position(Seal(told));
  part_.set_write_continues(continues);
  message_ = std::move(part_);
  part_.Clear();
  part_bytes_ = 0;
  continues_ = continues;
}

annals::v1::WatchEventsResponse WatchMessages::Message() { return std::exchange(message_, {}); }

annals::v1::WatchEventsResponse WatchMessages::Checkpoint() const {
  annals::v1::WatchEventsResponse checkpoint;
  checkpoint.set_position(Seal(cursor_));
  return checkpoint;
}

std::string WatchMessages::Seal(const storage::ChangeCursor& cursor) const {
  return tokens_->SealWatchPosition({cursor, scope_});
}

}  // namespace annals::service

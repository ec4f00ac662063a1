// The part of MemoryStore that merges events, and removes what was recorded.
#include <algorithm>
#include <set>

#include "storage/memory/memory_store.h"
#include "storage/merge_decision.h"
#include "storage/removal.h"

namespace annals::storage {

absl::StatusOr<std::vector<annals::v1::Event>> MemoryStore::CurrentEvents(
    const CallContext& context, const std::vector<EventName>& names) {
  std::vector<annals::v1::Event> events;
  for (const EventName& name : names) {
    const History* history = FindHistory(context, name);
    if (history == nullptr) return EventNotFoundError(name);
    events.push_back(history->back().event);
  }
  return events;
}

void MemoryStore::Append(const CallContext& context, std::string_view reason, Micros time,
                         std::vector<annals::v1::Event> revisions) {
  if (revisions.empty()) return;
  for (annals::v1::Event& event : revisions) {
    History& history = events_.at(ParseEventName(event.name())->Id());
    Revision next = history.back();
    next.event = std::move(event);
    next.position = Position{head().value + 1};
    next.update_time = time;
    next.active = next.event.state() == annals::v1::EVENT_STATE_ACTIVE;
    next.audit = MakeAudit(context.caller, time, reason);
    history.push_back(std::move(next));
  }
  Commit(time);
}

absl::StatusOr<MergeReceipt> MemoryStore::MergeEvents(const CallContext& context,
                                                      const MergeOrder& order, bool validate_only) {
  std::lock_guard lock(mutex_);
  const absl::Status valid = CheckMergeOrder(order);
  if (!valid.ok()) return valid;
  const History* target = FindHistory(context, order.target);
  if (target == nullptr) return EventNotFoundError(order.target);
  const absl::Status stands = CheckMergeTarget(target->back().event);
  if (!stands.ok()) return stands;
  auto sources = CurrentEvents(context, order.sources);
  if (!sources.ok()) return sources.status();
  const Micros time = NextCommitTime();
  MergeReceipt receipt;
  std::vector<annals::v1::Event> merged;
  for (std::size_t i = 0; i < order.sources.size(); ++i) {
    annals::v1::Event& event = (*sources)[i];
    const auto due = DecideMerge(order, i, event);
    if (!due.ok()) return due.status();
    const absl::Status visible = CheckMergeAccess(AccessOf(feeds_.at(order.sources[i].feed)),
                                                  AccessOf(feeds_.at(order.target.feed)));
    if (!visible.ok()) return visible;
    if (*due) {
      StampMerged(time, order.target.ToString(), &event);
      merged.push_back(event);
    }
    receipt.events.push_back(Seen(context, std::move(event)));
  }
  if (!validate_only) Append(context, order.reason, time, std::move(merged));
  receipt.position = head();
  return receipt;
}

absl::StatusOr<MergeReceipt> MemoryStore::UnmergeEvents(const CallContext& context,
                                                        const std::vector<EventName>& names,
                                                        std::string_view reason,
                                                        bool validate_only) {
  std::lock_guard lock(mutex_);
  const absl::Status valid = CheckMergeNames(names, "names");
  if (!valid.ok()) return valid;
  auto unmerged = CurrentEvents(context, names);
  if (!unmerged.ok()) return unmerged.status();
  const Micros time = NextCommitTime();
  MergeReceipt receipt;
  for (std::size_t i = 0; i < names.size(); ++i) {
    annals::v1::Event& event = (*unmerged)[i];
    const absl::Status allowed = CheckUnmerge(i, event);
    if (!allowed.ok()) return allowed;
    StampUnmerged(time, &event);
    receipt.events.push_back(Seen(context, event));
  }
  if (!validate_only) Append(context, reason, time, *std::move(unmerged));
  receipt.position = head();
  return receipt;
}

void MemoryStore::ForgetParticipants(const std::string& feed) {
  std::set<std::int64_t> used;
  for (const auto& [id, history] : events_) {
    if (history.back().columns.feed != feed) continue;
    for (const Revision& revision : history) {
      for (const auto& participant : revision.columns.participants) used.insert(participant.key);
    }
  }
  for (auto it = participants_.begin(); it != participants_.end();) {
    if (!used.contains(it->first)) it->second.erase(feed);
    it = it->second.empty() ? participants_.erase(it) : std::next(it);
  }
}

absl::StatusOr<RetractReceipt> MemoryStore::RedactEvent(const CallContext& context,
                                                        const EventName& name,
                                                        std::string_view reason,
                                                        bool validate_only) {
  std::lock_guard lock(mutex_);
  History* const history = FindHistory(context, name);
  if (history == nullptr) return EventNotFoundError(name);
  annals::v1::Event event = history->back().event;
  if (!event.redacted()) {
    const Micros time = NextCommitTime();
    RemoveContent(&event);
    StampRedacted(time, &event);
    if (!validate_only) {
      for (Revision& revision : *history) {
        RemoveContent(&revision.event);
        revision.columns = DeriveColumns(*gazetteer_, revision.event);
        revision.content_hash = kRedactedHash;
      }
      ForgetParticipants(name.feed);
      Append(context, reason, time, {event});
    }
  }
  return RetractReceipt{Seen(context, std::move(event)), head()};
}

absl::StatusOr<DeletionReceipt> MemoryStore::DeleteFeed(const CallContext& context,
                                                        std::string_view feed,
                                                        std::string_view /*reason*/, bool purge,
                                                        bool validate_only) {
  std::lock_guard lock(mutex_);
  const std::string id(feed);
  if (!Sees(context, id)) {
    return FeedNotFoundError(feed);
  }
  DeletionReceipt receipt;
  for (const auto& [event_id, history] : events_) {
    if (history.back().columns.feed != id) continue;
    ++receipt.event_count;
    receipt.revision_count += std::ssize(history);
  }
  const absl::Status allowed = CheckDeletion(id, receipt, purge);
  if (!allowed.ok()) return allowed;
  if (!validate_only) {
    std::erase_if(events_,
                  [&](const auto& entry) { return entry.second.back().columns.feed == id; });
    ForgetParticipants(id);
    if (receipt.event_count > 0) {
      Commit(NextCommitTime());
      purges_.push_back({head(), AccessOf(feeds_.at(id))});
    }
    feeds_.erase(id);
    ++catalog_version_;
  }
  receipt.position = head();
  return receipt;
}

}  // namespace annals::storage

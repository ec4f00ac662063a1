// The part of EventWriter that merges events.
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "storage/merge_decision.h"
#include "storage/postgres/event_record.h"
#include "storage/postgres/event_writer.h"
#include "storage/postgres/stored_event.h"
#include "storage/upsert_decision.h"

namespace annals::storage {

absl::StatusOr<std::vector<StagedEvent>> EventWriter::ReadNamed(
    Write& write, const std::vector<EventName>& names) {
  std::vector<std::int64_t> ids;
  for (const EventName& name : names) ids.push_back(name.Id());
  auto records = ReadRecords(write.transaction, ids);
  if (!records.ok()) return records.status();
  std::unordered_map<std::string, StagedEvent*> by_name;
  for (StagedEvent& staged : *records) by_name[staged.event.name()] = &staged;
  std::vector<StagedEvent> events;
  for (const EventName& name : names) {
    const auto found = by_name.find(name.ToString());
    if (found == by_name.end() || write.feeds.Find(name.feed) == nullptr) {
      return EventNotFoundError(name);
    }
    events.push_back(*found->second);
  }
  return events;
}

absl::StatusOr<MergeReceipt> EventWriter::Merge(const CallContext& context, const MergeOrder& order,
                                                bool validate_only) {
  auto valid = CheckMergeOrder(order);
  if (!valid.ok()) return valid;
  MergeReceipt receipt;
  const auto position = RunWrite(context, order.reason, [&](Write& write) -> absl::Status {
    receipt = {};
    const auto target = ReadNamed(write, {order.target});
    if (!target.ok()) return target.status();
    if (auto stands = CheckMergeTarget(target->front().event); !stands.ok()) return stands;
    auto sources = ReadNamed(write, order.sources);
    if (!sources.ok()) return sources.status();
    const FeedAccess& target_access = write.feeds.Find(order.target.feed)->access;
    for (std::size_t i = 0; i < sources->size(); ++i) {
      StagedEvent& staged = (*sources)[i];
      const auto due = DecideMerge(order, i, staged.event);
      if (!due.ok()) return due.status();
      const FeedAccess& access = write.feeds.Find(order.sources[i].feed)->access;
      if (auto visible = CheckMergeAccess(access, target_access); !visible.ok()) return visible;
      if (*due) {
        StampMerged(write.start.time, order.target.ToString(), &staged.event);
        if (!validate_only) write.revisions.Add(staged, annals::v1::EVENT_STATE_ACTIVE);
      }
      write.feeds.Conceal(&staged.event);
      receipt.events.push_back(std::move(staged.event));
    }
    return absl::OkStatus();
  });
  if (!position.ok()) return position.status();
  receipt.position = *position;
  return receipt;
}

absl::StatusOr<MergeReceipt> EventWriter::Unmerge(const CallContext& context,
                                                  const std::vector<EventName>& names,
                                                  std::string_view reason, bool validate_only) {
  auto valid = CheckMergeNames(names, "names");
  if (!valid.ok()) return valid;
  MergeReceipt receipt;
  const auto position = RunWrite(context, reason, [&](Write& write) -> absl::Status {
    receipt = {};
    auto events = ReadNamed(write, names);
    if (!events.ok()) return events.status();
    for (std::size_t i = 0; i < events->size(); ++i) {
      StagedEvent& staged = (*events)[i];
      if (auto allowed = CheckUnmerge(i, staged.event); !allowed.ok()) return allowed;
      StampUnmerged(write.start.time, &staged.event);
      if (!validate_only) write.revisions.Add(staged, annals::v1::EVENT_STATE_MERGED);
      write.feeds.Conceal(&staged.event);
      receipt.events.push_back(std::move(staged.event));
    }
    return absl::OkStatus();
  });
  if (!position.ok()) return position.status();
  receipt.position = *position;
  return receipt;
}

}  // namespace annals::storage

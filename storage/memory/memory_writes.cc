// The part of MemoryStore that takes events in and takes them back.
#include <algorithm>
#include <set>
#include <utility>

#include "fmt/format.h"
#include "storage/error.h"
#include "storage/gazetteer.h"
#include "storage/memory/memory_store.h"
#include "storage/merge_decision.h"
#include "storage/offer_path.h"

namespace annals::storage {

void MemoryStore::StartUpsert(const CallContext& context, std::vector<UpsertRow> rows,
                              const UpsertOptions& options, UpsertDone done) {
  auto receipt = [&] {
    std::lock_guard lock(mutex_);
    return options.batch_id.empty() || options.validate_only
               ? Upsert(context, std::move(rows), options)
               : UpsertNamed(context, std::move(rows), options);
  }();
  done(std::move(receipt));
}

absl::StatusOr<UpsertReceipt> MemoryStore::UpsertNamed(const CallContext& context,
                                                       std::vector<UpsertRow> rows,
                                                       const UpsertOptions& options) {
  const Micros now = ToMicros(clock_());
  std::erase_if(answers_, [&](const auto& entry) {
    return now - entry.second.time > absl::ToInt64Microseconds(kBatchAnswersKept);
  });
  std::vector<SentRow> sent;
  for (const auto& row : rows) {
    sent.push_back({row.event.name(), HashContent(row.event), row.source_version, row.reinstate});
  }
  const BatchHash hash = HashBatch(sent);
  const auto key = std::make_pair(context.caller.principal, options.batch_id);
  if (const auto found = answers_.find(key); found != answers_.end()) {
    if (found->second.hash != hash) return BatchIdReusedError(options.batch_id);
    return found->second.receipt;
  }
  auto receipt = Upsert(context, std::move(rows), options);
  if (receipt.ok() && IsRemembered(options, *receipt)) answers_[key] = {hash, *receipt, now};
  return receipt;
}

absl::Status MemoryStore::CheckRows(const CallContext& context,
                                    const std::vector<UpsertRow>& rows) const {
  std::set<std::string> names;
  for (const auto& row : rows) {
    if (!row.refused.ok()) continue;
    if (!names.insert(row.event.name()).second) {
      return Error(absl::StatusCode::kInvalidArgument, "DUPLICATE_NAME",
                   fmt::format("{} stands twice in the batch", row.event.name()));
    }
    const auto name = ParseEventName(row.event.name());
    if (!name.ok()) return name.status();
    if (!Sees(context, name->feed)) return FeedNotFoundError(name->feed);
  }
  return absl::OkStatus();
}

absl::StatusOr<UpsertReceipt> MemoryStore::Upsert(const CallContext& context,
                                                  std::vector<UpsertRow> rows,
                                                  const UpsertOptions& options) {
  auto allowed = CheckRows(context, rows);
  if (!allowed.ok()) return allowed;
  const Micros time = NextCommitTime();
  const Position next{head().value + 1};
  UpsertReceipt receipt;
  std::vector<Revision> written;
  std::vector<std::pair<Revision*, std::int64_t>> raised;  // to this source_version
  bool refused = false;
  for (auto& row : rows) {
    if (!row.refused.ok()) {
      receipt.rows.push_back({annals::v1::ROW_OUTCOME_INVALID, 0, row.refused});
      refused = true;
      continue;
    }
    const auto name = *ParseEventName(row.event.name());
    const auto found = events_.find(name.Id());
    const Revision* current = found == events_.end() ? nullptr : &found->second.back();
    CurrentEvent state;
    if (current != nullptr) {
      state = {current->content_hash, current->source_version, current->event.revision(),
               ToMicros(current->event.create_time()), current->event.state()};
    }
    const auto hash = HashContent(row.event);
    const auto outcome = DecideUpsert(current == nullptr ? nullptr : &state, hash,
                                      row.source_version, row.reinstate);
    const std::int64_t revision = state.revision + (IsWritten(outcome) ? 1 : 0);
    receipt.rows.push_back({outcome, revision});
    if (RaisesVersion(outcome, state, row.source_version)) {
      raised.emplace_back(&found->second.back(), *row.source_version);
    }
    if (!IsWritten(outcome)) continue;
    const auto added =
        current == nullptr ? std::vector<annals::v1::OfferStep>() : AddedSteps(current->event);
    if (auto error = CheckWithAdded(added, row.event); !error.ok()) {
      receipt.rows.back() = {annals::v1::ROW_OUTCOME_INVALID, 0, std::move(error)};
      refused = true;
      continue;
    }
    StampActive(*gazetteer_,
                {feeds_.at(name.feed).licence(), revision,
                 current == nullptr ? time : state.create_time, time, added},
                &row.event);
    written.push_back({row.event, DeriveColumns(*gazetteer_, row.event), hash,
                       row.source_version ? row.source_version : state.source_version, next, time,
                       true, MakeAudit(context.caller, time, context.reason)});
  }
  if (options.validate_only || (options.atomic && refused)) {
    written.clear();
    raised.clear();
  }
  for (auto& [current, version] : raised) current->source_version = version;
  for (auto& revision : written) {
    for (const auto& participant : revision.columns.participants) {
      participants_[participant.key].emplace(revision.columns.feed, participant.text);
    }
    events_[revision.columns.id].push_back(std::move(revision));
  }
  if (!written.empty()) Commit(time);
  receipt.position = head();
  return receipt;
}

void MemoryStore::AppendRetraction(const CallContext& context, std::string_view reason, Micros time,
                                   History* history) const {
  Revision retracted = history->back();
  StampRetracted(retracted.event.revision() + 1, time, reason, &retracted.event);
  retracted.position = Position{head().value + 1};
  retracted.update_time = time;
  retracted.active = false;
  retracted.audit = MakeAudit(context.caller, time, reason);
  history->push_back(std::move(retracted));
}

absl::StatusOr<RetractReceipt> MemoryStore::RetractEvent(const CallContext& context,
                                                         const EventName& name,
                                                         std::string_view reason,
                                                         std::string_view etag,
                                                         bool validate_only) {
  std::lock_guard lock(mutex_);
  History* const found = FindHistory(context, name);
  if (found == nullptr) return EventNotFoundError(name);
  if (!etag.empty() && etag != found->back().event.etag()) {
    return Error(absl::StatusCode::kAborted, "ETAG_MISMATCH",
                 fmt::format("{} has changed since", name.ToString()), "etag");
  }
  const absl::Status allowed = CheckRetraction(Seen(context, found->back().event));
  if (!allowed.ok()) return allowed;
  if (found->back().active) {
    const Micros time = NextCommitTime();
    History history = *found;
    AppendRetraction(context, reason, time, &history);
    if (validate_only) return RetractReceipt{Seen(context, history.back().event), head()};
    *found = std::move(history);
    Commit(time);
  }
  return RetractReceipt{Seen(context, found->back().event), head()};
}

absl::StatusOr<ReleaseReceipt> MemoryStore::RetractAbsent(const CallContext& context,
                                                          std::string_view feed,
                                                          const std::vector<std::int64_t>& kept_ids,
                                                          std::string_view reason, double share_max,
                                                          bool validate_only) {
  std::lock_guard lock(mutex_);
  if (!Sees(context, std::string(feed))) return FeedNotFoundError(feed);
  ReleaseReceipt receipt;
  std::vector<History*> absent;
  for (auto& [id, history] : events_) {
    if (history.back().columns.feed != feed || !history.back().active) continue;
    ++receipt.active_count;
    if (std::ranges::binary_search(kept_ids, id)) continue;
    absent.push_back(&history);
    receipt.retracted_names.push_back(history.back().event.name());
  }
  if (static_cast<double>(absent.size()) > share_max * static_cast<double>(receipt.active_count)) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "TOO_MANY_RETRACTIONS",
        fmt::format("{} of {} active events of feeds/{} would be taken back, more than the "
                    "share of {} allowed",
                    absent.size(), receipt.active_count, feed, share_max));
  }
  std::ranges::sort(receipt.retracted_names);
  if (!validate_only && !absent.empty()) {
    const Micros time = NextCommitTime();
    for (History* history : absent) AppendRetraction(context, reason, time, history);
    Commit(time);
  }
  receipt.position = head();
  return receipt;
}

}  // namespace annals::storage

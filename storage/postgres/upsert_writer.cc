// The part of EventWriter that takes events in: many requests in one transaction.
#include <algorithm>
#include <functional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "storage/batch_answer.h"
#include "storage/error.h"
#include "storage/gazetteer.h"
#include "storage/merge_decision.h"
#include "storage/offer_path.h"
#include "storage/postgres/batch_answers.h"
#include "storage/postgres/event_record.h"
#include "storage/postgres/event_writer.h"
#include "storage/postgres/pqxx_status.h"
#include "storage/postgres/sql_value.h"
#include "storage/postgres/stored_event.h"
#include "storage/upsert_decision.h"

namespace annals::storage {
namespace {

constexpr std::size_t kRowsMax = 5'000;

struct Incoming {
  StagedEvent staged;  // as sent; as it is stored once it was decided that it is
  std::optional<std::int64_t> source_version;
  EventName name;
  std::int64_t id = 0;
  bool reinstate = false;
  absl::Status refused;
};

}  // namespace

struct EventWriter::UpsertWrite : QueuedWrite {
  CallContext context;
  std::vector<Incoming> rows;
  UpsertOptions options;
  BatchHash batch_hash{};  // where the batch has an id
  EventStore::UpsertDone done;
  absl::StatusOr<UpsertReceipt> answer;  // of the last attempt
  bool attempted = false;                // events may have been made as they would be stored

  [[nodiscard]] bool is_named() const {
    return !options.batch_id.empty() && !options.validate_only;
  }
  [[nodiscard]] BatchKey Key() const { return {context.caller.principal, options.batch_id}; }
  void Answer() { done(std::move(answer)); }
};

// Each with the state of its revision before, where it has one.
using WrittenEvents =
    std::vector<std::pair<const StagedEvent*, std::optional<annals::v1::EventState>>>;

// A transaction of several upserts.
struct EventWriter::UpsertGroup {
  Transaction& transaction;
  const WriteStart& start;
  std::unordered_map<std::int64_t, StoredEvent> stored;  // of all rows' events, before the group
  RevisionWriter revisions;
  std::vector<TakenPosition> taken = {};
  std::vector<std::int64_t> raised_ids = {}, raised_versions = {};  // source versions

  [[nodiscard]] Position NextPosition() const { return {start.head.value + 1 + std::ssize(taken)}; }
  [[nodiscard]] Micros NextTime() const { return start.time + std::ssize(taken); }
  void Raise(std::int64_t id, std::int64_t version) {
    raised_ids.push_back(id);
    raised_versions.push_back(version);
  }
  // Adds a write's revisions at the next position.
  Position Take(const CallContext& context, Micros time, const WrittenEvents& written) {
    const Position position = NextPosition();
    revisions.Begin(position);
    for (const auto& [staged, was] : written) revisions.AddKept(staged, was);
    taken.push_back({position, time, &context.caller, context.reason, "", revisions.changes()});
    return position;
  }
};

namespace {

// What can be done before the lock is held. INVALID_ARGUMENT, DEADLINE_EXCEEDED.
absl::StatusOr<std::vector<Incoming>> Prepare(const Gazetteer& gazetteer,
                                              const CallContext& context,
                                              std::vector<UpsertRow> rows) {
  if (rows.size() > kRowsMax) {
    return Error(absl::StatusCode::kInvalidArgument, "TOO_MANY_ROWS",
                 fmt::format("a batch has at most {} rows", kRowsMax));
  }
  std::vector<Incoming> incoming;
  incoming.reserve(rows.size());
  std::unordered_set<std::int64_t> ids;
  for (UpsertRow& row : rows) {
    Incoming& prepared = incoming.emplace_back();
    prepared.staged.content_hash = HashContent(row.event);
    prepared.source_version = row.source_version;
    prepared.reinstate = row.reinstate;
    prepared.refused = std::move(row.refused);
    prepared.staged.event = std::move(row.event);
    if (!prepared.refused.ok()) continue;
    const annals::v1::Event& event = prepared.staged.event;
    auto name = ParseEventName(event.name());
    if (!name.ok()) return name.status();
    prepared.name = *std::move(name);
    prepared.id = prepared.name.Id();
    if (!ids.insert(prepared.id).second) {
      return Error(absl::StatusCode::kInvalidArgument, "DUPLICATE_NAME",
                   fmt::format("{} stands twice in the batch", event.name()));
    }
    if (absl::Now() > context.deadline) return DeadlineError();
    PrepareDerivation(gazetteer, event);
  }
  return incoming;
}

BatchHash HashRows(const std::vector<Incoming>& rows) {
  std::vector<SentRow> sent;
  for (const Incoming& row : rows) {
    sent.push_back(
        {row.staged.event.name(), row.staged.content_hash, row.source_version, row.reinstate});
  }
  return HashBatch(sent);
}

}  // namespace

void EventWriter::StartUpsert(const CallContext& context, std::vector<UpsertRow> rows,
                              const UpsertOptions& options, EventStore::UpsertDone done) {
  auto write = std::make_unique<UpsertWrite>();
  write->context = context;
  write->options = options;
  auto prepared = Prepare(*gazetteer_, context, std::move(rows));
  if (!prepared.ok()) return done(prepared.status());
  write->rows = *std::move(prepared);
  write->principal = context.caller.principal;
  write->joins = true;
  for (const Incoming& row : write->rows) {
    write->bytes += static_cast<std::int64_t>(row.staged.event.ByteSizeLong());
    if (row.refused.ok()) write->ids.push_back(row.id);
  }
  if (write->is_named()) {
    write->batch_hash = HashRows(write->rows);
    // Stands for the batch among the ids: a group has each batch once, too.
    const std::string key = fmt::format("{} {}", write->principal, options.batch_id);
    write->ids.push_back(-1 - static_cast<std::int64_t>(std::hash<std::string>()(key) >> 1));
  }
  write->done = std::move(done);
  std::unique_ptr<QueuedWrite> queued = std::move(write);
  if (!queue_.TryPush(queued)) {
    static_cast<UpsertWrite&>(*queued).done(WriteQueueFullError());
  }
}

void EventWriter::MakeUpserts(const WriteGroup& group) {
  std::vector<UpsertWrite*> writes;
  for (const auto& queued : group) {
    auto* const write = static_cast<UpsertWrite*>(queued.get());
    if (write->context.deadline > absl::Now()) {
      writes.push_back(write);
    } else {
      write->done(DeadlineError());
    }
  }
  if (writes.empty()) return;
  auto status = UpsertTogether(writes);
  // What fails for one of them, as against the database itself, must not fail the others.
  const bool apart =
      !status.ok() && writes.size() > 1 && !absl::IsUnavailable(status) && !absl::IsUnknown(status);
  for (UpsertWrite* write : writes) {
    if (apart) status = UpsertTogether(std::span(&write, 1));
    if (!status.ok()) write->answer = status;
    write->Answer();
  }
}

absl::Status EventWriter::UpsertTogether(std::span<UpsertWrite* const> writes) {
  absl::Time deadline = absl::InfinitePast();
  std::vector<std::int64_t> ids;
  std::vector<BatchKey> keys;
  for (const UpsertWrite* write : writes) {
    deadline = std::max(deadline, write->context.deadline);
    for (const Incoming& row : write->rows) {
      if (row.refused.ok()) ids.push_back(row.id);
    }
    if (write->is_named()) keys.push_back(write->Key());
  }
  const auto run = [&](Transaction& transaction,
                       const WriteStart& start) -> absl::StatusOr<std::optional<Position>> {
    auto answers = keys.empty() ? BatchAnswers() : ReadBatchAnswers(transaction, keys);
    UpsertGroup group{transaction, start,
                      ids.empty() ? std::unordered_map<std::int64_t, StoredEvent>()
                                  : ReadCurrent(transaction, ids),
                      RevisionWriter(&transaction, gazetteer_)};
    std::vector<NewBatchAnswer> new_answers;
    for (UpsertWrite* write : writes) {
      const auto found = write->is_named() ? answers.find(write->Key()) : answers.end();
      if (found != answers.end()) {
        write->answer =
            found->second.hash == write->batch_hash
                ? ReadReceipt(found->second.answer)
                : absl::StatusOr<UpsertReceipt>(BatchIdReusedError(write->options.batch_id));
        continue;
      }
      UpsertInto(&group, write);
      if (write->is_named() && write->answer.ok() && IsRemembered(write->options, *write->answer)) {
        new_answers.push_back({write->Key(), {write->batch_hash, WriteReceipt(*write->answer)}});
      }
    }
    group.revisions.Flush();
    if (!group.raised_ids.empty()) {
      // No revision and no position: what the record says is what it was.
      transaction.RunPrepared(
          "UPDATE event AS e SET source_version = raised.version"
          " FROM unnest($1::bigint[], $2::bigint[]) AS raised(id, version) WHERE e.id = raised.id",
          {ArrayText(group.raised_ids), ArrayText(group.raised_versions)});
    }
    if (!new_answers.empty()) PutBatchAnswers(transaction, new_answers, &answers_swept_);
    if (group.taken.empty()) return std::nullopt;
    TakePositions(transaction, start.writer_id, group.taken);
    return group.taken.front().position;
  };
  return RunLocked(deadline, run);
}

void EventWriter::UpsertInto(UpsertGroup* group, UpsertWrite* write) {
  const SeenFeeds feeds =
      feeds_.LookAt(group->transaction, group->start.catalog_version, write->context.visibility);
  const UpsertOptions& options = write->options;
  const Micros time = group->NextTime();
  UpsertReceipt receipt;
  WrittenEvents written;
  std::vector<std::pair<std::int64_t, std::int64_t>> raised;
  bool refused = false;
  const bool again = std::exchange(write->attempted, true);
  for (Incoming& row : write->rows) {
    if (again) ClearOutputOnlyFields(&row.staged.event);
    if (!row.refused.ok()) {
      receipt.rows.push_back({annals::v1::ROW_OUTCOME_INVALID, 0, row.refused});
      refused = true;
      continue;
    }
    const StoredFeed* feed = feeds.Find(row.name.feed);
    const auto found = group->stored.find(row.id);
    const bool is_new = found == group->stored.end();
    if (feed == nullptr) {
      write->answer = FeedNotFoundError(row.name.feed);
      return;
    }
    if (!is_new && found->second.name != row.name) {
      write->answer = NameHashTakenError(row.name);
      return;
    }
    const CurrentEvent current = is_new ? CurrentEvent{} : found->second.current;
    const auto outcome = DecideUpsert(is_new ? nullptr : &current, row.staged.content_hash,
                                      row.source_version, row.reinstate);
    const std::int64_t revision = current.revision + (IsWritten(outcome) ? 1 : 0);
    receipt.rows.push_back({outcome, revision});
    if (RaisesVersion(outcome, current, row.source_version)) {
      raised.emplace_back(row.id, *row.source_version);
    }
    if (!IsWritten(outcome)) continue;
    std::vector<annals::v1::OfferStep> added;
    if (!is_new) {
      if (auto read = found->second.ReadAddedSteps(&added); !read.ok()) {
        write->answer = read;
        return;
      }
    }
    if (auto error = CheckWithAdded(added, row.staged.event); !error.ok()) {
      receipt.rows.back() = {annals::v1::ROW_OUTCOME_INVALID, 0, std::move(error)};
      refused = true;
      continue;
    }
    if (options.validate_only) continue;
    row.staged.source_version = row.source_version ? row.source_version : current.source_version;
    row.staged.feed_id = feed->id;
    StampActive(*gazetteer_,
                {feed->licence, revision, is_new ? time : current.create_time, time, added},
                &row.staged.event);
    written.emplace_back(&row.staged, is_new ? std::nullopt : std::optional(current.state));
  }
  receipt.position = {group->start.head.value + std::ssize(group->taken)};
  if (!options.validate_only && !(options.atomic && refused)) {
    for (const auto& [id, version] : raised) group->Raise(id, version);
    if (!written.empty()) receipt.position = group->Take(write->context, time, written);
  }
  write->answer = std::move(receipt);
}

}  // namespace annals::storage

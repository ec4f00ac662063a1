#include "storage/postgres/event_writer.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <span>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "spdlog/spdlog.h"
#include "storage/error.h"
#include "storage/merge_decision.h"
#include "storage/postgres/event_record.h"
#include "storage/postgres/pqxx_status.h"
#include "storage/postgres/stored_event.h"
#include "storage/upsert_decision.h"

namespace annals::storage {
namespace {

constexpr std::size_t kRetractBatch = 5'000;
constexpr absl::Duration kResolveMax = absl::Seconds(15);  // of a commit in doubt
constexpr absl::Duration kResolvePause = absl::Milliseconds(200);

ConnectionPoolOptions WriterOptions(std::string connection_string) {
  ConnectionPoolOptions options;
  options.connection_string = std::move(connection_string);
  options.connections_max = 1;
  options.session_setup = StagingSetup();
  return options;
}

// Where a caller waits for its turn.
class Turn {
 public:
  // False where the caller has given up.
  bool Begin() {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kWaiting) return false;
    state_ = State::kBegun;
    return true;
  }
  void End() {
    const std::lock_guard lock(mutex_);
    state_ = State::kEnded;
    changed_.notify_all();
  }
  // Until it has ended; false where it has not begun by the deadline, and never will.
  bool Wait(absl::Time deadline) {
    std::unique_lock lock(mutex_);
    const auto begun = [this] { return state_ != State::kWaiting; };
    if (deadline == absl::InfiniteFuture()) {
      changed_.wait(lock, begun);
    } else if (!changed_.wait_until(lock, absl::ToChronoTime(deadline), begun)) {
      state_ = State::kGivenUp;
      return false;
    }
    changed_.wait(lock, [this] { return state_ == State::kEnded; });
    return true;
  }

 private:
  enum class State { kWaiting, kBegun, kEnded, kGivenUp };
  std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::kWaiting;  // guarded by mutex_
};

}  // namespace

// A write of a caller who waits for it.
struct EventWriter::LoneWrite : QueuedWrite {
  std::shared_ptr<Turn> turn;
  std::function<void()> run;  // used only once the turn has begun
};

EventWriter::EventWriter(std::string connection_string, const Gazetteer* gazetteer,
                         FeedDirectory* feeds, std::function<void(Position)> committed)
    : pool_(WriterOptions(std::move(connection_string))),
      gazetteer_(gazetteer),
      feeds_(*feeds),
      committed_(std::move(committed)),
      queue_([this](WriteGroup group) { Make(std::move(group)); }) {}

void EventWriter::Make(WriteGroup group) {
  if (group.front()->joins) return MakeUpserts(group);
  const auto& write = static_cast<const LoneWrite&>(*group.front());
  if (!write.turn->Begin()) return;
  write.run();
  write.turn->End();
}

absl::StatusOr<Position> EventWriter::RunWrite(const CallContext& context, std::string_view reason,
                                               WriteBody body) {
  absl::StatusOr<Position> position = Position{};
  const auto turn = std::make_shared<Turn>();
  auto write = std::make_unique<LoneWrite>();
  write->principal = context.caller.principal;
  write->turn = turn;
  write->run = [&] { position = RunAlone(context, reason, body); };
  std::unique_ptr<QueuedWrite> queued = std::move(write);
  if (!queue_.TryPush(queued)) return WriteQueueFullError();
  if (!turn->Wait(context.deadline)) return DeadlineError();
  return position;
}

absl::StatusOr<Position> EventWriter::RunAlone(const CallContext& context, std::string_view reason,
                                               WriteBody body) {
  Position position;
  const auto run = [&](Transaction& transaction,
                       const WriteStart& start) -> absl::StatusOr<std::optional<Position>> {
    const SeenFeeds feeds = feeds_.LookAt(transaction, start.catalog_version, context.visibility);
    RevisionWriter revisions(&transaction, gazetteer_);
    const Position next{start.head.value + 1};
    revisions.Begin(next);
    Write write{transaction, start, feeds, revisions, {}};
    position = start.head;
    if (auto done = body(write); !done.ok()) return done;
    revisions.Flush();
    if (revisions.changes().empty() && write.subject.empty()) return std::nullopt;
    position = next;
    TakePositions(
        transaction, start.writer_id,
        {{next, start.time, &context.caller, reason, write.subject, revisions.changes()}});
    return next;
  };
  if (auto status = RunLocked(context.deadline, run); !status.ok()) return status;
  return position;
}

absl::Status EventWriter::RunLocked(
    absl::Time deadline,
    absl::FunctionRef<absl::StatusOr<std::optional<Position>>(Transaction&, const WriteStart&)>
        body) {
  WriteStart start;
  std::optional<Position> taken;
  auto status = RunTransaction(pool_, TransactionMode::kWrite, deadline,
                               [&](Transaction& transaction) -> absl::Status {
                                 taken.reset();
                                 start = LockRecord(transaction);
                                 auto done = body(transaction, start);
                                 if (!done.ok()) return done.status();
                                 taken = *done;
                                 return absl::OkStatus();
                               });
  if (ErrorReason(status) == "OUTCOME_UNKNOWN") {
    if (taken) {
      const auto committed = WasCommitted(*taken, start.writer_id);
      if (!committed.ok()) return status;
      status = *committed ? absl::OkStatus() : UnavailableError();
    } else {
      status = UnavailableError();
    }
  }
  if (status.ok() && taken && committed_) committed_(*taken);
  return status;
}

absl::StatusOr<bool> EventWriter::WasCommitted(Position position, const std::string& writer_id) {
  const absl::Time give_up = absl::Now() + kResolveMax;
  while (true) {
    bool committed = false;
    // The lock is held until the lost session's transaction has ended, one way or the other.
    const auto status = RunTransaction(
        pool_, TransactionMode::kWrite, give_up, [&](Transaction& transaction) -> absl::Status {
          LockOnly(transaction);
          const auto found = transaction.Run(
              "SELECT 1 FROM commit_log WHERE position = $1::bigint AND request_id = $2",
              {fmt::format("{}", position.value), writer_id});
          committed = !found.empty();
          return absl::OkStatus();
        });
    if (status.ok()) {
      spdlog::warn("a commit in doubt was {}", committed ? "stored" : "not stored");
      return committed;
    }
    if (absl::Now() + kResolvePause >= give_up) return status;
    absl::SleepFor(kResolvePause);
  }
}

absl::StatusOr<RetractReceipt> EventWriter::Retract(const CallContext& context,
                                                    const EventName& name, std::string_view reason,
                                                    std::string_view etag, bool validate_only) {
  RetractReceipt receipt;
  const auto position = RunWrite(context, reason, [&](Write& write) -> absl::Status {
    auto found = ReadRecord(write.transaction, write.feeds, name);
    if (!found.ok()) return found.status();
    StagedEvent& staged = *found;
    if (!etag.empty() && etag != staged.event.etag()) {
      return Error(absl::StatusCode::kAborted, "ETAG_MISMATCH",
                   fmt::format("{} has changed since", name.ToString()), "etag");
    }
    if (staged.event.state() == annals::v1::EVENT_STATE_ACTIVE) {
      StampRetracted(staged.event.revision() + 1, write.start.time, reason, &staged.event);
      if (!validate_only) write.revisions.Add(staged, annals::v1::EVENT_STATE_ACTIVE);
    }
    receipt.event = std::move(staged.event);
    write.feeds.Conceal(&receipt.event);
    // Of the event as the caller sees it: the refusal names what it was merged into.
    return CheckRetraction(receipt.event);
  });
  if (!position.ok()) return position.status();
  receipt.position = *position;
  return receipt;
}

absl::StatusOr<AdvanceReceipt> EventWriter::Advance(const CallContext& context,
                                                    const EventName& name,
                                                    const annals::v1::OfferStep& step,
                                                    std::string_view etag, bool validate_only) {
  AdvanceReceipt receipt;
  const auto position = RunWrite(context, "", [&](Write& write) -> absl::Status {
    auto found = ReadRecord(write.transaction, write.feeds, name);
    if (!found.ok()) return found.status();
    StagedEvent& staged = *found;
    const auto changed = StampAdvanced(step, etag, write.start.time, &staged.event);
    if (!changed.ok()) return changed.status();
    if (*changed && !validate_only) write.revisions.Add(staged, annals::v1::EVENT_STATE_ACTIVE);
    receipt.event = std::move(staged.event);
    write.feeds.Conceal(&receipt.event);
    return absl::OkStatus();
  });
  if (!position.ok()) return position.status();
  receipt.position = *position;
  return receipt;
}

absl::StatusOr<ReleaseReceipt> EventWriter::RetractAbsent(const CallContext& context,
                                                          std::string_view feed,
                                                          const std::vector<std::int64_t>& kept_ids,
                                                          std::string_view reason, double share_max,
                                                          bool validate_only) {
  ReleaseReceipt receipt;
  const auto position = RunWrite(context, reason, [&](Write& write) -> absl::Status {
    receipt = {};
    const StoredFeed* stored = write.feeds.Find(std::string(feed));
    if (stored == nullptr) return FeedNotFoundError(feed);
    std::vector<std::int64_t> absent;
    const auto active = write.transaction.Run(
        "SELECT id, event FROM event WHERE feed_id = $1::int AND state = 1 ORDER BY event",
        {fmt::format("{}", stored->id)});
    receipt.active_count = static_cast<std::int64_t>(active.size());
    for (const auto& row : active) {
      const auto id = row[0].as<std::int64_t>();
      if (std::ranges::binary_search(kept_ids, id)) continue;
      absent.push_back(id);
      receipt.retracted_names.push_back(EventName{std::string(feed), row[1].c_str()}.ToString());
    }
    if (static_cast<double>(absent.size()) >
        share_max * static_cast<double>(receipt.active_count)) {
      return Error(absl::StatusCode::kFailedPrecondition, "TOO_MANY_RETRACTIONS",
                   fmt::format("{} of {} active events of feeds/{} would be taken back, more than "
                               "the share of {} allowed",
                               absent.size(), receipt.active_count, feed, share_max));
    }
    if (validate_only) return absl::OkStatus();
    for (std::span<const std::int64_t> left = absent; !left.empty();) {
      const auto batch = left.first(std::min(left.size(), kRetractBatch));
      left = left.subspan(batch.size());
      auto records = ReadRecords(write.transaction, batch);
      if (!records.ok()) return records.status();
      for (StagedEvent& staged : *records) {
        StampRetracted(staged.event.revision() + 1, write.start.time, reason, &staged.event);
        write.revisions.Add(std::move(staged), annals::v1::EVENT_STATE_ACTIVE);
      }
    }
    return absl::OkStatus();
  });
  if (!position.ok()) return position.status();
  receipt.position = *position;
  return receipt;
}

}  // namespace annals::storage

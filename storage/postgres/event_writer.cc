#include "storage/postgres/event_writer.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "spdlog/spdlog.h"
#include "storage/error.h"
#include "storage/merge_decision.h"
#include "storage/offer_path.h"
#include "storage/postgres/event_record.h"
#include "storage/postgres/pqxx_status.h"
#include "storage/postgres/sql_value.h"
#include "storage/postgres/stored_event.h"
#include "storage/upsert_decision.h"

namespace annals::storage {
namespace {

constexpr std::size_t kRowsMax = 5'000;
constexpr std::size_t kRetractBatch = 5'000;
constexpr absl::Duration kResolveMax = absl::Seconds(15);  // of a commit in doubt
constexpr absl::Duration kResolvePause = absl::Milliseconds(200);

constexpr char kLock[] = "SELECT pg_advisory_xact_lock(hashtextextended('annals.write', 0))";

ConnectionPoolOptions WriterOptions(std::string connection_string) {
  ConnectionPoolOptions options;
  options.connection_string = std::move(connection_string);
  options.connections_max = 1;
  options.session_setup = StagingSetup();
  return options;
}

std::string RandomRequestId() {
  std::array<unsigned char, 16> bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    spdlog::critical("no random bytes");
    std::abort();
  }
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

// Takes the next position: the commit order, the audit and the counts of feeds in one statement.
void TakePosition(Transaction& transaction, Position position, Micros time,
                  const std::string& writer_id, const Caller& caller, std::string_view reason,
                  const std::string& subject, const std::map<std::int32_t, FeedChange>& changes) {
  std::vector<std::int32_t> feeds;
  std::vector<std::int64_t> active, retracted, superseded, merged;
  for (const auto& [feed_id, change] : changes) {
    feeds.push_back(feed_id);
    active.push_back(change.active);
    retracted.push_back(change.retracted);
    superseded.push_back(change.superseded);
    merged.push_back(change.merged);
  }
  transaction.Run(
      "WITH committed AS (INSERT INTO commit_log (position, commit_time, request_id)"
      " VALUES ($1::bigint, $2::timestamptz, $3)),"
      " noted AS (INSERT INTO audit (position, change_time, principal, address, method,"
      " request_id, reason, subject) VALUES ($1::bigint, $2::timestamptz, $4, $5, $6, $7, $8,"
      " nullif($14, '')))"
      " INSERT INTO feed_count (feed_id, position, active_count, retracted_count,"
      " superseded_count, merged_count) SELECT d.feed_id, $1::bigint,"
      " coalesce(l.active_count, 0) + d.active,"
      " coalesce(l.retracted_count, 0) + d.retracted,"
      " coalesce(l.superseded_count, 0) + d.superseded, coalesce(l.merged_count, 0) + d.merged"
      " FROM unnest($9::int[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[])"
      " AS d(feed_id, active, retracted, superseded, merged) LEFT JOIN LATERAL"
      " (SELECT c.active_count, c.retracted_count, c.superseded_count, c.merged_count"
      "  FROM feed_count c WHERE c.feed_id = d.feed_id ORDER BY c.position DESC LIMIT 1) AS l"
      " ON true",
      {fmt::format("{}", position.value), TimestampText(time), writer_id, caller.principal,
       caller.address, caller.method, caller.request_id, std::string(reason), ArrayText(feeds),
       ArrayText(active), ArrayText(retracted), ArrayText(superseded), ArrayText(merged), subject});
}

}  // namespace

struct EventWriter::Incoming {
  UpsertRow row;
  EventName name;
  std::int64_t id = 0;
  ContentHash content_hash{};
};

EventWriter::EventWriter(std::string connection_string, const Gazetteer* gazetteer,
                         FeedDirectory* feeds, std::function<void(Position)> committed)
    : pool_(WriterOptions(std::move(connection_string))),
      gazetteer_(gazetteer),
      feeds_(*feeds),
      committed_(std::move(committed)) {}

void EventWriter::StartUpsert(const CallContext& context, std::vector<UpsertRow> rows,
                              const UpsertOptions& options, EventStore::UpsertDone done) {
  done(Upsert(context, std::move(rows), options));
}

absl::StatusOr<Position> EventWriter::RunWrite(const CallContext& context, std::string_view reason,
                                               absl::FunctionRef<absl::Status(Write&)> body) {
  const std::string request_id = RandomRequestId();
  Position position;
  const auto status = RunTransaction(
      pool_, TransactionMode::kWrite, context.deadline,
      [&](Transaction& transaction) -> absl::Status {
        transaction.Run(kLock);
        const auto head = transaction.Run(fmt::format(
            "SELECT coalesce(l.position, 0), {}, s.catalog_version FROM store s LEFT JOIN LATERAL"
            " (SELECT position, commit_time FROM commit_log ORDER BY position DESC LIMIT 1) AS l"
            " ON true",
            MicrosOf("greatest(clock_timestamp(), l.commit_time + interval '1 microsecond')")))[0];
        const Start start{Position{head[0].as<std::int64_t>()}, head[1].as<Micros>()};
        const Position next{start.head.value + 1};
        const SeenFeeds feeds =
            feeds_.LookAt(transaction, head[2].as<std::int64_t>(), context.visibility);
        RevisionWriter revisions(&transaction, gazetteer_, next, start.time);
        Write write{transaction, start, feeds, revisions, {}};
        position = start.head;
        if (auto done = body(write); !done.ok()) return done;
        revisions.Flush();
        if (revisions.changes().empty() && write.subject.empty()) return absl::OkStatus();
        position = next;
        TakePosition(transaction, next, start.time, request_id, context.caller, reason,
                     write.subject, revisions.changes());
        return absl::OkStatus();
      });
  if (status.ok()) {
    if (committed_) committed_(position);
    return position;
  }
  if (ErrorReason(status) != "OUTCOME_UNKNOWN") return status;
  const auto committed = WasCommitted(position, request_id);
  if (!committed.ok()) return status;
  if (*committed) return position;
  return UnavailableError();
}

absl::StatusOr<bool> EventWriter::WasCommitted(Position position, const std::string& request_id) {
  const absl::Time give_up = absl::Now() + kResolveMax;
  while (true) {
    bool committed = false;
    // The lock is held until the lost session's transaction has ended, one way or the other.
    const auto status = RunTransaction(
        pool_, TransactionMode::kWrite, give_up, [&](Transaction& transaction) -> absl::Status {
          transaction.Run(kLock);
          const auto found = transaction.Run(
              "SELECT 1 FROM commit_log WHERE position = $1::bigint AND request_id = $2",
              {fmt::format("{}", position.value), request_id});
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

absl::StatusOr<std::vector<EventWriter::Incoming>> EventWriter::Prepare(
    const CallContext& context, std::vector<UpsertRow> rows) const {
  if (rows.size() > kRowsMax) {
    return Error(absl::StatusCode::kInvalidArgument, "TOO_MANY_ROWS",
                 fmt::format("a batch has at most {} rows", kRowsMax));
  }
  std::vector<Incoming> incoming;
  incoming.reserve(rows.size());
  std::set<std::string> names;
  for (UpsertRow& row : rows) {
    if (!row.refused.ok()) {
      incoming.push_back({std::move(row), {}});
      continue;
    }
    if (!names.insert(row.event.name()).second) {
      return Error(absl::StatusCode::kInvalidArgument, "DUPLICATE_NAME",
                   fmt::format("{} stands twice in the batch", row.event.name()));
    }
    const auto name = ParseEventName(row.event.name());
    if (!name.ok()) return name.status();
    if (absl::Now() > context.deadline) return DeadlineError();
    PrepareDerivation(*gazetteer_, row.event);
    const ContentHash hash = HashContent(row.event);
    incoming.push_back({std::move(row), *name, name->Id(), hash});
  }
  return incoming;
}

absl::Status EventWriter::UpsertInto(Write& write, std::vector<Incoming>& rows,
                                     const UpsertOptions& options, UpsertReceipt* receipt) const {
  std::vector<std::int64_t> ids, raised_ids, raised_versions;
  for (const Incoming& incoming : rows) ids.push_back(incoming.id);
  const auto stored = ReadCurrent(write.transaction, ids);
  receipt->rows.clear();
  std::vector<std::pair<StagedEvent, std::optional<annals::v1::EventState>>> written;
  bool refused = false;
  for (Incoming& incoming : rows) {
    if (!incoming.row.refused.ok()) {
      receipt->rows.push_back({annals::v1::ROW_OUTCOME_INVALID, 0, incoming.row.refused});
      refused = true;
      continue;
    }
    const StoredFeed* feed = write.feeds.Find(incoming.name.feed);
    if (feed == nullptr) return FeedNotFoundError(incoming.name.feed);
    const auto found = stored.find(incoming.id);
    const bool is_new = found == stored.end();
    if (!is_new && found->second.name != incoming.name) return NameHashTakenError(incoming.name);
    const CurrentEvent current = is_new ? CurrentEvent{} : found->second.current;
    const auto outcome = DecideUpsert(is_new ? nullptr : &current, incoming.content_hash,
                                      incoming.row.source_version, incoming.row.reinstate);
    const std::int64_t revision = current.revision + (IsWritten(outcome) ? 1 : 0);
    receipt->rows.push_back({outcome, revision});
    if (RaisesVersion(outcome, current, incoming.row.source_version)) {
      raised_ids.push_back(incoming.id);
      raised_versions.push_back(*incoming.row.source_version);
    }
    if (!IsWritten(outcome)) continue;
    std::vector<annals::v1::OfferStep> added;
    if (!is_new) {
      if (auto read = found->second.ReadAddedSteps(&added); !read.ok()) return read;
    }
    if (auto error = CheckWithAdded(added, incoming.row.event); !error.ok()) {
      receipt->rows.back() = {annals::v1::ROW_OUTCOME_INVALID, 0, std::move(error)};
      refused = true;
      continue;
    }
    if (options.validate_only) continue;
    StagedEvent staged{
        incoming.row.event, feed->id,
        incoming.row.source_version ? incoming.row.source_version : current.source_version,
        incoming.content_hash};
    StampActive(*gazetteer_,
                {feed->licence, revision, is_new ? write.start.time : current.create_time,
                 write.start.time, added},
                &staged.event);
    written.emplace_back(std::move(staged), is_new ? std::nullopt : std::optional(current.state));
  }
  if (options.validate_only || (options.atomic && refused)) return absl::OkStatus();
  if (!raised_ids.empty()) {
    // No revision and no position: what the record says is what it was.
    write.transaction.Run(
        "UPDATE event AS e SET source_version = raised.version"
        " FROM unnest($1::bigint[], $2::bigint[]) AS raised(id, version) WHERE e.id = raised.id",
        {ArrayText(raised_ids), ArrayText(raised_versions)});
  }
  for (auto& [staged, was] : written) write.revisions.Add(std::move(staged), was);
  return absl::OkStatus();
}

absl::StatusOr<UpsertReceipt> EventWriter::Upsert(const CallContext& context,
                                                  std::vector<UpsertRow> rows,
                                                  const UpsertOptions& options) {
  auto incoming = Prepare(context, std::move(rows));
  if (!incoming.ok()) return incoming.status();
  UpsertReceipt receipt;
  const auto position = RunWrite(context, context.reason, [&](Write& write) {
    return UpsertInto(write, *incoming, options, &receipt);
  });
  if (!position.ok()) return position.status();
  receipt.position = *position;
  return receipt;
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

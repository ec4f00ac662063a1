// The part of EventWriter that removes what was recorded.
#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "storage/postgres/catalog_change.h"
#include "storage/postgres/event_record.h"
#include "storage/postgres/event_writer.h"
#include "storage/postgres/sql_value.h"
#include "storage/postgres/stored_event.h"
#include "storage/removal.h"
#include "storage/upsert_decision.h"

namespace annals::storage {
namespace {

constexpr int kReplacedMax = 500;  // revisions at once: each may have been 64 KiB

std::string Number(std::int64_t value) { return fmt::format("{}", value); }

// Every key of a participant in any revision of the event.
std::string ParticipantKeys(Transaction& transaction, std::int64_t id) {
  return transaction
      .Run(
          "SELECT coalesce(array_agg(DISTINCT k.actor_key), '{}')::text FROM"
          " (SELECT unnest(actor_keys) AS actor_key FROM event WHERE id = $1::bigint"
          "  UNION ALL SELECT unnest(actor_keys) FROM event_revision WHERE id = $1::bigint) AS k",
          {Number(id)})[0][0]
      .c_str();
}

// Takes the content out of every revision there is, some at a time.
absl::Status RemoveFromRevisions(Transaction& transaction, std::int64_t id, std::int32_t feed_id,
                                 RevisionWriter* writer) {
  for (std::int64_t after = 0;;) {
    const auto rows = transaction.Run(
        "SELECT record, source_version, revision FROM event"
        " WHERE id = $1::bigint AND revision > $2::bigint"
        " UNION ALL "
        "SELECT record, source_version, revision FROM event_revision"
        " WHERE id = $1::bigint AND revision > $2::bigint ORDER BY revision LIMIT $3::bigint",
        {Number(id), Number(after), Number(kReplacedMax)});
    if (rows.empty()) return absl::OkStatus();
    std::vector<StagedEvent> revisions;
    for (const auto& row : rows) {
      StagedEvent& staged = revisions.emplace_back();
      if (auto parsed = ParseRecord(row[0].c_str(), &staged.event); !parsed.ok()) return parsed;
      staged.feed_id = feed_id;
      staged.source_version = OptionalNumber(row[1]);
      staged.content_hash = kRedactedHash;
      RemoveContent(&staged.event);
      after = row[2].as<std::int64_t>();
    }
    writer->Replace(revisions);
  }
}

// Forgets how the participants of these keys are spelt, those apart that the feed's events have.
// Looks through the feed for a key that is not there: rare, and done by hand.
void ForgetParticipants(Transaction& transaction, std::int32_t feed_id, const std::string& keys) {
  transaction.Run(
      "DELETE FROM participant p WHERE p.feed_id = $1::int AND p.actor_key = ANY ($2::bigint[])"
      " AND NOT EXISTS (SELECT 1 FROM event_posting a JOIN event e ON e.id = a.event_id"
      "  WHERE a.key = p.actor_key AND e.feed_id = $1::int)"
      " AND p.actor_key NOT IN"
      " (SELECT unnest(e.actor_keys) FROM event e"
      "  WHERE e.feed_id = $1::int AND e.state <> 1 AND e.actor_keys && $2::bigint[]"
      "  UNION SELECT unnest(r.actor_keys) FROM event_revision r"
      "  WHERE r.feed_id = $1::int AND r.actor_keys && $2::bigint[])",
      {Number(feed_id), keys});
}

DeletionReceipt CountHeld(Transaction& transaction, std::int32_t feed_id) {
  const auto row = transaction.Run(
      "SELECT (SELECT count(*) FROM event WHERE feed_id = $1::int),"
      " (SELECT count(*) FROM event_revision WHERE feed_id = $1::int)",
      {Number(feed_id)})[0];
  const auto events = row[0].as<std::int64_t>();
  return {events, events + row[1].as<std::int64_t>(), {}};
}

void DeleteAll(Transaction& transaction, std::int32_t feed_id) {
  transaction.Run(fmt::format("DELETE FROM event_posting a USING"
                              " (SELECT e.id, e.occurred_start, {} AS key FROM event e"
                              "  WHERE e.feed_id = $1::int AND e.state = 1) AS old"
                              " WHERE a.key = old.key AND a.occurred_start = old.occurred_start"
                              " AND a.event_id = old.id",
                              PostingKeysOf("e")),
                  {Number(feed_id)});
  for (const std::string_view table : {"event", "event_revision", "participant", "feed_count"}) {
    transaction.Run(fmt::format("DELETE FROM {} WHERE feed_id = $1::int", table),
                    {Number(feed_id)});
  }
}

}  // namespace

absl::StatusOr<RetractReceipt> EventWriter::Redact(const CallContext& context,
                                                   const EventName& name, std::string_view reason,
                                                   bool validate_only) {
  RetractReceipt receipt;
  const auto position = RunWrite(context, reason, [&](Write& write) -> absl::Status {
    auto found = ReadNamed(write, {name});
    if (!found.ok()) return found.status();
    StagedEvent& staged = found->front();
    if (!staged.event.redacted()) {
      const annals::v1::EventState was = staged.event.state();
      RemoveContent(&staged.event);
      StampRedacted(write.start.time, &staged.event);
      staged.content_hash = kRedactedHash;
      if (!validate_only) {
        const std::string keys = ParticipantKeys(write.transaction, name.Id());
        auto removed =
            RemoveFromRevisions(write.transaction, name.Id(), staged.feed_id, &write.revisions);
        if (!removed.ok()) return removed;
        ForgetParticipants(write.transaction, staged.feed_id, keys);
        write.revisions.Add(staged, was);
      }
    }
    receipt.event = std::move(staged.event);
    write.feeds.Conceal(&receipt.event);
    return absl::OkStatus();
  });
  if (!position.ok()) return position.status();
  receipt.position = *position;
  return receipt;
}

absl::StatusOr<DeletionReceipt> EventWriter::DeleteFeed(const CallContext& context,
                                                        std::string_view feed,
                                                        std::string_view reason, bool purge,
                                                        bool validate_only) {
  const std::string name = fmt::format("feeds/{}", feed);
  DeletionReceipt receipt;
  const auto position = RunWrite(context, reason, [&](Write& write) -> absl::Status {
    const StoredFeed* stored = write.feeds.Find(std::string(feed));
    if (stored == nullptr) return FeedNotFoundError(feed);
    receipt = CountHeld(write.transaction, stored->id);
    if (auto allowed = CheckDeletion(feed, receipt, purge); !allowed.ok()) return allowed;
    if (validate_only) return absl::OkStatus();
    DeleteAll(write.transaction, stored->id);
    const auto deleted = write.transaction.Run("DELETE FROM feed WHERE id = $1::int RETURNING id",
                                               {Number(stored->id)});
    if (deleted.empty()) return FeedNotFoundError(feed);
    if (receipt.event_count > 0) {
      write.subject = name;
      write.transaction.Run(
          "INSERT INTO feed_purge (position, feed, restricted, readers)"
          " VALUES ($1::bigint, $2, $3::boolean, $4::text[])",
          {Number(write.start.head.value + 1), std::string(feed),
           stored->access.restricted ? "t" : "f", ArrayText(stored->access.readers)});
      MoveCatalogVersion(write.transaction);
    } else {
      EndCatalogChange(write.transaction, context.caller, name, reason);
    }
    return absl::OkStatus();
  });
  if (!position.ok()) return position.status();
  receipt.position = *position;
  return receipt;
}

}  // namespace annals::storage

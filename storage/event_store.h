// THE PORT: where events are kept. MemoryEventStore (the reference model) and PostgresEventStore
// pass the same conformance suite (tests/conformance).
//
// Thread safety: every method may be called from any thread. Every method blocks: call it from a
// thread that may (service/executor), never from a gRPC reaction. Errors are made by
// storage/error.h. Besides what each method says, all may answer DEADLINE_EXCEEDED, CANCELLED, and
// UNAVAILABLE (the database cannot be reached; safe to retry).
//
// Visibility: what the context's caller may not see (storage/visibility.h) does not exist for any
// method: it is in no page, count, sum, revision, link or error, may not be written to, and
// changes no byte of an answer but its position. Who may see a feed is always today's.
//
// Over budget: the port and what crosses it are one manual.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "annals/v1/event_service.pb.h"
#include "annals/v1/events.pb.h"
#include "annals/v1/ingest_service.pb.h"
#include "storage/event_name.h"
#include "storage/event_query.h"
#include "storage/position.h"
#include "storage/visibility.h"

namespace annals::storage {

// On whose behalf, and until when.
struct CallContext {
  Visibility visibility;
  absl::Time deadline = absl::InfiniteFuture();
  Caller caller = {};       // noted with every change
  std::string reason = {};  // noted with an upsert; empty where there is nothing to say of it
};

// Which state of the record to read: the newest, or as it stood at a position.
struct Snapshot {
  std::optional<Position>
      as_of;  // OUT_OF_RANGE (POSITION_AHEAD) where the store has not come so far
};

struct EventPage {
  std::vector<annals::v1::Event> events;
  std::vector<MatchMode> strengths;  // of each event: StrengthOf (storage/event_query.h)
  std::optional<Cursor> next;        // engaged where more may follow
  Position position;                 // what the answer is current through (as_of where given)
};

struct FoundEvents {
  std::vector<std::optional<annals::v1::Event>> events;  // one for each name asked, in order
  Position position;
};

struct RevisionPage {
  struct Revision {
    annals::v1::Event event;
    Position position;
    std::optional<Micros> end_time;  // when it was replaced
    annals::v1::AuditEntry audit;    // whoever asks: the service knows who may read it
  };
  std::vector<Revision> revisions;            // newest first
  std::optional<std::int64_t> next_revision;  // ask for revisions <= this one next
  Position position;
};

// Sum of one count over events; see annals.v1.CountSum for how absent bounds add up.
struct CountTotals {
  std::int64_t low = 0, best = 0, high = 0;
  std::int64_t known_count = 0;
  bool operator==(const CountTotals&) const = default;
};
struct Totals {
  std::int64_t event_count = 0;
  CountTotals persons, fatalities;
  bool operator==(const Totals&) const = default;
};
struct Summary {
  struct Group {
    std::vector<std::string> keys;  // one a dimension; see annals.v1.SummaryGroup
    Totals totals;
    bool operator==(const Group&) const = default;
  };
  std::vector<Group> groups;  // by keys, bytewise
  Totals totals;
  std::int64_t record_count = 0;     // active events of the whole visible record
  std::int64_t remainder_count = 0;  // matching events that some dimension cannot place
  Position position;
};

struct UpsertRow {
  annals::v1::Event event;  // validated; output-only fields are ignored
  std::optional<std::int64_t> source_version;
  bool reinstate = false;
  // Why the row cannot go in: it is answered INVALID with this, and nothing else is looked at.
  absl::Status refused = {};
};
struct UpsertOptions {
  bool validate_only = false;  // answer what would happen and change nothing
  bool atomic = false;         // where any row is INVALID, none goes in
  // The sender's name for the batch, empty for none. Rows sent under one that the same principal
  // used within kBatchAnswersKept are answered as they were then, and change nothing.
  std::string batch_id = {};
};
inline constexpr absl::Duration kBatchAnswersKept = absl::Hours(7 * 24);
struct UpsertReceipt {
  struct Row {
    annals::v1::RowOutcome outcome = annals::v1::ROW_OUTCOME_UNSPECIFIED;
    std::int64_t revision = 0;
    // Only with INVALID: its field is a path from the event. See CheckWithAdded
    // (storage/offer_path.h).
    absl::Status error = {};
  };
  std::vector<Row> rows;  // one for each row sent, in order
  Position position;      // durable, and readable at this position
};
struct RetractReceipt {
  annals::v1::Event event;
  Position position;
};
struct AdvanceReceipt {
  annals::v1::Event event;
  Position position;
};
// Which events to merge into which.
struct MergeOrder {
  std::vector<EventName> sources;  // 1..100, each once
  std::vector<std::string> etags;  // none, or one a source; an empty one is any
  EventName target;
  std::string reason;
};
struct MergeReceipt {
  std::vector<annals::v1::Event> events;  // as they are now, in the order asked
  Position position;
};
struct DeletionReceipt {
  std::int64_t event_count = 0, revision_count = 0;  // deleted; revisions with the current ones
  Position position;
};
struct ReleaseReceipt {
  std::vector<std::string> retracted_names;  // ascending
  std::int64_t active_count = 0;             // the feed's active events before
  Position position;
};

struct StoreInfo {       // of what the caller sees, engine, store_id and position apart
  std::string store_id;  // 32 hexadecimal digits, made once with the store
  Position position;
  std::optional<Micros> last_change;
  std::int64_t event_count = 0, retracted_count = 0, merged_count = 0;
  std::int64_t superseded_revision_count = 0, feed_count = 0;
  std::string engine;
};

class EventStore {
 public:
  virtual ~EventStore() = default;

  // Reads. Each is one consistent state of the record, named by its position.

  virtual absl::StatusOr<FoundEvents> GetEvents(const CallContext& context,
                                                const std::vector<EventName>& names,
                                                const Snapshot& snapshot) = 0;
  virtual absl::StatusOr<EventPage> ListEvents(const CallContext& context, const EventQuery& query,
                                               const PageSpec& page, const Snapshot& snapshot) = 0;
  // At most two dimensions. INVALID_ARGUMENT TOO_MANY_GROUPS beyond kGroupsMax.
  virtual absl::StatusOr<Summary> SummarizeEvents(const CallContext& context,
                                                  const EventQuery& query,
                                                  const std::vector<Dimension>& dimensions,
                                                  const Snapshot& snapshot) = 0;
  // Revisions of one event, newest first, those with number <= `from_revision` where given;
  // `limit` 1..1,000. NOT_FOUND (EVENT_NOT_FOUND) where there is no such event.
  virtual absl::StatusOr<RevisionPage> ListRevisions(const CallContext& context,
                                                     const EventName& name,
                                                     std::optional<std::int64_t> from_revision,
                                                     int limit) = 0;
  // The last position recorded at or before `time`; 0 before the first.
  virtual absl::StatusOr<Position> PositionAt(const CallContext& context, absl::Time time) = 0;
  virtual absl::StatusOr<StoreInfo> Info(const CallContext& context) = 0;

  // Writes. Each is one atomic, durable step: when it answers OK the change is on disk, when it
  // answers an error other than UNKNOWN nothing was changed. A write that changes nothing takes no
  // position. `validate_only` answers what would happen and changes nothing.

  // At most 5,000 rows, each name once among those not refused (INVALID_ARGUMENT otherwise).
  // NOT_FOUND (FEED_NOT_FOUND) where a row's feed does not exist: nothing goes in. Steps that
  // AdvanceOffer added stay; a row whose content does not go with them is INVALID. INVALID_ARGUMENT
  // (BATCH_ID_REUSED) where the batch id came with other rows. RESOURCE_EXHAUSTED
  // (WRITE_QUEUE_FULL) where too much waits to be written; a while later there is room.
  absl::StatusOr<UpsertReceipt> UpsertEvents(const CallContext& context,
                                             std::vector<UpsertRow> rows,
                                             const UpsertOptions& options);

  using UpsertDone = std::function<void(absl::StatusOr<UpsertReceipt>)>;
  // The same without waiting for the commit: prepares the rows on the calling thread, takes them
  // into the queue and returns. `done` is called once, from any thread, maybe before this returns;
  // it must not block. What one principal starts, one call after another has returned, is committed
  // in that order.
  virtual void StartUpsert(const CallContext& context, std::vector<UpsertRow> rows,
                           const UpsertOptions& options, UpsertDone done) = 0;
  // NOT_FOUND (EVENT_NOT_FOUND); ABORTED (ETAG_MISMATCH) where `etag` is given and differs;
  // FAILED_PRECONDITION (MERGED).
  virtual absl::StatusOr<RetractReceipt> RetractEvent(const CallContext& context,
                                                      const EventName& name,
                                                      std::string_view reason,
                                                      std::string_view etag,
                                                      bool validate_only) = 0;
  // Adds a step (valid in itself) to an active exchange offer. One that was added before changes
  // nothing. NOT_FOUND (EVENT_NOT_FOUND); ABORTED (ETAG_MISMATCH) where `etag` is given and
  // differs; FAILED_PRECONDITION: NOT_ACTIVE, NOT_AN_OFFER, and what AddStep says
  // (storage/offer_path.h). Fields are of annals.v1.AdvanceExchangeOfferRequest.
  virtual absl::StatusOr<AdvanceReceipt> AdvanceOffer(const CallContext& context,
                                                      const EventName& name,
                                                      const annals::v1::OfferStep& step,
                                                      std::string_view etag,
                                                      bool validate_only) = 0;
  // Retracts every active event of the feed whose EventName::Id() is not in `kept_ids` (sorted).
  // FAILED_ PRECONDITION (TOO_MANY_RETRACTIONS) where that is more than `share_max` of the feed's
  // active events. NOT_FOUND (FEED_NOT_FOUND).
  virtual absl::StatusOr<ReleaseReceipt> RetractAbsent(const CallContext& context,
                                                       std::string_view feed,
                                                       const std::vector<std::int64_t>& kept_ids,
                                                       std::string_view reason, double share_max,
                                                       bool validate_only) = 0;
  // Makes each source MERGED: content kept, `merged_into` set. One that is merged into the target
  // already stays as it is. NOT_FOUND (EVENT_NOT_FOUND); INVALID_ARGUMENT (DUPLICATE_NAME,
  // TARGET_AMONG_SOURCES); ABORTED (ETAG_MISMATCH); FAILED_PRECONDITION (NOT_ACTIVE,
  // TARGET_LESS_VISIBLE: see storage/visibility.h). As targets are ACTIVE, no merges form a circle.
  virtual absl::StatusOr<MergeReceipt> MergeEvents(const CallContext& context,
                                                   const MergeOrder& order, bool validate_only) = 0;
  // Makes merged events (1..100, each once) ACTIVE again, with the content they had. NOT_FOUND
  // (EVENT_NOT_FOUND); INVALID_ARGUMENT (DUPLICATE_NAME); FAILED_PRECONDITION (NOT_MERGED,
  // REDACTED).
  virtual absl::StatusOr<MergeReceipt> UnmergeEvents(const CallContext& context,
                                                     const std::vector<EventName>& names,
                                                     std::string_view reason,
                                                     bool validate_only) = 0;
  // Removes the content of every revision (storage/removal.h), and the spellings of participants
  // that no other event of the feed has; adds a revision that says so. One that is redacted stays
  // as it is. What was written elsewhere (backups, replicas, logs of the database) keeps it until
  // it is rotated. NOT_FOUND (EVENT_NOT_FOUND).
  virtual absl::StatusOr<RetractReceipt> RedactEvent(const CallContext& context,
                                                     const EventName& name, std::string_view reason,
                                                     bool validate_only) = 0;
  // Deletes a feed and, with `purge`, every event and revision of it; who made those changes stays
  // in the audit. Takes a position where there were any. NOT_FOUND (FEED_NOT_FOUND);
  // FAILED_PRECONDITION (FEED_NOT_EMPTY) where something was ever recorded in it, without `purge`.
  virtual absl::StatusOr<DeletionReceipt> DeleteFeed(const CallContext& context,
                                                     std::string_view feed, std::string_view reason,
                                                     bool purge, bool validate_only) = 0;
};

}  // namespace annals::storage

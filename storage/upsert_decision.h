// What becomes of a row that is sent for an event, and what is stored for it. Both stores decide
// here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "annals/v1/events.pb.h"
#include "annals/v1/ingest_service.pb.h"
#include "storage/event_columns.h"

namespace annals::storage {

class Gazetteer;

// What is stored for the event now.
struct CurrentEvent {
  ContentHash content_hash{};  // of the content last ingested
  std::optional<std::int64_t> source_version;
  std::int64_t revision = 0;
  Micros create_time = 0;
  annals::v1::EventState state = annals::v1::EVENT_STATE_ACTIVE;
};

// The content hash of a redacted event, and of no other.
inline constexpr ContentHash kRedactedHash{};

// CREATED, UPDATED, UNCHANGED, STALE, STAYS_RETRACTED, STAYS_MERGED or STAYS_REDACTED; only the
// first two are written. `current` is null for an event never seen. A retracted or merged event
// that is reinstated is UPDATED even with the content it had.
[[nodiscard]] annals::v1::RowOutcome DecideUpsert(const CurrentEvent* current,
                                                  const ContentHash& content_hash,
                                                  std::optional<std::int64_t> source_version,
                                                  bool reinstate);

// Whether an outcome changes the record.
[[nodiscard]] constexpr bool IsWritten(annals::v1::RowOutcome outcome) {
  return outcome == annals::v1::ROW_OUTCOME_CREATED || outcome == annals::v1::ROW_OUTCOME_UPDATED;
}

// Whether a row of that outcome, though it changes nothing, brings a greater version than the
// stored. The store keeps it, so that a late retry of a version between the two is STALE.
[[nodiscard]] bool RaisesVersion(annals::v1::RowOutcome outcome, const CurrentEvent& current,
                                 std::optional<std::int64_t> source_version);

// What the store knows of a revision that it is about to write.
struct RevisionStamp {
  std::string_view licence;  // of the event's feed
  std::int64_t revision = 1;
  Micros create_time = 0;
  Micros update_time = 0;
  // Of the revision before, for this one to keep; CheckWithAdded said OK (storage/offer_path.h).
  std::span<const annals::v1::OfferStep> added_steps = {};
};

// Turns what a client sent into the record of a new ACTIVE revision: clears what only the server
// fills, then fills all of it. REQUIRES: a validated event.
void StampActive(const Gazetteer& gazetteer, const RevisionStamp& stamp, annals::v1::Event* event);

// Turns the current record into that of a RETRACTED revision.
void StampRetracted(std::int64_t revision, Micros update_time, std::string_view reason,
                    annals::v1::Event* event);

// Turns the current record into that of a revision with a step more. False where the step was added
// before: nothing is changed. What EventStore::AdvanceOffer says of errors, but for NOT_FOUND.
[[nodiscard]] absl::StatusOr<bool> StampAdvanced(const annals::v1::OfferStep& step,
                                                 std::string_view etag, Micros update_time,
                                                 annals::v1::Event* event);
// Turns the current record into that of its next revision: MERGED into `target` ...
void StampMerged(Micros update_time, std::string_view target, annals::v1::Event* event);
// ... or ACTIVE again, with the content it has.
void StampUnmerged(Micros update_time, annals::v1::Event* event);
// ... or without content, RETRACTED unless it is MERGED. REQUIRES: RemoveContent ran.
void StampRedacted(Micros update_time, annals::v1::Event* event);

}  // namespace annals::storage

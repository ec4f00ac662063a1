#include "storage/upsert_decision.h"

#include "fmt/format.h"
#include "storage/error.h"
#include "storage/gazetteer.h"
#include "storage/offer_path.h"
#include "storage/removal.h"

namespace annals::storage {
namespace {

// Names a revision of an event: it need only differ between revisions of one event.
std::string Etag(std::int64_t revision, Micros update_time) {
  return fmt::format("{:x}-{:x}", revision, update_time);
}

void StampNext(Micros update_time, annals::v1::EventState state, annals::v1::Event* event) {
  event->set_revision(event->revision() + 1);
  *event->mutable_update_time() = ToTimestamp(update_time);
  event->set_state(state);
  event->set_etag(Etag(event->revision(), update_time));
}

}  // namespace

annals::v1::RowOutcome DecideUpsert(const CurrentEvent* current, const ContentHash& content_hash,
                                    std::optional<std::int64_t> source_version, bool reinstate) {
  if (current == nullptr) return annals::v1::ROW_OUTCOME_CREATED;
  if (current->content_hash == kRedactedHash) return annals::v1::ROW_OUTCOME_STAYS_REDACTED;
  if (source_version && current->source_version && *source_version < *current->source_version) {
    return annals::v1::ROW_OUTCOME_STALE;
  }
  if (current->state != annals::v1::EVENT_STATE_ACTIVE) {
    if (reinstate) return annals::v1::ROW_OUTCOME_UPDATED;
    return current->state == annals::v1::EVENT_STATE_MERGED
               ? annals::v1::ROW_OUTCOME_STAYS_MERGED
               : annals::v1::ROW_OUTCOME_STAYS_RETRACTED;
  }
  return content_hash == current->content_hash ? annals::v1::ROW_OUTCOME_UNCHANGED
                                               : annals::v1::ROW_OUTCOME_UPDATED;
}

bool RaisesVersion(annals::v1::RowOutcome outcome, const CurrentEvent& current,
                   std::optional<std::int64_t> source_version) {
  // An absent version is below every other.
  return outcome == annals::v1::ROW_OUTCOME_UNCHANGED && source_version > current.source_version;
}

void StampActive(const Gazetteer& gazetteer, const RevisionStamp& stamp, annals::v1::Event* event) {
  ClearOutputOnlyFields(event);
  if (event->has_exchange_offer() || !stamp.added_steps.empty()) {
    MergeSteps(stamp.added_steps, event->mutable_exchange_offer()->mutable_steps());
  }
  FillDerivedFields(gazetteer, event);
  event->set_licence(std::string(stamp.licence));
  *event->mutable_create_time() = ToTimestamp(stamp.create_time);
  *event->mutable_update_time() = ToTimestamp(stamp.update_time);
  event->set_revision(stamp.revision);
  event->set_state(annals::v1::EVENT_STATE_ACTIVE);
  event->set_etag(Etag(stamp.revision, stamp.update_time));
}

void StampRetracted(std::int64_t revision, Micros update_time, std::string_view reason,
                    annals::v1::Event* event) {
  *event->mutable_update_time() = ToTimestamp(update_time);
  event->set_revision(revision);
  event->set_state(annals::v1::EVENT_STATE_RETRACTED);
  event->set_etag(Etag(revision, update_time));
  event->set_retraction_reason(std::string(reason));
}

absl::StatusOr<bool> StampAdvanced(const annals::v1::OfferStep& step, std::string_view etag,
                                   Micros update_time, annals::v1::Event* event) {
  if (!etag.empty() && etag != event->etag()) {
    return Error(absl::StatusCode::kAborted, "ETAG_MISMATCH",
                 fmt::format("{} has changed since", event->name()), "etag");
  }
  if (event->state() != annals::v1::EVENT_STATE_ACTIVE) {
    return Error(absl::StatusCode::kFailedPrecondition, "NOT_ACTIVE",
                 fmt::format("name: {} does not stand: it is {}", event->name(),
                             annals::v1::EventState_Name(event->state())),
                 "name");
  }
  if (event->kind() != annals::v1::EVENT_KIND_EXCHANGE_OFFER) {
    return Error(absl::StatusCode::kFailedPrecondition, "NOT_AN_OFFER",
                 fmt::format("name: {} is no exchange offer: its kind is {}", event->name(),
                             annals::v1::EventKind_Name(event->kind())),
                 "name");
  }
  auto added = AddStep(step, update_time, event);
  if (!added.ok() || !*added) return added;
  const std::int64_t revision = event->revision() + 1;
  *event->mutable_update_time() = ToTimestamp(update_time);
  event->set_revision(revision);
  event->set_etag(Etag(revision, update_time));
  return true;
}

void StampMerged(Micros update_time, std::string_view target, annals::v1::Event* event) {
  StampNext(update_time, annals::v1::EVENT_STATE_MERGED, event);
  event->set_merged_into(std::string(target));
}

void StampUnmerged(Micros update_time, annals::v1::Event* event) {
  StampNext(update_time, annals::v1::EVENT_STATE_ACTIVE, event);
  event->clear_merged_into();
}

void StampRedacted(Micros update_time, annals::v1::Event* event) {
  if (event->state() == annals::v1::EVENT_STATE_MERGED) {
    return StampNext(update_time, annals::v1::EVENT_STATE_MERGED, event);
  }
  StampNext(update_time, annals::v1::EVENT_STATE_RETRACTED, event);
  event->set_retraction_reason(std::string(kRedactedReason));
}

}  // namespace annals::storage

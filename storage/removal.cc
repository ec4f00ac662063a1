#include "storage/removal.h"

#include <string>
#include <utility>

#include "fmt/format.h"
#include "storage/error.h"

namespace annals::storage {

// What stays is named, not what goes: a field added to the record goes unless it is listed here.
void RemoveContent(annals::v1::Event* event) {
  annals::v1::Event left;
  left.set_name(event->name());
  left.set_kind(event->kind());
  *left.mutable_occurred() = event->occurred();
  left.set_title(std::string(kRedactedTitle));
  left.set_licence(event->licence());
  *left.mutable_create_time() = event->create_time();
  *left.mutable_update_time() = event->update_time();
  left.set_revision(event->revision());
  left.set_state(event->state());
  left.set_etag(event->etag());
  left.set_merged_into(event->merged_into());
  if (event->state() == annals::v1::EVENT_STATE_RETRACTED) {
    left.set_retraction_reason(std::string(kRedactedReason));
  }
  left.set_verification(annals::v1::VERIFICATION_UNCLAIMED);
  left.set_redacted(true);
  *event = std::move(left);
}

absl::Status CheckDeletion(std::string_view feed, const DeletionReceipt& held, bool purge) {
  if (purge || held.event_count == 0) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "FEED_NOT_EMPTY",
               fmt::format("feeds/{} has {} events; they are deleted only with `purge`", feed,
                           held.event_count),
               "purge");
}

}  // namespace annals::storage

// Checks an event against every limit of the contract before it crosses the storage port.
// Thread-safe. What it is made of must outlive it.
#pragma once

#include "absl/status/status.h"
#include "annals/v1/events.pb.h"
#include "service/catalog_snapshot.h"
#include "storage/gazetteer.h"

namespace annals::service {

inline constexpr int kEventBytesMax = 64 << 10;
inline constexpr int kTitleCharactersMax = 300;
inline constexpr int kDescriptionCharactersMax = 20'000;

class EventValidator {
 public:
  EventValidator(const storage::Gazetteer& gazetteer, CatalogSight catalog)
      : gazetteer_(gazetteer), catalog_(catalog) {}

  // Answers the first thing wrong, its field as a path from the event. Besides the reasons of
  // field_checker.h: BAD_NAME, UNKNOWN_FEED, UNKNOWN_KIND, DETAILS_MISMATCH, UNKNOWN_ACTOR,
  // UNKNOWN_REGION, RADIUS_RANGE, RADIUS_NEEDS_POINT, RADIUS_AND_AREA_REGION, BAD_LANGUAGE,
  // BAD_SHA256, EVENT_TOO_LARGE, LOOKS_LIKE_A_NAME (all INVALID_ARGUMENT), and ILLEGAL_STEP
  // (FAILED_PRECONDITION). With `captive_labels_checked` labels of captives may look like names
  // (captive_label.h).
  //
  // Brings the event into the form that is kept: output-only and unknown fields cleared, the
  // longitude in [-180, 180).
  [[nodiscard]] absl::Status Validate(annals::v1::Event* event,
                                      bool captive_labels_checked = false) const;
  // Whether a captive's label looks like a name. REQUIRES: a valid event.
  [[nodiscard]] bool SeemsToNameCaptives(const annals::v1::Event& event) const;

 private:
  const storage::Gazetteer& gazetteer_;
  CatalogSight catalog_;
};

}  // namespace annals::service

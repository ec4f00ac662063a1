// The life cycle of an exchange offer: how its steps are sorted, which may follow which, what it
// has come to, and how the steps that AdvanceExchangeOffer added live beside those that the feed
// sends.
//
// A record holds both kinds of step, sorted. An added step has `advance_time`; one that the feed
// sends too stands there once, with `sent_by_feed`. So the feed's content can always be told from
// the record, and an export that is ingested again changes nothing.
//
// Pure functions. Windows are valid; other fields may hold anything.
#pragma once

#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "annals/v1/events.pb.h"
#include "storage/time_span.h"

namespace annals::storage {

inline constexpr int kOfferStepsMax = 200;
// Of an event with its added steps.
inline constexpr std::size_t kOfferBytesMax = 64 << 10;

using OfferSteps = google::protobuf::RepeatedPtrField<annals::v1::OfferStep>;

// By the start of the window, then in the order of OfferStatus, then by everything else that a
// client sends: equal steps alone have no order.
void SortSteps(OfferSteps* steps);

// Whether a path may go from one status straight to the other: forward, again where a status may be
// repeated (COUNTERED, SCHEDULED, PARTLY_EXECUTED), and from one that ends the offer (EXECUTED and
// the closing ones) to PROPOSED alone.
[[nodiscard]] bool MayFollow(annals::v1::OfferStatus before, annals::v1::OfferStatus after);

// FAILED_PRECONDITION (ILLEGAL_STEP), naming both steps, unless the undisputed steps, sorted, form
// a path. The field is "steps[i]", the later of the two.
[[nodiscard]] absl::Status CheckPath(const OfferSteps& steps);

// That of the last undisputed step; UNSPECIFIED where there is none.
[[nodiscard]] annals::v1::OfferStatus StatusOf(const OfferSteps& steps);

// Leaves what the feed sends: takes out the steps that were only added, and the marks of the
// others. Keeps the order.
void KeepContent(OfferSteps* steps);

// Those with `advance_time`.
[[nodiscard]] std::vector<annals::v1::OfferStep> AddedSteps(const annals::v1::Event& event);

// Puts added steps among the content's, each equal pair as one, and sorts. REQUIRES: `steps` are
// content alone.
void MergeSteps(std::span<const annals::v1::OfferStep> added, OfferSteps* steps);

// Whether a feed's content (what KeepContent leaves of it) may take the place of a revision that
// had these added steps. Besides ILLEGAL_STEP, of a field that is a path from the event and a step
// that the feed sends (where one of the two is), FAILED_PRECONDITION: OFFER_WAS_ADVANCED where the
// event is no exchange offer any more, TOO_MANY_STEPS, EVENT_TOO_LARGE. An offer without added
// steps is checked as well.
[[nodiscard]] absl::Status CheckWithAdded(std::span<const annals::v1::OfferStep> added,
                                          const annals::v1::Event& content);

// Adds a step to an offer's record, as of `time`. False where it was added before; where that one
// differs in `disputed` alone, the new one takes its place. FAILED_PRECONDITION, and nothing is
// changed: ILLEGAL_STEP (field "step"), TOO_MANY_STEPS, EVENT_TOO_LARGE.
[[nodiscard]] absl::StatusOr<bool> AddStep(const annals::v1::OfferStep& step, Micros time,
                                           annals::v1::Event* event);

}  // namespace annals::storage

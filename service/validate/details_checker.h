// Checks what each kind of event has of its own.
#pragma once

#include "annals/v1/events.pb.h"
#include "service/validate/reference_checker.h"

namespace annals::service {

inline constexpr int kNoteCharactersMax = 2'000;

// DETAILS_MISMATCH where the details are not those of the event's kind, and the limits of their
// messages; for the steps of an offer what CheckPath says (storage/offer_path.h).
void CheckDetails(const annals::v1::Event& event, ReferenceChecker* check);

// The limits of one step; what it says beside the others is for storage/offer_path.h.
void CheckStep(const annals::v1::OfferStep& step, ReferenceChecker* check);

}  // namespace annals::service

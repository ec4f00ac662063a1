// Checks what each kind of event has of its own.
#pragma once

#include "annals/v1/events.pb.h"
#include "service/validate/reference_checker.h"

namespace annals::service {

inline constexpr int kNoteCharactersMax = 2'000;

// DETAILS_MISMATCH where the details are not those of the event's kind, and the limits of their
// messages.
void CheckDetails(const annals::v1::Event& event, ReferenceChecker* check);

// ILLEGAL_STEP (FAILED_PRECONDITION), naming both steps, unless the undisputed steps, sorted by
// date, form a path: each further along than the one before or the same again (PROPOSED, COUNTERED,
// AGREED, SCHEDULED, PARTLY_EXECUTED, EXECUTED), any closing step at the end (REJECTED, WITHDRAWN,
// EXPIRED, CALLED_OFF), and after a closing step or EXECUTED nothing but a new PROPOSED. Steps of
// one moment count in that order.
void CheckOfferPath(const annals::v1::ExchangeOffer& offer, FieldChecker* check);

}  // namespace annals::service

// Exchange offers and exchanges told for a person, as lines of a name and a value.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "annals/v1/events.pb.h"

namespace annals::cli {

using TextLines = std::vector<std::pair<std::string, std::string>>;

// "2 soldiers of prk, held by ukr" as it is stated: "2 soldier, of actors/prk, held by actors/ukr".
// What is not stated is left out; a group of which nothing is stated is "unstated".
[[nodiscard]] std::string SideText(const v1::CaptiveSide& side);

// "2025-01-12 proposed, says actors/ukr-president: Made in public. (https://…)", with "disputed"
// where it is, and when it was added here.
[[nodiscard]] std::string StepText(const v1::OfferStep& step);

// The offer, its parties, terms, status and steps.
[[nodiscard]] TextLines OfferLines(const v1::ExchangeOffer& offer);

// Who was delivered, by side, the stages, and the offer that it fulfils.
[[nodiscard]] TextLines ExchangeLines(const v1::Exchange& exchange);

}  // namespace annals::cli

// Exchange offers told for a person, as lines of a name and a value.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "annals/v1/events.pb.h"

namespace annals::cli {

using TextLines = std::vector<std::pair<std::string, std::string>>;

// "2025-01-12 proposed, says actors/ukr-president: Made in public. (https://…)", with "disputed"
// where it is, and when it was added here.
[[nodiscard]] std::string StepText(const v1::OfferStep& step);

// The offer, its parties, terms, status and steps.
[[nodiscard]] TextLines OfferLines(const v1::ExchangeOffer& offer);

}  // namespace annals::cli

// Counts as people read them. What is not known is left empty, and is never 0.
#pragma once

#include <string>

#include "annals/v1/event_service.pb.h"
#include "annals/v1/values.pb.h"

namespace annals::cli {

// "2" where it is certain, "about 11,000" where only a best estimate is given, "≥ 5", "≤ 7", "3–5",
// "4 (3–5)". Empty where nothing is known.
[[nodiscard]] std::string CountText(const v1::CountRange& count);

// A sum of such counts: "41", "41 (38–52)". Empty where no event states any.
[[nodiscard]] std::string SumText(const v1::CountSum& sum);

}  // namespace annals::cli

// Ids for events that are entered by hand.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace annals::cli {

// A ULID: 26 characters of Crockford's base 32, the milliseconds since 1970 and then 80 random
// bits, so that ids sort by when they were made. REQUIRES: `time` in [1970, 10889).
[[nodiscard]] std::string MakeUlid(absl::Time time, const std::array<std::uint8_t, 10>& random);

// One of now.
[[nodiscard]] std::string NewUlid();

}  // namespace annals::cli

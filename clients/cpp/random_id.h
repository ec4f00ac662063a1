// Names for batches that have none.
#pragma once

#include <string>

namespace annals::client {

// 128 random bits from the system, as 32 hexadecimal digits.
[[nodiscard]] std::string RandomId();

}  // namespace annals::client

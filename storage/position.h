// A place in the commit order of one store: 0 is the empty record, each atomic write that changes
// something takes the next number. Clients only ever see it sealed (service/token_codec.h).
#pragma once

#include <compare>
#include <cstdint>

namespace annals::storage {

struct Position {
  std::int64_t value = 0;
  auto operator<=>(const Position&) const = default;
};

}  // namespace annals::storage

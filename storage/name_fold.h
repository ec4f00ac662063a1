// Makes names comparable whatever their case, accents and spacing, in any script: NFKD without
// combining marks, case-folded, runs of anything but letters and digits as one space, trimmed.
// "Kursk  Oblast’" -> "kursk oblast", "КУРСК" -> "курск", "Dniπro" stays mixed.
#pragma once

#include <string>
#include <string_view>

namespace annals::storage {

// `text` is UTF-8; malformed bytes count as spaces.
[[nodiscard]] std::string FoldName(std::string_view text);

}  // namespace annals::storage

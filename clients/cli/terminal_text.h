// Text as a terminal shows it. Widths count columns: a Chinese character takes two, a combining
// accent none.
#pragma once

#include <string>
#include <string_view>

namespace annals::cli {

// The text with nothing that a terminal would obey: control characters (C0, C1, DEL), line and
// paragraph separators and bidirectional overrides become a space or vanish; invalid UTF-8 becomes
// U+FFFD. What feeds wrote is shown, never executed.
[[nodiscard]] std::string Sanitized(std::string_view text);

// How many columns `text` takes. REQUIRES: sanitized UTF-8.
[[nodiscard]] int DisplayWidth(std::string_view text);

// The text, cut to `width` columns with "…" as the last where it is longer. REQUIRES: sanitized,
// width >= 1.
[[nodiscard]] std::string Truncated(std::string_view text, int width);

// The text, cut or filled up with spaces to exactly `width` columns.
[[nodiscard]] std::string Padded(std::string_view text, int width, bool right_aligned = false);

// 11000 -> "11,000".
[[nodiscard]] std::string Grouped(long long number);

}  // namespace annals::cli

// Text of other people's files, brought into the form that annals.v1 takes. Lengths are in
// characters (Unicode scalar values). Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace annals::import {

// Whether the text is UTF-8 (overlong forms and surrogates are not).
[[nodiscard]] bool IsUtf8(std::string_view text);

// Without spaces, tabs and line breaks at either end.
[[nodiscard]] std::string_view Trimmed(std::string_view text);

// On one line: control characters and the line separators of Unicode become spaces, runs of spaces
// one space, none at either end. REQUIRES: UTF-8.
[[nodiscard]] std::string OneLine(std::string_view text);

// Several lines: CRLF and CR become LF, control characters other than LF a space; trimmed.
// REQUIRES: UTF-8.
[[nodiscard]] std::string Lines(std::string_view text);

// The text, or its first `characters_max - 1` characters and "…" where it is longer. REQUIRES:
// UTF-8, characters_max >= 1.
[[nodiscard]] std::string Shortened(std::string_view text, int characters_max);

}  // namespace annals::import

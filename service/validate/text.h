// Text as limits count it: Unicode scalar values in valid UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace annals::service {

// How many characters (Unicode scalar values) the text has; none where it is not valid UTF-8
// (overlong forms and surrogates are not).
[[nodiscard]] std::optional<int> CharacterCount(std::string_view text);

// Whether the text holds a C0 control (line breaks and tabs apart) or DEL. REQUIRES: valid UTF-8.
[[nodiscard]] bool HasControls(std::string_view text);

// Whether the text holds a line break (LF, CR, VT, FF, NEL, U+2028, U+2029) or a tab. REQUIRES:
// valid UTF-8.
[[nodiscard]] bool HasLineBreaks(std::string_view text);

// Overwrites every byte that is no part of valid UTF-8 with '?', so that the length stays. Returns
// whether there was any.
bool ReplaceMalformed(char* text, std::size_t size);

// The text in quotes for a message: valid UTF-8, at most 80 bytes of it.
[[nodiscard]] std::string Quoted(std::string_view text);

}  // namespace annals::service

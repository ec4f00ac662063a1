// base64url without padding (RFC 4648), of whole groups.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace annals::service {

// REQUIRES: a multiple of three bytes.
[[nodiscard]] std::string ToBase64Url(std::string_view bytes);
// None where a character is no digit, or the size no multiple of four.
[[nodiscard]] std::optional<std::string> FromBase64Url(std::string_view text);

}  // namespace annals::service

#include "clients/cli/terminal_text.h"

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <cstdint>

namespace annals::cli {
namespace {

// The code point at `offset`, which moves past it; U+FFFD where the bytes are not UTF-8.
UChar32 NextCodePoint(std::string_view text, std::int32_t& offset) {
  UChar32 point = 0;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int32_t>(text.size());
  U8_NEXT_OR_FFFD(bytes, offset, size, point);
  return point;
}

void Append(std::string& text, UChar32 point) {
  std::uint8_t bytes[U8_MAX_LENGTH];
  std::int32_t size = 0;
  U8_APPEND_UNSAFE(bytes, size, point);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

int WidthOf(UChar32 point) {
  switch (u_charType(point)) {
    case U_NON_SPACING_MARK:
    case U_ENCLOSING_MARK:
    case U_FORMAT_CHAR:
      return 0;
    default:
      break;
  }
  const int width = u_getIntPropertyValue(point, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

// Bidirectional controls reorder what stands beside them; joiners, which words of some scripts
// need, stay.
bool Vanishes(UChar32 point) {
  return u_charType(point) == U_FORMAT_CHAR && point != 0x200C && point != 0x200D;
}

bool BecomesSpace(UChar32 point) {
  switch (u_charType(point)) {
    case U_CONTROL_CHAR:
    case U_LINE_SEPARATOR:
    case U_PARAGRAPH_SEPARATOR:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string Sanitized(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::int32_t offset = 0; offset < static_cast<std::int32_t>(text.size());) {
    const UChar32 point = NextCodePoint(text, offset);
    if (Vanishes(point)) continue;
    Append(result, BecomesSpace(point) ? U' ' : point);
  }
  return result;
}

int DisplayWidth(std::string_view text) {
  int width = 0;
  for (std::int32_t offset = 0; offset < static_cast<std::int32_t>(text.size());) {
    width += WidthOf(NextCodePoint(text, offset));
  }
  return width;
}

std::string Truncated(std::string_view text, int width) {
  int used = 0;
  std::int32_t kept = 0;  // Bytes that leave a column for the ellipsis.
  for (std::int32_t offset = 0; offset < static_cast<std::int32_t>(text.size());) {
    used += WidthOf(NextCodePoint(text, offset));
    if (used <= width - 1) kept = offset;
    if (used > width) return std::string(text.substr(0, static_cast<std::size_t>(kept))) + "…";
  }
  return std::string(text);
}

std::string Padded(std::string_view text, int width, bool right_aligned) {
  std::string cut = Truncated(text, width);
  const int missing = width - DisplayWidth(cut);
  const std::string fill(missing > 0 ? static_cast<std::size_t>(missing) : 0, ' ');
  return right_aligned ? fill + cut : cut + fill;
}

std::string Grouped(long long number) {
  std::string digits = fmt::format("{}", number);
  const std::size_t first = digits.front() == '-' ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

}  // namespace annals::cli

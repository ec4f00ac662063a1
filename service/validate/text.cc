#include "service/validate/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "fmt/format.h"

namespace annals::service {
namespace {

constexpr std::size_t kQuotedBytesMax = 80;

bool IsContinuation(std::uint8_t byte) { return (byte & 0xC0U) == 0x80U; }

// Length of the well-formed sequence that begins the text; 0 where there is none (Unicode, table
// 3-7).
std::size_t SequenceLength(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!IsContinuation(at(i))) return 0;
  }
  const std::uint8_t second = at(1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second > 0x9F;
  const bool beyond = lead == 0xF4 && second > 0x8F;
  return overlong || surrogate || beyond ? 0 : length;
}

}  // namespace

std::optional<int> CharacterCount(std::string_view text) {
  int count = 0;
  for (std::size_t i = 0; i < text.size(); ++count) {
    const std::size_t length = SequenceLength(text.substr(i));
    if (length == 0) return std::nullopt;
    i += length;
  }
  return count;
}

bool HasControls(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return byte == 0x7F || (byte < 0x20 && c != '\n' && c != '\r' && c != '\t');
  });
}

bool HasLineBreaks(std::string_view text) {
  static constexpr std::array<std::string_view, 3> kWideBreaks = {"\xC2\x85", "\xE2\x80\xA8",
                                                                  "\xE2\x80\xA9"};
  return text.find_first_of("\n\r\t\v\f") != std::string_view::npos ||
         std::ranges::any_of(kWideBreaks, [&](std::string_view wide) {
           return text.find(wide) != std::string_view::npos;
         });
}

bool ReplaceMalformed(char* text, std::size_t size) {
  bool replaced = false;
  for (std::size_t i = 0; i < size;) {
    const std::size_t length = SequenceLength(std::string_view(text + i, size - i));
    if (length == 0) {
      text[i] = '?';
      replaced = true;
    }
    i += std::max<std::size_t>(length, 1);
  }
  return replaced;
}

std::string Quoted(std::string_view text) {
  std::string shown(text.substr(0, kQuotedBytesMax));
  while (!shown.empty() && shown.size() < text.size() &&
         IsContinuation(static_cast<std::uint8_t>(text[shown.size()]))) {
    shown.pop_back();  // not in the middle of a character
  }
  ReplaceMalformed(shown.data(), shown.size());
  return fmt::format("\"{}{}\"", shown, shown.size() < text.size() ? "..." : "");
}

}  // namespace annals::service

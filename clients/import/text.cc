#include "clients/import/text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace annals::import {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::uint8_t ByteAt(std::string_view text, std::size_t i) {
  return static_cast<std::uint8_t>(text[i]);
}

// How many bytes the sequence has that `lead` begins; 0 where it begins none.
std::size_t SequenceLength(std::uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

// Whether the second byte keeps the sequence from being overlong, a surrogate or beyond U+10FFFF.
bool IsSecondByte(std::uint8_t lead, std::uint8_t second) {
  if (lead == 0xE0) return second >= 0xA0;
  if (lead == 0xED) return second < 0xA0;
  if (lead == 0xF0) return second >= 0x90;
  if (lead == 0xF4) return second < 0x90;
  return true;
}

// How many bytes at the start of `text` are a control character or a line separator (NEL, U+2028,
// U+2029).
std::size_t ControlLength(std::string_view text) {
  const std::uint8_t byte = ByteAt(text, 0);
  if (byte < 0x20 || byte == 0x7F) return 1;
  if (text.starts_with("\xC2\x85")) return 2;
  if (text.starts_with("\xE2\x80\xA8") || text.starts_with("\xE2\x80\xA9")) return 3;
  return 0;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t lead = ByteAt(text, i);
    const std::size_t length = SequenceLength(lead);
    if (length == 0 || text.size() - i < length) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((ByteAt(text, i + k) & 0xC0) != 0x80) return false;
    }
    if (length > 1 && !IsSecondByte(lead, ByteAt(text, i + 1))) return false;
    i += length;
  }
  return true;
}

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string OneLine(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  while (!text.empty()) {
    const std::size_t control = text.front() == ' ' ? 1 : ControlLength(text);
    if (control == 0) {
      line.push_back(text.front());
    } else if (!line.empty() && line.back() != ' ') {
      line.push_back(' ');
    }
    text.remove_prefix(std::max<std::size_t>(control, 1));
  }
  if (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

std::string Lines(std::string_view text) {
  text = Trimmed(text);
  std::string lines;
  lines.reserve(text.size());
  while (!text.empty()) {
    const std::size_t control = ControlLength(text);
    const bool breaks = text.front() == '\n' || text.front() == '\r';
    const bool pair = text.starts_with("\r\n");
    lines.push_back(breaks ? '\n' : control > 0 ? ' ' : text.front());
    text.remove_prefix(pair ? 2 : std::max<std::size_t>(control, 1));
  }
  return lines;
}

std::string Shortened(std::string_view text, int characters_max) {
  int characters = 0;
  std::size_t kept = 0;  // Bytes of the first characters_max - 1 characters.
  for (std::size_t i = 0; i < text.size(); i += SequenceLength(ByteAt(text, i))) {
    if (++characters == characters_max) kept = i;
    if (characters > characters_max) return std::string(text.substr(0, kept)) + "…";
  }
  return std::string(text);
}

}  // namespace annals::import

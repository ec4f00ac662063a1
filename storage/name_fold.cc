#include "storage/name_fold.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utypes.h>

#include <cstdint>
#include <optional>
#include <utility>

namespace annals::storage {
namespace {

bool IsMark(UChar32 c) {
  const std::int8_t type = u_charType(c);
  return type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_COMBINING_SPACING_MARK;
}

// FoldName of what most texts are, without the detour over UTF-16: none where `text` has more than
// ASCII in it.
std::optional<std::string> FoldAscii(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  bool space_owed = false;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0x80) != 0) return std::nullopt;
    const bool upper = c >= 'A' && c <= 'Z';
    if (!upper && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) {
      space_owed = !folded.empty();
      continue;
    }
    if (space_owed) folded += ' ';
    space_owed = false;
    folded += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return folded;
}

}  // namespace

std::string FoldName(std::string_view text) {
  if (auto folded = FoldAscii(text)) return *std::move(folded);
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfkd = icu::Normalizer2::getNFKDInstance(error);
  icu::UnicodeString folded = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
  if (U_SUCCESS(error)) folded = nfkd->normalize(folded, error);
  folded.foldCase();
  // Folding may bring marks of its own (U+0130 does), so they are taken out last.
  if (U_SUCCESS(error)) folded = nfkd->normalize(folded, error);

  icu::UnicodeString kept;
  bool space_owed = false;
  for (std::int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    const UChar32 c = folded.char32At(i);
    if (IsMark(c)) continue;
    if (!u_isalnum(c) || c == 0xFFFD) {
      space_owed = !kept.isEmpty();
      continue;
    }
    if (space_owed) kept.append(static_cast<UChar>(' '));
    space_owed = false;
    kept.append(c);
  }
  std::string result;
  kept.toUTF8String(result);
  return result;
}

}  // namespace annals::storage

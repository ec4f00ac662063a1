#include "storage/name_fold.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utypes.h>

#include <cstdint>

namespace annals::storage {
namespace {

bool IsMark(UChar32 c) {
  const std::int8_t type = u_charType(c);
  return type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_COMBINING_SPACING_MARK;
}

}  // namespace

std::string FoldName(std::string_view text) {
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

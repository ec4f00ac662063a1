#include "storage/name_likeness.h"

#include <unicode/translit.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <numeric>
#include <utility>

#include "storage/name_fold.h"

namespace annals::storage {
namespace {

// Letters of romanised text: a to z, 0 to 9, space.
constexpr std::uint32_t kLetters = 37;
constexpr std::uint32_t kGrams = kLetters * kLetters * kLetters;
// What is shared by fewer trigrams than this share is not looked at: a swap in the middle of a word
// of five letters leaves two of twelve.
constexpr double kCommonLeast = 0.15;

// What is written for a soft sign or a glottal stop, or left out.
constexpr std::string_view kSilent[] = {"'",      "`", "´", "\u02b9", "\u02bb",
                                        "\u02bc", "ʾ", "ʿ", "\u2018", "\u2019"};

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string WithoutSilent(std::string_view text) {
  std::string kept(text);
  for (const std::string_view mark : kSilent) {
    for (std::size_t at = 0; (at = kept.find(mark, at)) != std::string::npos;) {
      kept.erase(at, mark.size());
    }
  }
  return kept;
}

// Transliterates to ASCII as far as ICU can. ICU does not say whether threads may share one.
std::string ToAscii(std::string_view text) {
  static std::mutex mutex;
  static const std::unique_ptr<const icu::Transliterator> transliterator = [] {
    UErrorCode error = U_ZERO_ERROR;
    return std::unique_ptr<const icu::Transliterator>(
        icu::Transliterator::createInstance("Any-Latin; Latin-ASCII", UTRANS_FORWARD, error));
  }();
  if (transliterator == nullptr) return std::string(text);
  icu::UnicodeString written = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
  {
    const std::lock_guard lock(mutex);
    transliterator->transliterate(written);
  }
  std::string ascii;
  written.toUTF8String(ascii);
  return ascii;
}

std::uint32_t LetterCode(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<std::uint32_t>(c - 'a') + 1;
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0') + 27;
  return 0;
}

// Each trigram of a romanised text once.
std::vector<std::uint32_t> GramsOf(std::string_view text) {
  std::vector<std::uint32_t> grams;
  std::uint32_t gram = 0;
  const auto push = [&](std::uint32_t letter) { gram = (gram * kLetters + letter) % kGrams; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') continue;
    if (i == 0 || text[i - 1] == ' ') gram = 0;
    push(LetterCode(text[i]));
    grams.push_back(gram);
    if (i + 1 < text.size() && text[i + 1] != ' ') continue;
    push(0);
    grams.push_back(gram);
  }
  std::ranges::sort(grams);
  const auto repeated = std::ranges::unique(grams);
  grams.erase(repeated.begin(), repeated.end());
  return grams;
}

}  // namespace

std::string Romanized(std::string_view text) {
  const std::string spoken = WithoutSilent(text);
  std::string folded = FoldName(spoken);
  // Folding takes marks away that tell letters apart ("й"), so ICU sees the text itself.
  if (!IsAscii(folded)) folded = FoldName(WithoutSilent(ToAscii(spoken)));
  std::string romanized;
  for (const char c : folded) {
    if (LetterCode(c) != 0) {
      romanized += c;
    } else if (c == ' ' && !romanized.empty() && romanized.back() != ' ') {
      romanized += c;
    }
  }
  if (romanized.ends_with(' ')) romanized.pop_back();
  return romanized;
}

double EditLikeness(std::string_view a, std::string_view b) {
  const std::size_t longer = std::max(a.size(), b.size());
  if (longer == 0) return 1;
  // Edits that make the first i letters of `a` the first j of `b`, for the last three i.
  std::array<std::vector<std::size_t>, 3> rows;
  for (auto& row : rows) row.resize(b.size() + 1);
  std::iota(rows[0].begin(), rows[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i - 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + 1);
      }
    }
  }
  return 1 - static_cast<double>(rows[a.size() % 3][b.size()]) / static_cast<double>(longer);
}

LikenessIndex::LikenessIndex(std::vector<std::string> spellings)
    : spellings_(std::move(spellings)), starts_(kGrams + 1) {
  std::vector<std::vector<std::uint32_t>> grams;
  for (const std::string& spelling : spellings_) {
    grams.push_back(GramsOf(spelling));
    gram_counts_.push_back(static_cast<std::uint16_t>(grams.back().size()));
    for (const std::uint32_t gram : grams.back()) ++starts_[gram + 1];
  }
  std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
  postings_.resize(starts_.back());
  std::vector<std::uint32_t> next(starts_.begin(), starts_.end() - 1);
  for (std::size_t i = 0; i < grams.size(); ++i) {
    for (const std::uint32_t gram : grams[i]) {
      postings_[next[gram]++] = static_cast<std::uint32_t>(i);
    }
  }
}

std::vector<LikenessIndex::Like> LikenessIndex::Find(std::string_view text, double least) const {
  const std::vector<std::uint32_t> grams = GramsOf(text);
  std::vector<std::uint16_t> common(spellings_.size());
  for (const std::uint32_t gram : grams) {
    for (std::uint32_t i = starts_[gram]; i < starts_[gram + 1]; ++i) ++common[postings_[i]];
  }
  std::vector<Like> found;
  for (std::size_t i = 0; i < spellings_.size(); ++i) {
    double likeness = 2.0 * common[i] / static_cast<double>(grams.size() + gram_counts_[i]);
    if (common[i] == 0 || likeness < kCommonLeast) continue;
    // Of a list: by value. Of two values it would be references to what is gone.
    const auto [shorter, longer] = std::minmax({text.size(), spellings_[i].size()});
    // Letters too many are edits, too.
    if (static_cast<double>(shorter) >= least * static_cast<double>(longer)) {
      likeness = std::max(likeness, EditLikeness(text, spellings_[i]));
    }
    if (likeness >= least) found.push_back({i, likeness});
  }
  return found;
}

}  // namespace annals::storage

// Which of many spellings are like a text: with letters missing, doubled or swapped, in another
// romanisation, or in another script.
//
// Immutable after construction; safe to share between threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace annals::storage {

// The text in the letters a to z and digits, words apart by one space: transliterated by ICU
// (Any-Latin, Latin-ASCII), lower case, apostrophes and soft signs left out. "Курськ" and "Kurs'k"
// -> "kursk", "Запорожье" -> "zaporoze". Empty where nothing of it can be transliterated. Malformed
// UTF-8 counts as spaces.
[[nodiscard]] std::string Romanized(std::string_view text);

// 1 - E / L in [0, 1], where L is the length of the longer text in bytes and E the least number of
// letters to insert, leave out, replace or swap with their neighbour that makes one the other.
[[nodiscard]] double EditLikeness(std::string_view a, std::string_view b);

// Of spellings made by Romanized().
class LikenessIndex {
 public:
  explicit LikenessIndex(std::vector<std::string> spellings);

  struct Like {
    std::size_t spelling;  // index of the one given
    double likeness;
  };
  // All spellings whose likeness to the text, one made by Romanized(), is at least `least`, in
  // (0, 1], in their order. The likeness is the higher of EditLikeness() and the share of trigrams
  // in common (twice those in common through those of both, words padded by two spaces before and
  // one behind), which forgives words in another order.
  [[nodiscard]] std::vector<Like> Find(std::string_view text, double least) const;

 private:
  std::vector<std::string> spellings_;
  std::vector<std::uint16_t> gram_counts_;  // of each spelling, each trigram once
  // Spellings with a trigram: those of trigram g are postings_[starts_[g], starts_[g + 1]).
  std::vector<std::uint32_t> starts_;
  std::vector<std::uint32_t> postings_;
};

}  // namespace annals::storage

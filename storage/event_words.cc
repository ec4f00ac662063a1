#include "storage/event_words.h"

#include <algorithm>

#include "absl/strings/str_split.h"
#include "storage/name_fold.h"

namespace annals::storage {
namespace {

// At most kWordBytesMax bytes, not ending within a character.
std::string_view Cut(std::string_view word) {
  if (word.size() <= kWordBytesMax) return word;
  std::size_t end = kWordBytesMax;
  while ((static_cast<unsigned char>(word[end]) & 0xC0) == 0x80) --end;
  return word.substr(0, end);
}

void AddWords(std::string_view text, std::vector<std::string>* words) {
  if (text.empty()) return;
  const std::string folded = FoldName(text);
  for (const absl::string_view word : absl::StrSplit(folded, ' ', absl::SkipEmpty())) {
    words->emplace_back(Cut({word.data(), word.size()}));
  }
}

std::vector<std::string> Sorted(std::vector<std::string> words) {
  std::ranges::sort(words);
  const auto repeated = std::ranges::unique(words);
  words.erase(repeated.begin(), repeated.end());
  return words;
}

}  // namespace

std::vector<std::string> WordsOf(const annals::v1::Event& event) {
  std::vector<std::string> words;
  AddWords(event.title(), &words);
  AddWords(event.description(), &words);
  AddWords(event.location().place_name(), &words);
  for (const auto& participant : event.participants()) AddWords(participant.label(), &words);
  for (const std::string& tag : event.tags()) AddWords(tag, &words);
  for (const auto& claim : event.claims()) {
    AddWords(claim.source(), &words);
    AddWords(claim.note(), &words);
  }
  return Sorted(std::move(words));
}

std::vector<std::string> QueryWords(std::string_view text) {
  std::vector<std::string> words;
  AddWords(text, &words);
  return Sorted(std::move(words));
}

bool HoldWords(const std::vector<std::string>& words, const std::vector<std::string>& asked) {
  return std::ranges::all_of(asked, [&](const std::string& word) {
    const auto found = std::ranges::lower_bound(words, word);
    return found != words.end() && found->starts_with(word);
  });
}

}  // namespace annals::storage

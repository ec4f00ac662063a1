// The words by which events are found, the same in both stores.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "annals/v1/events.pb.h"

namespace annals::storage {

// What of a longer word counts, in bytes: a question's longer word is cut likewise.
inline constexpr std::size_t kWordBytesMax = 64;

// The words of title, description, place name, labels of participants, tags, and the sources and
// notes of claims: folded by FoldName (storage/name_fold.h), ascending, each once.
[[nodiscard]] std::vector<std::string> WordsOf(const annals::v1::Event& event);

// The words of a question, folded likewise; empty where it has no letter or digit.
[[nodiscard]] std::vector<std::string> QueryWords(std::string_view text);

// Whether `words` (ascending) hold every one of `asked`, or a word that begins so.
[[nodiscard]] bool HoldWords(const std::vector<std::string>& words,
                             const std::vector<std::string>& asked);

}  // namespace annals::storage

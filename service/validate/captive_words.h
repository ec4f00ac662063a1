// What words mean in descriptions of captives, in English, Russian and Ukrainian: the vocabulary of
// captive_label.h.
#pragma once

#include <string_view>

namespace annals::service {

enum class WordSense {
  kUnknown,     // may be a name
  kArticle,     // "the", "al"
  kAnd,         // "and", "та"
  kOf,          // "of"
  kPlace,       // what leads to a place: "from", "near", "із"
  kTitle,       // a rank or a form of address: "Sgt", "Mr", "рядовой"
  kPerson,      // one person: "soldier", "боєць"
  kPersons,     // several: "soldiers", "crew", "Ukrainians", "жителі"
  kUnit,        // a unit or body: "brigade", "Ministry", "полк"
  kParticle,    // inside of names: "van", "bin"
  kDescribing,  // anything else that describes: "captured", "North", "Korean", "two"
};

// `folded` is one word as storage::FoldName makes it.
[[nodiscard]] WordSense SenseOf(std::string_view folded);

}  // namespace annals::service

// Tells labels that describe captives from those that look like a person's name.
//
// Captives are counted and described, never named: under the Geneva Convention III, article 13,
// they are not exposed to public curiosity. This is a net for slips, not a proof. What it holds for
// a name, wherever in the label it stands:
//   - two to four capitalised words in a row, none of which describes (captive_words.h): "Ivan
//     Petrenko", "Kim Chol Su", "Иван Петренко", "IVAN PETRENKO", "soldier John Smith";
//   - a capitalised word with an initial or a rank or form of address: "I. Petrenko", "Petrenko
//     I.V.", "Sgt. Smith", "рядовой Ким";
//   - a patronymic: "Ivan Ivanovych", "Олена Петрівна";
//   - a word that ends like a Slavic, Georgian or Armenian surname after a word for one person
//     ("soldier Petrenko"), before a comma and one more ("Petrenko, Ivan"), or two such words.
// What it lets pass for a description though it is capitalised:
//   - a single word: "Azov", "Taliban";
//   - words before a unit or several persons ("Ivan Bohun Brigade", "Boko Haram fighters"), after
//     a preposition of place ("from Chasiv Yar"), after "of" and a unit or several persons ("crew
//     of Saint Maria"); in Russian and Ukrainian directly after those ("жители Новой Каховки");
//   - what the catalogue knows as a name of an actor: "Burkina Faso".
// It does not see names in lower case or in scripts without capitals, single names ("Petrenko",
// "Magyar"), or names behind such words ("men of Ivan Petrenko"). It may take a group or ship of
// two capitalised words, or nouns of other languages, for a name: those are for the catalogue, or
// for an editor who has checked them.
#pragma once

#include <string_view>

#include "absl/functional/function_ref.h"

namespace annals::service {

// `is_catalogued` says of words whether an actor goes by that name. REQUIRES: valid UTF-8.
[[nodiscard]] bool LooksLikeAPersonsName(std::string_view label,
                                         absl::FunctionRef<bool(std::string_view)> is_catalogued);

}  // namespace annals::service

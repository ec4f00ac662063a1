// Turns words in any script into candidates for what they mean: regions of the gazetteer, or actors
// of the catalogue. It never chooses: the caller sees every candidate and how well it fits.
//
// Immutable after construction; safe to share between threads; keeps no reference to what it was
// built from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "annals/v1/catalog_service.pb.h"

namespace annals::storage {

class Gazetteer;

struct ResolvedName {
  std::string name;          // "regions/{code}" or "actors/{actor}"
  std::string title;         // of the region or actor
  std::string matched_text;  // the code or name that matched, as it is listed
  // How well it fits, in (0, 1]. Bands do not overlap, and above 0.3 every letter of the text is in
  // the name (folded by FoldName):
  //   1            a code or a name to the letter
  //   [0.6, 0.9)   a name that starts with the text, the more of it the higher
  //   (0.3, 0.6]   each word of the text starts a word of the name, likewise
  //   [0.2, 0.3]   spelled like the name: letters missing, doubled or swapped, another script or
  //                romanisation; at least 0.7 alike (storage/name_likeness.h), 0.3 is all alike
  //   [0.1, 0.2]   spelled like a word of the name, at least 0.75 alike
  double score = 0;
};

class NameResolver {
 public:
  [[nodiscard]] static NameResolver ForRegions(const Gazetteer& gazetteer);
  [[nodiscard]] static NameResolver ForActors(const std::vector<annals::v1::Actor>& actors);

  // At most `candidates_max` (> 0), best first, each thing once. Of equal scores: matches of codes
  // and names in a known language before other spellings, countries before units and states before
  // other actors, then by name. What is spelled like a name is only looked for where nothing is the
  // text to the letter; codes must be right, and a text of less than four Latin letters is like
  // nothing but the same in another script. A text of nothing but punctuation resolves to nothing.
  //
  // The first text that is nothing's name to the letter costs what comparing spellings takes to
  // prepare, about 0.3 s on the regions of the world; from then on a text costs about 1 ms.
  [[nodiscard]] std::vector<ResolvedName> Resolve(std::string_view text,
                                                  std::size_t candidates_max) const;

 private:
  struct Index;
  explicit NameResolver(std::shared_ptr<const Index> index);
  std::shared_ptr<const Index> index_;
};

}  // namespace annals::storage

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
  // (0, 1]: 1 is a code or a name to the letter (folded by FoldName); a name that starts with the
  // text scores 0.6-0.9, one where each word of the text starts a word 0.3-0.6, the more of the
  // name the higher.
  double score = 0;
};

class NameResolver {
 public:
  [[nodiscard]] static NameResolver ForRegions(const Gazetteer& gazetteer);
  [[nodiscard]] static NameResolver ForActors(const std::vector<annals::v1::Actor>& actors);

  // At most `candidates_max` (> 0), best first, each thing once. Of equal scores: matches of codes
  // and names in a known language before other spellings, countries before units and states before
  // other actors, then by name. A text of nothing but punctuation resolves to nothing.
  [[nodiscard]] std::vector<ResolvedName> Resolve(std::string_view text,
                                                  std::size_t candidates_max) const;

 private:
  struct Index;
  explicit NameResolver(std::shared_ptr<const Index> index);
  std::shared_ptr<const Index> index_;
};

}  // namespace annals::storage

// From a country and the name of a first-level unit, as a source spells them, to `regions/{code}`.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace annals::import {

class RegionResolver {
 public:
  virtual ~RegionResolver() = default;

  // `regions/{code}` of a country by its ISO 3166-1 alpha-2 code; empty where the gazetteer has no
  // such country. An error where the gazetteer cannot be asked: nothing is to be concluded from it.
  virtual absl::StatusOr<std::string> Country(std::string_view iso_code) = 0;

  // `regions/{code}` of the only first-level unit of that country with this name ("Donetsk
  // oblast"); empty where there is none or more than one.
  virtual absl::StatusOr<std::string> FirstLevel(std::string_view iso_code,
                                                 std::string_view name) = 0;
};

// A region that words may mean; as CatalogService.ResolveNames answers.
struct RegionCandidate {
  std::string name;  // regions/{code}
  double score = 0;  // 1 is the name to the letter, case and accents folded.
};

// Resolves through a search for names, and asks for each name once. A unit is taken where it is the
// country's only one whose name is, to the letter, the one given, or failing that the one given
// without the word for its type at either end ("Idlib governorate" -> "Idlib"). Words for cities
// are never left out: a capital and the oblast around it share the rest of their names. Used by one
// thread.
class SearchingRegionResolver : public RegionResolver {
 public:
  using Search = std::function<absl::StatusOr<std::vector<RegionCandidate>>(const std::string&)>;

  explicit SearchingRegionResolver(Search search) : search_(std::move(search)) {}

  absl::StatusOr<std::string> Country(std::string_view iso_code) override;
  absl::StatusOr<std::string> FirstLevel(std::string_view iso_code, std::string_view name) override;

 private:
  Search search_;
  std::map<std::pair<std::string, std::string>, std::string> known_;  // By country and name.
};

}  // namespace annals::import

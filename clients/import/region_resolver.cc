#include "clients/import/region_resolver.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "clients/import/text.h"
#include "fmt/format.h"

namespace annals::import {
namespace {

constexpr std::array<std::string_view, 13> kTypeWords = {
    "oblast", "governorate", "province", "region",     "state",     "department", "district",
    "county", "division",    "krai",     "prefecture", "territory", "republic"};

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

// The name without a word for a type at its end or start; the name where it has none.
std::string WithoutType(const std::string& name) {
  const std::string lower = Lower(name);
  for (const std::string_view word : kTypeWords) {
    if (lower.ends_with(fmt::format(" {}", word))) {
      return std::string(Trimmed(std::string_view(name).substr(0, name.size() - word.size())));
    }
    if (lower.starts_with(fmt::format("{} ", word))) {
      return std::string(Trimmed(std::string_view(name).substr(word.size())));
    }
  }
  return name;
}

// The only candidate that matches to the letter and whose name begins with `prefix`.
std::string OnlyMatch(const std::vector<RegionCandidate>& candidates, std::string_view prefix) {
  std::string match;
  for (const RegionCandidate& candidate : candidates) {
    if (candidate.score < 1 || !candidate.name.starts_with(prefix)) continue;
    if (!match.empty() && match != candidate.name) return {};
    match = candidate.name;
  }
  return match;
}

}  // namespace

absl::StatusOr<std::string> SearchingRegionResolver::Country(std::string_view iso_code) {
  const auto [found, is_new] = known_.try_emplace({std::string(iso_code), std::string()});
  if (!is_new) return found->second;
  const auto candidates = search_(std::string(iso_code));
  if (!candidates.ok()) {
    known_.erase(found);
    return candidates.status();
  }
  const std::string name = fmt::format("regions/{}", iso_code);
  if (std::ranges::find(*candidates, name, &RegionCandidate::name) != candidates->end()) {
    found->second = name;
  }
  return found->second;
}

absl::StatusOr<std::string> SearchingRegionResolver::FirstLevel(std::string_view iso_code,
                                                                std::string_view name) {
  const std::string text = OneLine(name);
  if (text.empty()) return std::string();
  const auto [found, is_new] = known_.try_emplace({std::string(iso_code), Lower(text)});
  if (!is_new) return found->second;
  const std::string prefix = fmt::format("regions/{}-", iso_code);
  for (const std::string& words : {text, WithoutType(text)}) {
    const auto candidates = search_(words);
    if (!candidates.ok()) {
      known_.erase(found);
      return candidates.status();
    }
    found->second = OnlyMatch(*candidates, prefix);
    if (!found->second.empty() || words == WithoutType(text)) break;
  }
  return found->second;
}

}  // namespace annals::import

// The flags that say which events: the same on query, count and timeline, and most on changes.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "annals/v1/event_filter.pb.h"
#include "annals/v1/values.pb.h"
#include "clients/cli/session.h"

namespace annals::cli {

// As written on the command line; empty is not given.
struct FilterFlags {
  std::string since;
  std::string until;
  std::string datetime;
  std::string recorded_since;
  std::vector<std::string> regions;
  std::string bbox;
  std::string near;
  std::string radius;
  std::string polygon_path;
  std::vector<std::string> kinds;
  std::vector<std::string> actors;
  std::vector<std::string> roles;
  std::vector<std::string> feeds;
  std::string persons_min;
  std::string fatalities_min;
  std::string time_uncertainty_max;
  std::string place_uncertainty_max;
  std::string match;
  std::vector<std::string> verifications;
  std::string text;
  std::string source_url;
  bool include_retracted = false;
  std::string as_of;
};

// What is asked, and as of when (absent: now).
struct Question {
  v1::EventFilter filter;
  std::optional<v1::AsOf> as_of;
};

// Declares the flags on `command`. REQUIRES: `flags` outlives it.
void AddFilterFlags(CLI::App* command, FilterFlags& flags);

// Declares those of them that `changes` has, where --since is of the record and retracted events
// are always seen: all but --since, --until, --recorded-since and --include-retracted.
void AddChangeFilterFlags(CLI::App* command, FilterFlags& flags);

// Makes flags into a question, asking the server what names mean. Usage errors name the flag.
[[nodiscard]] absl::StatusOr<Question> CompileFilter(Session& session, const FilterFlags& flags);

// A moment of the record as written: a time or else a position taken from an answer.
[[nodiscard]] v1::AsOf ParseAsOf(std::string_view text);

}  // namespace annals::cli

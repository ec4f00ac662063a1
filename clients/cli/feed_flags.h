// The flags that name the feed rows go into, and create it: the same on ingest and import.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/status.h"
#include "clients/cli/session.h"

namespace annals::cli {

struct FeedFlags {
  std::string feed;  // An id or `feeds/{feed}`; empty where not given.
  bool create = false;
  std::string title;
  std::string licence;
  std::string attribution;
  std::string reliability;
};

// Declares --feed, --create-feed, --title, --licence, --attribution and --reliability on `command`.
// REQUIRES: `flags` outlives it.
void AddFeedFlags(CLI::App* command, FeedFlags& flags);

// Makes sure that the feed is there: creates it with --create-feed, which changes nothing where it
// already is. NOT_FOUND, with a note how to create it, where there is none. With `dry_run` nothing
// is created.
[[nodiscard]] absl::Status EnsureFeed(Session& session, const FeedFlags& flags, bool dry_run);

}  // namespace annals::cli

// What a watch is about: a filter as its caller may ask it, resolved at one version of the
// catalogue, and what becomes of each change for it.
//
// A change is told where its feed is visible to the caller, by whether the revision before matched
// (was) and the new one does (is), both with their state: CREATED where there was none before,
// UPDATED where it is, LEFT_FILTER, RETRACTED or MERGED where it was and is not. With
// include_retracted the state is no condition, and a revision that is the first to be retracted or
// merged is told as that where it was or is.
//
// Of what was redacted since, the log has left no more than kind and window: a revision that was
// replaced counts as having matched where the filter takes these in (what a watch is told to remove
// it may not have), and one that is retracted or merged is told as that, whatever else is asked.
//
// Immutable, so thread-safe. The gazetteer must outlive it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "absl/status/statusor.h"
#include "annals/v1/event_filter.pb.h"
#include "annals/v1/event_service.pb.h"
#include "service/auth/principal.h"
#include "service/catalog_snapshot.h"
#include "service/token_codec.h"
#include "service/watch/change_block.h"
#include "storage/event_query.h"
#include "storage/gazetteer.h"

namespace annals::service {

class WatchFilter {
 public:
  // As FilterCompiler::Compile, fields being paths from the request.
  [[nodiscard]] static absl::StatusOr<std::shared_ptr<const WatchFilter>> Compile(
      const storage::Gazetteer& gazetteer, std::shared_ptr<const CatalogSnapshot> catalog,
      const Principal& principal, const annals::v1::EventFilter& filter);

  [[nodiscard]] std::int64_t catalog_version() const { return catalog_->version(); }

  [[nodiscard]] const storage::EventQuery& query() const { return query_; }

  // What it is about, of the feeds created until then ...
  [[nodiscard]] WatchScope ScopeUntil(storage::Micros feeds_until) const;
  // ... and of all that there are.
  [[nodiscard]] WatchScope Scope() const { return ScopeUntil(catalog_->newest_feed_time()); }

  // What to tell of a change; none where it does not concern the filter. The event is as the caller
  // may see it, in the view, with its match where the filter asks for a time or a place.
  [[nodiscard]] std::optional<annals::v1::EventChange> Select(const WatchedChange& change,
                                                              annals::v1::EventView view) const;

 private:
  WatchFilter(std::shared_ptr<const CatalogSnapshot> catalog, storage::Visibility visibility,
              RequestHash asked, storage::EventQuery query);

  [[nodiscard]] bool Is(const RevisionFacts& revision) const;
  [[nodiscard]] bool Was(const RevisionFacts& revision) const;
  [[nodiscard]] annals::v1::ChangeKind KindOf(const WatchedChange& change, bool is, bool was) const;

  const std::shared_ptr<const CatalogSnapshot> catalog_;
  const storage::Visibility visibility_;
  const RequestHash asked_;  // who asks for what
  const storage::EventQuery query_;
  const storage::EventQuery left_query_;   // as much of it as can be asked of what is redacted
  std::unordered_set<std::string> feeds_;  // ids of those that it takes in and its caller sees
};

}  // namespace annals::service

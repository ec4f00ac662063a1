// What requests refer to, at one version of the catalogue: feeds, actors, who is subordinate to
// whom and by which names actors go. A snapshot is immutable and shared between threads.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "annals/v1/catalog_service.pb.h"
#include "storage/catalog_store.h"
#include "storage/name_resolver.h"
#include "storage/time_span.h"
#include "storage/visibility.h"

namespace annals::service {

// The id in the actor's name.
[[nodiscard]] std::string ActorId(const annals::v1::Actor& actor);

class CatalogSnapshot {
 public:
  // A subordinate of an actor, and when it is one.
  struct Child {
    std::string actor;  // id
    storage::TimeSpan validity;
  };

  // `undistributed`: the ids of the feeds that forbid redistribution.
  CatalogSnapshot(std::int64_t version, const std::vector<storage::FeedAccess>& feeds,
                  std::vector<annals::v1::Actor> actors, std::set<std::string> undistributed = {});

  [[nodiscard]] std::int64_t version() const { return version_; }
  // Whether there is a feed of this id for a caller.
  [[nodiscard]] bool HasFeed(const std::string& feed, const storage::Visibility& visibility) const;
  // The ids of all feeds that there are for a caller, ascending.
  [[nodiscard]] std::vector<std::string> FeedsFor(const storage::Visibility& visibility) const;
  // Whether the feed of this id forbids redistribution.
  [[nodiscard]] bool ForbidsRedistribution(const std::string& feed) const {
    return undistributed_.contains(feed);
  }
  // All actors by name.
  [[nodiscard]] const std::vector<annals::v1::Actor>& actors() const { return actors_; }
  // Null where there is none of this id. Lives as long as the snapshot.
  [[nodiscard]] const annals::v1::Actor* FindActor(const std::string& actor) const;
  // Direct subordinates of the actor of this id.
  [[nodiscard]] const std::vector<Child>& ChildrenOf(const std::string& actor) const;
  // Ids of the actors whose title or an alias folds to the same as `label`, ascending.
  [[nodiscard]] std::vector<std::string> ActorsNamed(std::string_view label) const;
  // Resolves words to actors.
  [[nodiscard]] const storage::NameResolver& actor_resolver() const { return actor_resolver_; }

 private:
  std::int64_t version_;
  std::unordered_map<std::string, storage::FeedAccess> feeds_;
  std::set<std::string> undistributed_;
  std::vector<annals::v1::Actor> actors_;
  std::unordered_map<std::string, std::size_t> actor_index_;
  std::unordered_map<std::string, std::vector<Child>> children_;
  std::unordered_map<std::string, std::vector<std::string>> actors_by_name_;  // folded
  storage::NameResolver actor_resolver_;
};

// A snapshot as one caller sees it. Both must outlive it.
struct CatalogSight {
  const CatalogSnapshot& catalog;
  const storage::Visibility& visibility;

  [[nodiscard]] bool HasFeed(const std::string& feed) const {
    return catalog.HasFeed(feed, visibility);
  }
};

// The newest snapshot. Thread-safe. `store` must outlive it.
class CatalogCache {
 public:
  explicit CatalogCache(storage::CatalogStore* store) : store_(store) {}

  // Blocks: asks the store for the catalogue's version, and for the catalogue where it is another
  // one. The snapshot is of all that there is, whatever the context's caller sees.
  absl::StatusOr<std::shared_ptr<const CatalogSnapshot>> Get(const storage::CallContext& context);

 private:
  absl::StatusOr<std::shared_ptr<const CatalogSnapshot>> Load(const storage::CallContext& context,
                                                              std::int64_t version);

  storage::CatalogStore* const store_;
  std::mutex mutex_;
  std::shared_ptr<const CatalogSnapshot> snapshot_;  // guarded by mutex_
};

}  // namespace annals::service

// The port for what events refer to: feeds and actors. Regions are the gazetteer's
// (storage/gazetteer.h). Thread safety, blocking, visibility and errors as in
// storage/event_store.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "annals/v1/catalog_service.pb.h"
#include "storage/event_store.h"

namespace annals::storage {

// The actors that every new store starts with (storage/catalog/actors.ndjson). Dies with a message
// if they are damaged.
[[nodiscard]] std::vector<annals::v1::Actor> StarterActors();

class CatalogStore {
 public:
  virtual ~CatalogStore() = default;

  // Changes whenever feeds or actors do, whoever changed them: what was compiled from the catalogue
  // at another version is stale.
  virtual absl::StatusOr<std::int64_t> CatalogVersion(const CallContext& context) = 0;

  // Feeds by name, those after `after_feed` (an id; empty is from the first). Output-only fields
  // are filled.
  virtual absl::StatusOr<std::vector<annals::v1::Feed>> ListFeeds(const CallContext& context,
                                                                  std::string_view after_feed,
                                                                  int limit) = 0;
  // NOT_FOUND (FEED_NOT_FOUND).
  virtual absl::StatusOr<annals::v1::Feed> GetFeed(const CallContext& context,
                                                   std::string_view feed) = 0;
  // ALREADY_EXISTS (FEED_EXISTS), for a feed that the caller may not see as well: let only those
  // create feeds who see all.
  virtual absl::StatusOr<annals::v1::Feed> CreateFeed(const CallContext& context,
                                                      const annals::v1::Feed& feed) = 0;
  // NOT_FOUND (FEED_NOT_FOUND); PERMISSION_DENIED (VISIBILITY_NOT_YOURS) where visibility or
  // readers differ from what they are and the caller does not see all.
  virtual absl::StatusOr<annals::v1::Feed> UpdateFeed(const CallContext& context,
                                                      const annals::v1::Feed& feed) = 0;

  // Every actor, by name.
  virtual absl::StatusOr<std::vector<annals::v1::Actor>> ListActors(const CallContext& context) = 0;
  // ALREADY_EXISTS (ACTOR_EXISTS).
  virtual absl::StatusOr<annals::v1::Actor> CreateActor(const CallContext& context,
                                                        const annals::v1::Actor& actor) = 0;

  // The keys that tokens are sealed with, newest first; the store makes the first one with itself.
  // 32 bytes each.
  virtual absl::StatusOr<std::vector<std::string>> TokenKeys(const CallContext& context) = 0;
  // Makes a new key the newest. With `forget_older` those before it are deleted: what they sealed
  // is then unreadable for ever.
  virtual absl::Status RotateTokenKeys(const CallContext& context, bool forget_older) = 0;
};

}  // namespace annals::storage

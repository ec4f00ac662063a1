// CatalogStore in PostgreSQL. REQUIRES: the database was prepared (store_setup.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/catalog_store.h"
#include "storage/postgres/connection_pool.h"
#include "storage/postgres/feed_directory.h"

namespace annals::storage {

class PostgresCatalogStore : public CatalogStore {
 public:
  // `pool` must outlive the store.
  explicit PostgresCatalogStore(ConnectionPool* pool) : pool_(*pool) {}

  absl::StatusOr<std::int64_t> CatalogVersion(const CallContext& context) override;
  absl::StatusOr<std::vector<annals::v1::Feed>> ListFeeds(const CallContext& context,
                                                          std::string_view after_feed,
                                                          int limit) override;
  absl::StatusOr<annals::v1::Feed> GetFeed(const CallContext& context,
                                           std::string_view feed) override;
  absl::StatusOr<annals::v1::Feed> CreateFeed(const CallContext& context,
                                              const annals::v1::Feed& feed) override;
  absl::StatusOr<annals::v1::Feed> UpdateFeed(const CallContext& context,
                                              const annals::v1::Feed& feed) override;
  absl::StatusOr<std::vector<annals::v1::Actor>> ListActors(const CallContext& context) override;
  absl::StatusOr<annals::v1::Actor> CreateActor(const CallContext& context,
                                                const annals::v1::Actor& actor) override;
  absl::StatusOr<std::vector<std::string>> TokenKeys(const CallContext& context) override;
  absl::Status RotateTokenKeys(const CallContext& context, bool forget_older) override;

 private:
  ConnectionPool& pool_;
  FeedDirectory feeds_;
};

}  // namespace annals::storage

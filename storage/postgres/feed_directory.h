// Which feeds there are and who may see them, kept between transactions for as long as the
// catalogue stays at one version.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <pqxx/result>
#include <string>
#include <vector>

#include "annals/v1/events.pb.h"
#include "storage/postgres/transaction.h"
#include "storage/visibility.h"

namespace annals::storage {

struct StoredFeed {
  std::int32_t id = 0;  // as tables refer to it
  std::string licence;
  FeedAccess access;
};
using StoredFeeds = std::map<std::string, StoredFeed>;  // by the id that clients know

// A feed's access from its columns `restricted` and `array_to_string(readers, ' ')`: no reader's
// name has a space in it.
[[nodiscard]] FeedAccess ReadAccess(const std::string& feed, const pqxx::field& restricted,
                                    const pqxx::field& readers);

// The feeds as one caller sees them.
class SeenFeeds {
 public:
  SeenFeeds(std::shared_ptr<const StoredFeeds> feeds, const Visibility& visibility);

  // Null where there is no such feed for the caller.
  [[nodiscard]] const StoredFeed* Find(const std::string& feed) const;
  [[nodiscard]] const std::vector<std::int32_t>& seen_ids() const { return seen_ids_; }
  [[nodiscard]] const std::vector<std::int32_t>& hidden_ids() const { return hidden_ids_; }
  // Takes out of an answer what refers to feeds that the caller does not see.
  void Conceal(annals::v1::Event* event) const;

 private:
  std::shared_ptr<const StoredFeeds> feeds_;
  Visibility visibility_;
  std::vector<std::int32_t> seen_ids_, hidden_ids_;
};

// Thread-safe.
class FeedDirectory {
 public:
  // As the transaction saw the catalogue when it began.
  SeenFeeds Look(Transaction& transaction, const Visibility& visibility);
  // At the catalogue's version `version`, which the transaction has read.
  SeenFeeds LookAt(Transaction& transaction, std::int64_t version, const Visibility& visibility);

 private:
  std::mutex mutex_;
  std::int64_t version_ = 0;                  // guarded by mutex_
  std::shared_ptr<const StoredFeeds> feeds_;  // guarded by mutex_; of version_
};

}  // namespace annals::storage

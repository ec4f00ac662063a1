#include "storage/postgres/feed_directory.h"

#include <utility>

#include "absl/strings/str_split.h"

namespace annals::storage {
namespace {

std::shared_ptr<const StoredFeeds> ReadFeeds(Transaction& transaction) {
  auto feeds = std::make_shared<StoredFeeds>();
  const auto rows = transaction.Run(
      "SELECT feed, id, licence, restricted, array_to_string(readers, ' ') FROM feed");
  for (const auto& row : rows) {
    StoredFeed& feed = (*feeds)[row[0].c_str()];
    feed.id = row[1].as<std::int32_t>();
    feed.licence = row[2].c_str();
    feed.access = ReadAccess(row[0].c_str(), row[3], row[4]);
  }
  return feeds;
}

}  // namespace

FeedAccess ReadAccess(const std::string& feed, const pqxx::field& restricted,
                      const pqxx::field& readers) {
  return {feed, restricted.as<bool>(), absl::StrSplit(readers.c_str(), ' ', absl::SkipEmpty())};
}

SeenFeeds::SeenFeeds(std::shared_ptr<const StoredFeeds> feeds, const Visibility& visibility)
    : feeds_(std::move(feeds)), visibility_(visibility) {
  for (const auto& [name, feed] : *feeds_) {
    (visibility_.Sees(feed.access) ? seen_ids_ : hidden_ids_).push_back(feed.id);
  }
}

const StoredFeed* SeenFeeds::Find(const std::string& feed) const {
  const auto found = feeds_->find(feed);
  return found != feeds_->end() && visibility_.Sees(found->second.access) ? &found->second
                                                                          : nullptr;
}

void SeenFeeds::Conceal(annals::v1::Event* event) const {
  if (visibility_.sees_all()) return;
  HideUnseen([&](const std::string& feed) { return Find(feed) != nullptr; }, event);
}

SeenFeeds FeedDirectory::Look(Transaction& transaction, const Visibility& visibility) {
  return LookAt(transaction, transaction.catalog_version(), visibility);
}

SeenFeeds FeedDirectory::LookAt(Transaction& transaction, std::int64_t version,
                                const Visibility& visibility) {
  {
    const std::lock_guard lock(mutex_);
    if (feeds_ != nullptr && version_ == version) return {feeds_, visibility};
  }
  auto read = ReadFeeds(transaction);
  const std::lock_guard lock(mutex_);
  // A transaction on an older snapshot leaves what a newer one read. A read that is not of one
  // snapshot (a writer's) may be newer than the version says: it is read again when that moves.
  if (feeds_ == nullptr || version_ < version) {
    version_ = version;
    feeds_ = read;
  }
  return {std::move(read), visibility};
}

}  // namespace annals::storage

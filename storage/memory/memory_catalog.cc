// The catalogue half of MemoryStore.
#include <algorithm>
#include <random>

#include "fmt/format.h"
#include "storage/error.h"
#include "storage/memory/memory_store.h"

namespace annals::storage {
namespace {

std::string RandomBytes(std::size_t size) {
  std::random_device device;
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(device() & 0xff));
  return bytes;
}

std::string FeedId(const annals::v1::Feed& feed) {
  const auto id = ParseCatalogName("feeds", feed.name());
  return id.ok() ? *id : std::string();
}

}  // namespace

std::string MemoryStore::NewStoreId() {
  std::string text;
  for (const char c : RandomBytes(16)) text += fmt::format("{:02x}", static_cast<std::uint8_t>(c));
  return text;
}

std::string MemoryStore::NewTokenKey() { return RandomBytes(32); }

absl::StatusOr<std::int64_t> MemoryStore::CatalogVersion(const CallContext& /*context*/) {
  std::lock_guard lock(mutex_);
  return catalog_version_;
}

annals::v1::Feed MemoryStore::WithCoverage(annals::v1::Feed feed) const {
  const std::string id = FeedId(feed);
  Window coverage;
  for (const auto& [key, history] : events_) {
    const Revision& current = history.back();
    if (current.columns.feed != id || !current.active) continue;
    const Window& occurred = current.columns.occurred;
    const bool first = feed.event_count() == 0;
    coverage.start = first ? occurred.start : std::min(coverage.start, occurred.start);
    coverage.end = first ? occurred.end : std::max(coverage.end, occurred.end);
    feed.set_event_count(feed.event_count() + 1);
  }
  if (feed.event_count() > 0) {
    *feed.mutable_coverage()->mutable_start() = ToTimestamp(coverage.start);
    *feed.mutable_coverage()->mutable_end() = ToTimestamp(coverage.end);
  }
  return feed;
}

absl::StatusOr<std::vector<annals::v1::Feed>> MemoryStore::ListFeeds(const CallContext& context,
                                                                     std::string_view after_feed,
                                                                     int limit) {
  std::lock_guard lock(mutex_);
  std::vector<annals::v1::Feed> feeds;
  for (auto it = feeds_.upper_bound(std::string(after_feed));
       it != feeds_.end() && std::ssize(feeds) < limit; ++it) {
    if (Sees(context, it->first)) feeds.push_back(WithCoverage(it->second));
  }
  return feeds;
}

absl::StatusOr<annals::v1::Feed> MemoryStore::GetFeed(const CallContext& context,
                                                      std::string_view feed) {
  std::lock_guard lock(mutex_);
  const std::string id(feed);
  if (!Sees(context, id)) {
    return Error(absl::StatusCode::kNotFound, "FEED_NOT_FOUND",
                 fmt::format("there is no feed feeds/{}", feed));
  }
  return WithCoverage(feeds_.at(id));
}

absl::StatusOr<annals::v1::Feed> MemoryStore::CreateFeed(const CallContext& /*context*/,
                                                         const annals::v1::Feed& feed) {
  std::lock_guard lock(mutex_);
  annals::v1::Feed created = feed;
  ClearOutputOnlyFields(&created);
  SetAccess(AccessOf(feed), &created);
  created.set_redistribution(ChangedRedistribution({}, feed));
  *created.mutable_create_time() = ToTimestamp(ToMicros(clock_()));
  if (!feeds_.emplace(FeedId(feed), created).second) {
    return Error(absl::StatusCode::kAlreadyExists, "FEED_EXISTS",
                 fmt::format("there is a {} already", feed.name()), "feed.name");
  }
  ++catalog_version_;
  return created;
}

absl::StatusOr<annals::v1::Feed> MemoryStore::UpdateFeed(const CallContext& context,
                                                         const annals::v1::Feed& feed) {
  std::lock_guard lock(mutex_);
  const auto found = feeds_.find(FeedId(feed));
  if (found == feeds_.end() || !Sees(context, found->first)) {
    return Error(absl::StatusCode::kNotFound, "FEED_NOT_FOUND",
                 fmt::format("there is no feed {}", feed.name()));
  }
  const FeedAccess before = AccessOf(found->second);
  const FeedAccess after = ChangedAccess(before, feed);
  const absl::Status allowed = CheckAccessChange(context.visibility, before, after);
  if (!allowed.ok()) return allowed;
  annals::v1::Feed updated = feed;
  ClearOutputOnlyFields(&updated);
  SetAccess(after, &updated);
  updated.set_redistribution(ChangedRedistribution(found->second.redistribution(), feed));
  *updated.mutable_create_time() = found->second.create_time();
  found->second = updated;
  ++catalog_version_;
  return WithCoverage(updated);
}

absl::StatusOr<std::vector<annals::v1::Actor>> MemoryStore::ListActors(
    const CallContext& /*context*/) {
  std::lock_guard lock(mutex_);
  std::vector<annals::v1::Actor> actors;
  for (const auto& [name, actor] : actors_) actors.push_back(actor);
  return actors;
}

absl::StatusOr<annals::v1::Actor> MemoryStore::CreateActor(const CallContext& /*context*/,
                                                           const annals::v1::Actor& actor) {
  std::lock_guard lock(mutex_);
  if (!actors_.emplace(actor.name(), actor).second) {
    return Error(absl::StatusCode::kAlreadyExists, "ACTOR_EXISTS",
                 fmt::format("there is a {} already", actor.name()), "actor.name");
  }
  ++catalog_version_;
  return actor;
}

absl::StatusOr<std::vector<std::string>> MemoryStore::TokenKeys(const CallContext& /*context*/) {
  std::lock_guard lock(mutex_);
  return token_keys_;
}

absl::Status MemoryStore::RotateTokenKeys(const CallContext& /*context*/, bool forget_older) {
  std::lock_guard lock(mutex_);
  if (forget_older) token_keys_.clear();
  token_keys_.insert(token_keys_.begin(), NewTokenKey());
  return absl::OkStatus();
}

}  // namespace annals::storage

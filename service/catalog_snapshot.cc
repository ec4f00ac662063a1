#include "service/catalog_snapshot.h"

#include <algorithm>
#include <utility>

#include "storage/event_name.h"
#include "storage/name_fold.h"

namespace annals::service {
namespace {

using annals::v1::Actor;

constexpr int kFeedsPerPage = 1'000;
constexpr std::string_view kActors = "actors/";

std::string IdOf(std::string_view collection, std::string_view name) {
  name.remove_prefix(std::min(collection.size(), name.size()));
  return std::string(name);
}

storage::TimeSpan SpanOf(const annals::v1::TimeRange& range) {
  storage::TimeSpan span;
  if (range.has_start()) span.start = storage::ToMicros(range.start());
  if (range.has_end()) span.end = storage::ToMicros(range.end());
  return span;
}

}  // namespace

std::string ActorId(const Actor& actor) { return IdOf(kActors, actor.name()); }

CatalogSnapshot::CatalogSnapshot(std::int64_t version,
                                 const std::vector<storage::FeedAccess>& feeds,
                                 std::vector<Actor> actors, std::set<std::string> undistributed)
    : version_(version),
      undistributed_(std::move(undistributed)),
      actors_(std::move(actors)),
      actor_resolver_(storage::NameResolver::ForActors(actors_)) {
  for (const storage::FeedAccess& feed : feeds) feeds_[feed.feed] = feed;
  std::ranges::sort(actors_, {}, ActorId);
  for (std::size_t i = 0; i < actors_.size(); ++i) {
    const Actor& actor = actors_[i];
    const std::string id = ActorId(actor);
    actor_index_[id] = i;
    for (const annals::v1::ActorParent& parent : actor.parents()) {
      children_[IdOf(kActors, parent.parent())].push_back({id, SpanOf(parent.validity())});
    }
    actors_by_name_[storage::FoldName(actor.title())].push_back(id);
    for (const annals::v1::LocalName& alias : actor.aliases()) {
      actors_by_name_[storage::FoldName(alias.text())].push_back(id);
    }
  }
  for (auto& [name, ids] : actors_by_name_) {
    std::ranges::sort(ids);
    const auto repeated = std::ranges::unique(ids);
    ids.erase(repeated.begin(), repeated.end());
  }
}

bool CatalogSnapshot::HasFeed(const std::string& feed,
                              const storage::Visibility& visibility) const {
  const auto found = feeds_.find(feed);
  return found != feeds_.end() && visibility.Sees(found->second);
}

std::vector<std::string> CatalogSnapshot::FeedsFor(const storage::Visibility& visibility) const {
  std::vector<std::string> ids;
  for (const auto& [id, access] : feeds_) {
    if (visibility.Sees(access)) ids.push_back(id);
  }
  std::ranges::sort(ids);
  return ids;
}

const Actor* CatalogSnapshot::FindActor(const std::string& actor) const {
  const auto found = actor_index_.find(actor);
  return found == actor_index_.end() ? nullptr : &actors_[found->second];
}

const std::vector<CatalogSnapshot::Child>& CatalogSnapshot::ChildrenOf(
    const std::string& actor) const {
  static const std::vector<Child> kNone;
  const auto found = children_.find(actor);
  return found == children_.end() ? kNone : found->second;
}

std::vector<std::string> CatalogSnapshot::ActorsNamed(std::string_view label) const {
  const auto found = actors_by_name_.find(storage::FoldName(label));
  return found == actors_by_name_.end() ? std::vector<std::string>() : found->second;
}

absl::StatusOr<std::shared_ptr<const CatalogSnapshot>> CatalogCache::Load(
    const storage::CallContext& context, std::int64_t version) {
  std::vector<storage::FeedAccess> feeds;
  std::set<std::string> undistributed;
  for (std::string after;;) {
    const auto page = store_->ListFeeds(context, after, kFeedsPerPage);
    if (!page.ok()) return page.status();
    for (const annals::v1::Feed& feed : *page) {
      feeds.push_back(storage::AccessOf(feed));
      if (feed.redistribution() == annals::v1::REDISTRIBUTION_FORBIDDEN) {
        undistributed.insert(feeds.back().feed);
      }
    }
    if (!feeds.empty()) after = feeds.back().feed;
    if (page->size() < kFeedsPerPage) break;
  }
  auto actors = store_->ListActors(context);
  if (!actors.ok()) return actors.status();
  return std::make_shared<const CatalogSnapshot>(version, feeds, *std::move(actors),
                                                 std::move(undistributed));
}

absl::StatusOr<std::shared_ptr<const CatalogSnapshot>> CatalogCache::Get(
    const storage::CallContext& caller_context) {
  const storage::CallContext context{.visibility = storage::Visibility::All(),
                                     .deadline = caller_context.deadline};
  // The version is read before what it stands for: a change in between is then seen the next time.
  const auto version = store_->CatalogVersion(context);
  if (!version.ok()) return version.status();
  {
    const std::lock_guard lock(mutex_);
    if (snapshot_ != nullptr && snapshot_->version() == *version) return snapshot_;
  }
  auto loaded = Load(context, *version);
  if (!loaded.ok()) return loaded.status();
  const std::lock_guard lock(mutex_);
  if (snapshot_ == nullptr || snapshot_->version() <= *version) snapshot_ = *loaded;
  return *loaded;
}

}  // namespace annals::service

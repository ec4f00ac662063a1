#include "storage/visibility.h"

#include <algorithm>
#include <utility>

#include "storage/error.h"
#include "storage/event_name.h"

namespace annals::storage {

FeedAccess AccessOf(const annals::v1::Feed& feed) {
  const auto id = ParseCatalogName("feeds", feed.name());
  return {id.ok() ? *id : std::string(),
          feed.visibility() == annals::v1::FEED_VISIBILITY_RESTRICTED,
          {feed.readers().begin(), feed.readers().end()}};
}

FeedAccess ChangedAccess(const FeedAccess& before, const annals::v1::Feed& feed) {
  return feed.visibility() == annals::v1::FEED_VISIBILITY_UNSPECIFIED ? before : AccessOf(feed);
}

annals::v1::Redistribution ChangedRedistribution(annals::v1::Redistribution before,
                                                 const annals::v1::Feed& feed) {
  if (feed.redistribution() != annals::v1::REDISTRIBUTION_UNSPECIFIED) return feed.redistribution();
  return before == annals::v1::REDISTRIBUTION_FORBIDDEN ? before
                                                        : annals::v1::REDISTRIBUTION_ALLOWED;
}

void SetAccess(const FeedAccess& access, annals::v1::Feed* feed) {
  feed->set_visibility(access.restricted ? annals::v1::FEED_VISIBILITY_RESTRICTED
                                         : annals::v1::FEED_VISIBILITY_PUBLIC);
  feed->mutable_readers()->Assign(access.readers.begin(), access.readers.end());
}

Visibility Visibility::All() {
  Visibility all;
  all.sees_all_ = true;
  return all;
}

Visibility Visibility::Of(std::set<std::string> reader_names, std::set<std::string> own_feeds) {
  Visibility some;
  some.reader_names_ = std::move(reader_names);
  some.own_feeds_ = std::move(own_feeds);
  return some;
}

bool Visibility::Sees(const FeedAccess& feed) const {
  if (sees_all_ || !feed.restricted || own_feeds_.contains(feed.feed)) return true;
  return std::ranges::any_of(
      feed.readers, [&](const std::string& reader) { return reader_names_.contains(reader); });
}

absl::Status CheckAccessChange(const Visibility& visibility, const FeedAccess& before,
                               const FeedAccess& after) {
  if (visibility.sees_all() || before == after) return absl::OkStatus();
  return Error(absl::StatusCode::kPermissionDenied, "VISIBILITY_NOT_YOURS",
               "only an administrator changes who sees a feed; send visibility and readers as they "
               "are",
               "feed.visibility");
}

absl::Status CheckMergeAccess(const FeedAccess& source, const FeedAccess& target) {
  if (source.feed == target.feed || !target.restricted) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "TARGET_LESS_VISIBLE",
               "not everyone who sees the source sees the target: merge within a feed or into a "
               "public one",
               "target");
}

annals::v1::AuditEntry MakeAudit(const Caller& caller, Micros time, std::string_view reason) {
  annals::v1::AuditEntry entry;
  entry.set_principal(caller.principal);
  entry.set_address(caller.address);
  entry.set_method(caller.method);
  entry.set_request_id(caller.request_id);
  entry.set_reason(std::string(reason));
  *entry.mutable_time() = ToTimestamp(time);
  return entry;
}

void HideUnseen(absl::FunctionRef<bool(const std::string&)> sees, annals::v1::Event* event) {
  const auto unseen = [&](const std::string& name) {
    const auto target = ParseEventName(name);
    return !target.ok() || !sees(target->feed);
  };
  auto& links = *event->mutable_links();
  links.erase(std::remove_if(links.begin(), links.end(),
                             [&](const annals::v1::Link& link) { return unseen(link.target()); }),
              links.end());
  if (event->has_exchange() && !event->exchange().offer().empty() &&
      unseen(event->exchange().offer())) {
    event->mutable_exchange()->clear_offer();
  }
  if (!event->merged_into().empty() && unseen(event->merged_into())) event->clear_merged_into();
}

}  // namespace annals::storage

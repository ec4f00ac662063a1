#include "service/watch/watch_filter.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "openssl/sha.h"
#include "service/read_request.h"
#include "service/validate/filter_compiler.h"
#include "storage/error.h"

namespace annals::service {
namespace {

using annals::v1::ChangeKind;
using annals::v1::EventChange;

void Append(std::string_view text, std::string* out) {
  *out += fmt::format("{}:{};", text.size(), text);
}
void Append(std::int64_t number, std::string* out) { *out += fmt::format("{};", number); }

void Append(const std::vector<std::string>& texts, std::string* out) {
  Append(std::ssize(texts), out);
  for (const std::string& text : texts) Append(text, out);
}

void Append(const std::optional<storage::Micros>& time, std::string* out) {
  *out += time ? fmt::format("{};", *time) : "-;";
}

// What the filter's names were resolved to.
void AppendResolved(const storage::EventQuery& query, std::string* out) {
  if (query.area) {
    Append(query.area->regions_within, out);
    Append(query.area->regions_overlapping, out);
  }
  if (query.regions) {
    Append(query.regions->codes, out);
    Append(query.regions->codes_around, out);
  }
  if (!query.actors) return;
  Append(std::ssize(*query.actors), out);
  for (const storage::ActorTerm& term : *query.actors) {
    Append(term.key, out);
    Append(term.roles, out);
    Append(term.validity.start, out);
    Append(term.validity.end, out);
  }
}

storage::EventQuery LeftOf(const storage::EventQuery& query) {
  storage::EventQuery left;
  left.match = query.match;
  left.occurred = query.occurred;
  left.kinds = query.kinds;
  left.include_retracted = true;
  return left;
}

bool IsActive(const RevisionFacts& revision) {
  return revision.state == annals::v1::EVENT_STATE_ACTIVE;
}

ChangeKind KindOfState(const RevisionFacts& revision, ChangeKind active) {
  switch (revision.state) {
    case annals::v1::EVENT_STATE_RETRACTED:
      return annals::v1::CHANGE_KIND_RETRACTED;
    case annals::v1::EVENT_STATE_MERGED:
      return annals::v1::CHANGE_KIND_MERGED;
    default:
      return active;
  }
}

}  // namespace

WatchFilter::WatchFilter(std::shared_ptr<const CatalogSnapshot> catalog,
                         storage::Visibility visibility, RequestHash asked,
                         storage::EventQuery query)
    : catalog_(std::move(catalog)),
      visibility_(std::move(visibility)),
      asked_(asked),
      query_(std::move(query)),
      left_query_(LeftOf(query_)) {
  for (std::string& feed : catalog_->FeedsFor(visibility_)) {
    if (query_.feeds.empty() || std::ranges::binary_search(query_.feeds, feed)) {
      feeds_.insert(std::move(feed));
    }
  }
}

absl::StatusOr<std::shared_ptr<const WatchFilter>> WatchFilter::Compile(
    const storage::Gazetteer& gazetteer, std::shared_ptr<const CatalogSnapshot> catalog,
    const Principal& principal, const annals::v1::EventFilter& filter) {
  storage::Visibility visibility = principal.Sight();
  auto query = FilterCompiler(gazetteer, {*catalog, visibility}).Compile(filter);
  if (!query.ok()) return storage::PrefixField(query.status(), "filter");
  return std::shared_ptr<const WatchFilter>(
      new WatchFilter(std::move(catalog), std::move(visibility),
                      HashRequest(principal.id, filter, {}), *std::move(query)));
}

WatchScope WatchFilter::ScopeUntil(storage::Micros feeds_until) const {
  std::string bytes(asked_.begin(), asked_.end());
  Append(storage::kDerivationVersion, &bytes);
  AppendResolved(query_, &bytes);
  std::vector<std::string> feeds(feeds_.begin(), feeds_.end());
  std::ranges::sort(feeds);
  for (const std::string& feed : feeds) {
    const storage::Micros created = catalog_->CreateTimeOf(feed);
    if (created > feeds_until) continue;
    Append(feed, &bytes);
    Append(created, &bytes);
  }
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  WatchScope scope{.feeds_until = feeds_until};
  std::copy_n(digest.begin(), scope.hash.size(), scope.hash.begin());
  return scope;
}

bool WatchFilter::Is(const RevisionFacts& revision) const {
  return Matches(query_, revision.columns, revision.update_time, IsActive(revision));
}

bool WatchFilter::Was(const RevisionFacts& revision) const {
  if (!revision.redacted) return Is(revision);
  return (IsActive(revision) || query_.include_retracted) &&
         Matches(left_query_, revision.columns, revision.update_time, true);
}

ChangeKind WatchFilter::KindOf(const WatchedChange& change, bool is, bool was) const {
  if (change.now.redacted && !IsActive(change.now) &&
      (was || Matches(left_query_, change.now.columns, change.now.update_time, true))) {
    return KindOfState(change.now, annals::v1::CHANGE_KIND_UNSPECIFIED);
  }
  if (!change.before) {
    return is ? annals::v1::CHANGE_KIND_CREATED : annals::v1::CHANGE_KIND_UNSPECIFIED;
  }
  if (is) {
    const bool same_state = change.before->state == change.now.state;
    return same_state ? annals::v1::CHANGE_KIND_UPDATED
                      : KindOfState(change.now, annals::v1::CHANGE_KIND_UPDATED);
  }
  return was ? KindOfState(change.now, annals::v1::CHANGE_KIND_LEFT_FILTER)
             : annals::v1::CHANGE_KIND_UNSPECIFIED;
}

std::optional<EventChange> WatchFilter::Select(const WatchedChange& change,
                                               annals::v1::EventView view) const {
  const bool is = Is(change.now);
  const bool was = change.before && Was(*change.before);
  const ChangeKind kind = KindOf(change, is, was);
  if (kind == annals::v1::CHANGE_KIND_UNSPECIFIED || !feeds_.contains(change.now.columns.feed)) {
    return std::nullopt;
  }
  EventChange told;
  told.set_kind(kind);
  annals::v1::Event* const event = told.mutable_event();
  *event = change.event;
  storage::HideUnseen([&](const std::string& feed) { return catalog_->HasFeed(feed, visibility_); },
                      event);
  ApplyView(view, event);
  if (is) SetMatch(query_, StrengthOf(query_, change.now.columns), event);
  told.set_entered_filter(kind == annals::v1::CHANGE_KIND_UPDATED && !was);
  return told;
}

}  // namespace annals::service

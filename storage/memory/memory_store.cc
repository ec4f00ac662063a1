#include "storage/memory/memory_store.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "fmt/format.h"
#include "storage/error.h"
#include "storage/gazetteer.h"
#include "storage/time_bucket.h"

namespace annals::storage {
namespace {

void Add(const CountColumns& counts, CountTotals* totals) {
  if (!counts.low && !counts.best && !counts.high) return;
  ++totals->known_count;
  totals->low += counts.low.value_or(counts.best.value_or(0));
  totals->best += counts.best.value_or(counts.low.value_or(0));
  totals->high += counts.high.value_or(counts.best.value_or(counts.low.value_or(0)));
}

void Add(const EventColumns& event, Totals* totals) {
  ++totals->event_count;
  Add(event.persons, &totals->persons);
  Add(event.fatalities, &totals->fatalities);
}

}  // namespace

MemoryStore::MemoryStore(const Gazetteer* gazetteer, Clock clock)
    : gazetteer_(gazetteer),
      clock_(std::move(clock)),
      store_id_(NewStoreId()),
      token_keys_{NewTokenKey()} {
  for (auto& actor : StarterActors()) actors_.emplace(actor.name(), actor);
}

Position MemoryStore::head() const {
  return Position{static_cast<std::int64_t>(commit_times_.size())};
}

Micros MemoryStore::NextCommitTime() const {
  const Micros now = ToMicros(clock_());
  return commit_times_.empty() ? now : std::max(now, commit_times_.back() + 1);
}

absl::StatusOr<Position> MemoryStore::Resolve(const Snapshot& snapshot) const {
  if (!snapshot.as_of) return head();
  if (*snapshot.as_of > head()) {
    return Error(absl::StatusCode::kOutOfRange, "POSITION_AHEAD",
                 "the record has not come to this position");
  }
  return *snapshot.as_of;
}

const MemoryStore::Revision* MemoryStore::InForce(const History& history, Position position) {
  const Revision* found = nullptr;
  for (const auto& revision : history) {
    if (revision.position <= position) found = &revision;
  }
  return found;
}

bool MemoryStore::Sees(const CallContext& context, const std::string& feed) const {
  const auto found = feeds_.find(feed);
  return found != feeds_.end() && context.visibility.Sees(AccessOf(found->second));
}

annals::v1::Event MemoryStore::Seen(const CallContext& context, annals::v1::Event event) const {
  if (context.visibility.sees_all()) return event;
  HideUnseen([&](const std::string& feed) { return Sees(context, feed); }, &event);
  return event;
}

MemoryStore::History* MemoryStore::FindHistory(const CallContext& context, const EventName& name) {
  const auto found = events_.find(name.Id());
  return found == events_.end() || !Sees(context, name.feed) ? nullptr : &found->second;
}

std::vector<const MemoryStore::Revision*> MemoryStore::Find(const CallContext& context,
                                                            const EventQuery& query,
                                                            Position position) const {
  std::vector<const Revision*> found;
  for (const auto& [id, history] : events_) {
    const Revision* revision = InForce(history, position);
    if (revision != nullptr && Sees(context, revision->columns.feed) &&
        Matches(query, revision->columns, revision->update_time, revision->active)) {
      found.push_back(revision);
    }
  }
  return found;
}

absl::StatusOr<FoundEvents> MemoryStore::GetEvents(const CallContext& context,
                                                   const std::vector<EventName>& names,
                                                   const Snapshot& snapshot) {
  std::lock_guard lock(mutex_);
  const auto position = Resolve(snapshot);
  if (!position.ok()) return position.status();
  FoundEvents found{{}, *position};
  for (const auto& name : names) {
    const History* history = FindHistory(context, name);
    const Revision* revision = history == nullptr ? nullptr : InForce(*history, *position);
    found.events.push_back(revision == nullptr ? std::nullopt
                                               : std::optional(Seen(context, revision->event)));
  }
  return found;
}

absl::StatusOr<EventPage> MemoryStore::ListEvents(const CallContext& context,
                                                  const EventQuery& query, const PageSpec& page,
                                                  const Snapshot& snapshot) {
  std::lock_guard lock(mutex_);
  const auto position = Resolve(snapshot);
  if (!position.ok()) return position.status();
  const auto cursor_of = [&](const Revision* revision) {
    return Cursor{page.order == EventOrder::kRecordedNewestFirst ? revision->position.value
                                                                 : revision->columns.occurred.start,
                  revision->columns.id};
  };
  const auto before = [&](const Cursor& a, const Cursor& b) {
    return page.order == EventOrder::kOccurredOldestFirst
               ? std::tie(a.key, a.id) < std::tie(b.key, b.id)
               : std::tie(a.key, a.id) > std::tie(b.key, b.id);
  };
  auto found = Find(context, query, *position);
  std::ranges::sort(found, before, cursor_of);
  EventPage answer{{}, {}, std::nullopt, *position};
  std::int64_t bytes = 0;
  std::optional<Cursor> last;
  for (const Revision* revision : found) {
    const Cursor cursor = cursor_of(revision);
    if (page.after && !before(*page.after, cursor)) continue;
    bytes += static_cast<std::int64_t>(revision->event.ByteSizeLong());
    if (last && (std::ssize(answer.events) == page.limit || bytes > page.bytes_max)) {
      answer.next = last;
      break;
    }
    answer.events.push_back(Seen(context, revision->event));
    answer.strengths.push_back(StrengthOf(query, revision->columns));
    last = cursor;
  }
  return answer;
}

std::vector<std::string> MemoryStore::KeysOf(const CallContext& context, Dimension dimension,
                                             const EventQuery& query,
                                             const EventColumns& event) const {
  switch (dimension.kind) {
    case Dimension::Kind::kKind:
      return {annals::v1::EventKind_Name(event.kind)};
    case Dimension::Kind::kVerification:
      return {annals::v1::Verification_Name(event.verification)};
    case Dimension::Kind::kFeed:
      return {"feeds/" + event.feed};
    case Dimension::Kind::kRegion:
      if (event.region.empty()) return {};
      return {"regions/" + event.region};
    case Dimension::Kind::kCountry: {
      const auto country = gazetteer_->CountryOf(event.region);
      if (country.empty()) return {};
      return {fmt::format("regions/{}", country)};
    }
    case Dimension::Kind::kActor: {
      std::set<std::string> texts;
      for (const auto& participant : event.participants) {
        std::set<std::string> spellings;
        for (const auto& [feed, text] : participants_.at(participant.key)) {
          if (Sees(context, feed)) spellings.insert(text);
        }
        texts.insert(*spellings.begin());
      }
      return {texts.begin(), texts.end()};
    }
    default:
      return {BucketKey(
          dimension.kind,
          std::max(event.occurred.start, query.occurred.start.value_or(event.occurred.start)))};
  }
}

absl::StatusOr<Summary> MemoryStore::SummarizeEvents(const CallContext& context,
                                                     const EventQuery& query,
                                                     const std::vector<Dimension>& dimensions,
                                                     const Snapshot& snapshot) {
  std::lock_guard lock(mutex_);
  const auto position = Resolve(snapshot);
  if (!position.ok()) return position.status();
  Summary summary;
  summary.position = *position;
  summary.record_count = std::ssize(Find(context, EventQuery{}, *position));
  std::map<std::vector<std::string>, Totals> groups;
  for (const Revision* revision : Find(context, query, *position)) {
    Add(revision->columns, &summary.totals);
    std::vector<std::vector<std::string>> keys = {{}};
    for (const auto& dimension : dimensions) {
      std::vector<std::vector<std::string>> longer;
      for (const auto& prefix : keys) {
        for (auto& key : KeysOf(context, dimension, query, revision->columns)) {
          longer.push_back(prefix);
          longer.back().push_back(std::move(key));
        }
      }
      keys = std::move(longer);
    }
    if (keys.empty()) ++summary.remainder_count;
    if (dimensions.empty()) continue;
    for (const auto& key : keys) Add(revision->columns, &groups[key]);
  }
  if (std::ssize(groups) > kGroupsMax) {
    return Error(absl::StatusCode::kInvalidArgument, "TOO_MANY_GROUPS",
                 fmt::format("the answer has more than {} groups", kGroupsMax));
  }
  for (auto& [keys, totals] : groups) summary.groups.push_back({keys, totals});
  return summary;
}

absl::StatusOr<RevisionPage> MemoryStore::ListRevisions(const CallContext& context,
                                                        const EventName& name,
                                                        std::optional<std::int64_t> from_revision,
                                                        int limit) {
  std::lock_guard lock(mutex_);
  const History* history = FindHistory(context, name);
  if (history == nullptr) return EventNotFoundError(name);
  RevisionPage page;
  page.position = head();
  std::optional<Micros> end_time;
  for (auto it = history->rbegin(); it != history->rend(); ++it) {
    const bool asked = !from_revision || it->event.revision() <= *from_revision;
    if (asked && std::ssize(page.revisions) == limit) {
      page.next_revision = it->event.revision();
      break;
    }
    if (asked) {
      page.revisions.push_back({Seen(context, it->event), it->position, end_time, it->audit});
    }
    end_time = it->update_time;
  }
  return page;
}

absl::StatusOr<Position> MemoryStore::PositionAt(const CallContext& /*context*/, absl::Time time) {
  std::lock_guard lock(mutex_);
  return Position{std::ranges::upper_bound(commit_times_, ToMicros(time)) - commit_times_.begin()};
}

absl::StatusOr<StoreInfo> MemoryStore::Info(const CallContext& context) {
  std::lock_guard lock(mutex_);
  StoreInfo info;
  info.store_id = store_id_;
  info.position = head();
  for (const auto& [id, history] : events_) {
    if (!Sees(context, history.back().columns.feed)) continue;
    info.last_change = std::max(info.last_change.value_or(0), history.back().update_time);
    const auto state = history.back().event.state();
    ++(state == annals::v1::EVENT_STATE_ACTIVE   ? info.event_count
       : state == annals::v1::EVENT_STATE_MERGED ? info.merged_count
                                                 : info.retracted_count);
    info.superseded_revision_count += std::ssize(history) - 1;
  }
  for (const auto& [id, feed] : feeds_) info.feed_count += Sees(context, id) ? 1 : 0;
  info.engine = "memory";
  return info;
}

}  // namespace annals::storage

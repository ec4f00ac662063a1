#include "service/duplicate_finder.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "service/read_request.h"
#include "storage/error.h"
#include "storage/event_columns.h"
#include "storage/geo/geodesic.h"

namespace annals::service {
namespace {

using storage::Micros;

// A page of the filter's events is asked for in these steps.
constexpr int kBasesPerQuestion = 50;

// [0001-01-01, 9999-12-31]: what a filter takes.
constexpr Micros kTimeMin = Micros{-62'135'596'800} * 1'000'000;
constexpr Micros kTimeMax = Micros{253'402'300'799} * 1'000'000;

bool AreLinked(const annals::v1::Event& event, const std::string& other) {
  return std::ranges::any_of(event.links(), [&](const annals::v1::Link& link) {
    return link.target() == other && (link.kind() == annals::v1::LINK_KIND_DUPLICATE_OF ||
                                      link.kind() == annals::v1::LINK_KIND_CONTRADICTS);
  });
}

// Between two windows; 0 where they overlap or touch.
Micros GapOf(const storage::Window& a, const storage::Window& b) {
  return std::max({Micros{0}, b.start - a.end, a.start - b.end});
}

}  // namespace

// An event with what is compared of it.
struct DuplicateFinder::Compared {
  Compared(const storage::Gazetteer& gazetteer, const annals::v1::Event& compared)
      : event(compared), columns(storage::DeriveColumns(gazetteer, compared)) {}

  [[nodiscard]] storage::Cursor cursor() const { return {columns.occurred.start, columns.id}; }

  const annals::v1::Event& event;
  const storage::EventColumns columns;
};

absl::StatusOr<DuplicateLimits> TakeDuplicateLimits(
    const annals::v1::ListDuplicateCandidatesRequest& request) {
  DuplicateLimits limits{.same_feed = request.same_feed()};
  if (request.has_distance_max_m()) limits.distance_max_m = request.distance_max_m();
  if (!(limits.distance_max_m >= 1 && limits.distance_max_m <= kDistanceMaxM)) {
    return storage::InvalidField("distance_max_m", "DISTANCE_RANGE", "must be in [1, 1,000,000]");
  }
  if (!request.has_gap_max()) return limits;
  const auto& gap = request.gap_max();
  constexpr std::int64_t kSecondsMax = kGapMax / 1'000'000;
  if (gap.seconds() < 0 || gap.nanos() < 0 || gap.nanos() > 999'999'999 ||
      gap.seconds() > kSecondsMax || (gap.seconds() == kSecondsMax && gap.nanos() > 0)) {
    return storage::InvalidField("gap_max", "DURATION_RANGE", "must be in [0, 366 days]");
  }
  limits.gap_max = gap.seconds() * 1'000'000 + gap.nanos() / 1'000;
  return limits;
}

absl::StatusOr<std::optional<storage::Cursor>> DuplicateFinder::FillPage(
    std::optional<storage::Cursor> after, int page_size,
    annals::v1::ListDuplicateCandidatesResponse* response) {
  snapshot_ = {};
  const absl::Time until = absl::Now() + kPageTimeMax;
  for (int compared = 0; compared < kComparedEventsMax;) {
    const storage::PageSpec spec{.order = storage::EventOrder::kOccurredOldestFirst,
                                 .after = after,
                                 .limit = kBasesPerQuestion};
    const auto page = backend_.events->ListEvents(call_.StoreContext(), query_, spec, snapshot_);
    if (!page.ok()) return page.status();
    if (!snapshot_.as_of) response->set_position(backend_.tokens->SealPosition(page->position));
    snapshot_.as_of = page->position;
    for (const annals::v1::Event& event : page->events) {
      const absl::Status wanted = call_.StillWanted();
      if (!wanted.ok()) return wanted;
      const absl::Status added = Add(event, response);
      if (!added.ok()) return added;
      after = Compared(*backend_.gazetteer, event).cursor();
      ++compared;
      const bool last = &event == &page->events.back() && !page->next;
      const bool full = response->candidates_size() >= page_size ||
                        static_cast<std::int64_t>(response->ByteSizeLong()) >= kPageBytesMax;
      if ((full || absl::Now() >= until) && !last) return after;
    }
    if (!page->next) return std::nullopt;
  }
  return after;
}

absl::Status DuplicateFinder::Add(const annals::v1::Event& event,
                                  annals::v1::ListDuplicateCandidatesResponse* response) {
  const Compared first(*backend_.gazetteer, event);
  bool crowded = false;
  const auto neighbours = Neighbours(first, &crowded);
  if (!neighbours.ok()) return neighbours.status();
  std::vector<annals::v1::DuplicateCandidate> candidates;
  for (const annals::v1::Event& neighbour : *neighbours) {
    const Compared second(*backend_.gazetteer, neighbour);
    if (IsCandidate(first, second)) candidates.push_back(Describe(first, second));
  }
  std::ranges::stable_sort(candidates, std::greater<>(), &annals::v1::DuplicateCandidate::score);
  if (std::ssize(candidates) > kCandidatesPerEventMax) {
    crowded = true;
    candidates.resize(kCandidatesPerEventMax);
  }
  for (auto& candidate : candidates) *response->add_candidates() = std::move(candidate);
  if (crowded) response->add_crowded_names(event.name());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<annals::v1::Event>> DuplicateFinder::Neighbours(const Compared& first,
                                                                           bool* crowded) const {
  std::vector<annals::v1::Event> neighbours;
  annals::v1::EventFilter filter;
  if (first.columns.point) {
    *filter.mutable_circle()->mutable_center() = first.event.location().point();
    filter.mutable_circle()->set_radius_m(limits_.distance_max_m);
  } else if (!first.columns.region.empty()) {
    filter.mutable_regions()->add_regions("regions/" + first.columns.region);
  } else {
    return neighbours;  // known to no place
  }
  filter.add_kinds(first.event.kind());
  // One microsecond more, as a range holds neither a window that ends at its start nor an instant
  // at its end.
  *filter.mutable_occurred()->mutable_start() =
      storage::ToTimestamp(std::max(kTimeMin, first.columns.occurred.start - limits_.gap_max - 1));
  *filter.mutable_occurred()->mutable_end() =
      storage::ToTimestamp(std::min(kTimeMax, first.columns.occurred.end + limits_.gap_max + 1));
  const storage::CallContext context = call_.StoreContext();
  const auto query = TakeFilter(backend_, context, filter);
  if (!query.ok()) return query.status();
  storage::PageSpec spec{.order = storage::EventOrder::kOccurredOldestFirst};
  do {
    spec.limit = kNeighboursMax - static_cast<int>(neighbours.size());
    auto page = backend_.events->ListEvents(context, *query, spec, snapshot_);
    if (!page.ok()) return page.status();
    std::ranges::move(page->events, std::back_inserter(neighbours));
    spec.after = page->next;
  } while (spec.after && std::ssize(neighbours) < kNeighboursMax);
  *crowded = spec.after.has_value();
  return neighbours;
}

bool DuplicateFinder::IsCandidate(const Compared& first, const Compared& second) const {
  if (second.columns.id == first.columns.id) return false;
  if (!limits_.same_feed && second.columns.feed == first.columns.feed) return false;
  if (GapOf(first.columns.occurred, second.columns.occurred) > limits_.gap_max) return false;
  if (first.columns.point && !second.columns.point) return false;
  if (!first.columns.point && second.columns.region != first.columns.region) return false;
  if (AreLinked(first.event, second.event.name()) || AreLinked(second.event, first.event.name())) {
    return false;
  }
  if (!first.columns.point && second.columns.point) return true;  // found from this side alone
  // The pair was, or will be, answered with the earlier one as its first, where that is asked for.
  const auto a = first.cursor(), b = second.cursor();
  return std::tie(a.key, a.id) < std::tie(b.key, b.id) ||
         !storage::Matches(query_, second.columns, storage::ToMicros(second.event.update_time()),
                           true);
}

annals::v1::DuplicateCandidate DuplicateFinder::Describe(const Compared& first,
                                                         const Compared& second) const {
  annals::v1::DuplicateCandidate candidate;
  *candidate.mutable_first() = first.event;
  *candidate.mutable_second() = second.event;
  ApplyView(annals::v1::EVENT_VIEW_BASIC, candidate.mutable_first());
  ApplyView(annals::v1::EVENT_VIEW_BASIC, candidate.mutable_second());
  double place = 0.5;
  if (first.columns.point && second.columns.point) {
    const double distance_m = storage::DistanceM(*first.columns.point, *second.columns.point);
    candidate.set_distance_m(distance_m);
    place = std::max(0.0, 1 - distance_m / limits_.distance_max_m);
  }
  const Micros gap = GapOf(first.columns.occurred, second.columns.occurred);
  candidate.mutable_gap()->set_seconds(gap / 1'000'000);
  candidate.mutable_gap()->set_nanos(static_cast<std::int32_t>(gap % 1'000'000 * 1'000));
  const double time = limits_.gap_max == 0
                          ? 1
                          : 1 - static_cast<double>(gap) / static_cast<double>(limits_.gap_max);
  std::set<std::int64_t> theirs, all, shared;
  for (const auto& participant : second.columns.participants) theirs.insert(participant.key);
  all = theirs;
  for (const auto& participant : first.columns.participants) {
    all.insert(participant.key);
    if (!theirs.contains(participant.key) || !shared.insert(participant.key).second) continue;
    candidate.add_shared_participants(participant.text);
  }
  const double who =
      all.empty() ? 0 : static_cast<double>(shared.size()) / static_cast<double>(all.size());
  candidate.set_score((place + std::max(0.0, time) + who) / 3);
  return candidate;
}

}  // namespace annals::service

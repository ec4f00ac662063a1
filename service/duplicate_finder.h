// Finds pairs of events that may report the same (EventService.ListDuplicateCandidates): walks the
// events asked for and asks the store, for each, what else of its kind is near in place and time.
//
// Lives on the stack of one call; not thread-safe.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "annals/v1/event_service.pb.h"
#include "service/backend.h"
#include "service/call.h"
#include "storage/event_query.h"

namespace annals::service {

inline constexpr double kDistanceDefaultM = 25'000, kDistanceMaxM = 1'000'000;
inline constexpr storage::Micros kDayMicros = storage::Micros{24} * 3600 * 1'000'000;
inline constexpr storage::Micros kGapDefault = 3 * kDayMicros, kGapMax = 366 * kDayMicros;
inline constexpr int kComparedEventsMax = 200;  // of the filter, a page
inline constexpr absl::Duration kPageTimeMax = absl::Seconds(2);
inline constexpr int kNeighboursMax = 1'000;       // looked at for one event
inline constexpr int kCandidatesPerEventMax = 50;  // answered for one event

struct DuplicateLimits {
  double distance_max_m = kDistanceDefaultM;
  storage::Micros gap_max = kGapDefault;
  bool same_feed = false;
};

// INVALID_ARGUMENT (DISTANCE_RANGE, DURATION_RANGE).
[[nodiscard]] absl::StatusOr<DuplicateLimits> TakeDuplicateLimits(
    const annals::v1::ListDuplicateCandidatesRequest& request);

class DuplicateFinder {
 public:
  // `query` says which events to find others for. All must outlive the object.
  DuplicateFinder(const Backend& backend, const Call& call, const storage::EventQuery& query,
                  const DuplicateLimits& limits)
      : backend_(backend), call_(call), query_(query), limits_(limits) {}

  // Fills a page, after the event at `after`. Answers where it ended; none where nothing follows.
  [[nodiscard]] absl::StatusOr<std::optional<storage::Cursor>> FillPage(
      std::optional<storage::Cursor> after, int page_size,
      annals::v1::ListDuplicateCandidatesResponse* response);

 private:
  struct Compared;

  // Adds the candidates of one event.
  absl::Status Add(const annals::v1::Event& event,
                   annals::v1::ListDuplicateCandidatesResponse* response);
  // What else may report what `first` does; `*crowded` where there is more than is looked at.
  absl::StatusOr<std::vector<annals::v1::Event>> Neighbours(const Compared& first,
                                                            bool* crowded) const;
  [[nodiscard]] bool IsCandidate(const Compared& first, const Compared& second) const;
  [[nodiscard]] annals::v1::DuplicateCandidate Describe(const Compared& first,
                                                        const Compared& second) const;

  const Backend& backend_;
  const Call& call_;
  const storage::EventQuery& query_;
  const DuplicateLimits limits_;
  storage::Snapshot snapshot_;  // of the page
};

}  // namespace annals::service

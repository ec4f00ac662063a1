// A question about events, compiled and checked: what an annals.v1.EventFilter becomes before it
// crosses the port (service/validate/filter_compiler). Names are resolved: regions to codes with
// all below them, actors to keys with their subordinates and names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/event_columns.h"
#include "storage/geo/area.h"
#include "storage/position.h"
#include "storage/time_span.h"

namespace annals::storage {

class Gazetteer;

// A participant asked for.
struct ActorTerm {
  std::int64_t key = 0;     // ActorKey or LabelKey
  std::uint32_t roles = 0;  // bit (1 << role) for each role that counts; 0 is any role
  TimeSpan validity;        // the event's window must start in it (dated subordination)
};

// An area asked for, with what the gazetteer knows of it.
struct AreaTerm {
  Area area;
  std::vector<std::string> regions_within;            // codes wholly inside it, ascending
  std::vector<std::string> regions_overlapping = {};  // codes that meet it; with kPossible only
};

// Named regions asked for, as codes, ascending.
struct RegionTerm {
  std::vector<std::string> codes;         // with all below them
  std::vector<std::string> codes_around;  // and all above them
};

[[nodiscard]] RegionTerm MakeRegionTerm(const Gazetteer& gazetteer,
                                        const std::vector<std::string>& codes);

// How strictly an uncertain time or place is taken; see annals.v1.MatchMode, whose numbers these
// are.
enum class MatchMode { kNominal = 1, kPossible = 2, kDefinite = 3 };

// What of the gazetteer a question about the area needs under the mode.
[[nodiscard]] AreaTerm MakeAreaTerm(const Gazetteer& gazetteer, Area area, MatchMode match);

// Parts AND; values inside a part OR; an empty part asks for all.
struct EventQuery {
  MatchMode match = MatchMode::kNominal;
  TimeSpan occurred;  // window overlaps; with kDefinite lies in it
  TimeSpan reported;  // lies in it; events without a reported time do not match
  TimeSpan recorded;  // update_time lies in it
  std::optional<AreaTerm> area;
  std::optional<RegionTerm> regions;
  std::vector<int> kinds;
  std::optional<std::vector<ActorTerm>> actors;  // engaged and empty matches nothing
  std::vector<std::string> feeds;                // feed ids
  std::optional<std::int64_t> persons_min;       // its best estimate is no less
  std::optional<std::int64_t> fatalities_min;
  std::optional<Micros> window_max;  // its window is no longer
  std::optional<double> place_uncertainty_max_m;
  std::vector<int> verifications;
  std::vector<std::string> words;          // QueryWords (storage/event_words.h): each must be held
  std::optional<std::int64_t> source_key;  // SourceKey (storage/source_url.h)
  bool include_retracted = false;
};

enum class EventOrder { kOccurredNewestFirst, kOccurredOldestFirst, kRecordedNewestFirst };

// A place in an order: the sort key and id of the last event answered. `key` is occurred.start in
// microseconds, or the position for kRecordedNewestFirst.
struct Cursor {
  std::int64_t key = 0;
  std::int64_t id = 0;
  bool operator==(const Cursor&) const = default;
};

struct PageSpec {
  EventOrder order = EventOrder::kOccurredNewestFirst;
  std::optional<Cursor> after = std::nullopt;  // events strictly after it in the order
  int limit = 100;                             // 1..1,000 events
  std::int64_t bytes_max = 3 << 20;  // of serialized events; at least one event is always answered
};

// One of the things to group by.
struct Dimension {
  enum class Kind {
    kDay,
    kWeek,
    kMonth,
    kQuarter,
    kYear,
    kKind,
    kActor,
    kRegion,
    kCountry,
    kFeed,
    kVerification,
  };
  Kind kind = Kind::kMonth;
};

// Groups beyond this are refused: INVALID_ARGUMENT, reason TOO_MANY_GROUPS.
inline constexpr int kGroupsMax = 50'000;

// Whether an event, as its columns say, answers the question. The memory store's whole query path
// and the oracle of the SQL one. `update_time` is that of the revision, `active` whether its state
// is ACTIVE.
[[nodiscard]] bool Matches(const EventQuery& query, const EventColumns& event, Micros update_time,
                           bool active);

// The strictest mode under which an event that matches the question does.
[[nodiscard]] MatchMode StrengthOf(const EventQuery& query, const EventColumns& event);

}  // namespace annals::storage

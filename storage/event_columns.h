// What questions read of an event: the one place where a record becomes columns. Both stores use
// it, so that they cannot differ.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "annals/v1/events.pb.h"
#include "storage/geo/lon_lat.h"
#include "storage/geo/uncertainty_circle.h"
#include "storage/time_span.h"

namespace annals::storage {

class Gazetteer;

// low, best, high of a CountRange, each unknown where absent.
struct CountColumns {
  std::optional<std::int64_t> low, best, high;
  bool operator==(const CountColumns&) const = default;
};

struct ParticipantColumns {
  std::int64_t key = 0;  // ActorKey or LabelKey
  std::string text;      // "actors/{actor}" or the label as given
  int role = 0;          // annals.v1.ParticipantRole
  bool operator==(const ParticipantColumns&) const = default;
};

// A circle of uncertainty, and what it reaches.
struct CircleColumns {
  UncertaintyCircle circle;
  std::vector<std::string> regions;  // codes of the first-level regions it meets, ascending
  bool beyond_regions = false;       // some of it lies in none of them
  std::vector<std::int64_t> keys;    // ReachKeysOf the circle and RegionKey of each region
};

struct EventColumns {
  std::int64_t id = 0;  // EventName::Id()
  std::string feed;
  std::string event;  // the event id within the feed
  int kind = 0;
  Window occurred;
  std::optional<Micros> reported;
  std::optional<LonLat> point;
  std::string region;        // code in force (Location.resolved_region), empty where none
  std::string point_region;  // code of the first-level region holding the point, empty where none
  // The area of uncertainty is a region's polygon (its code here), or a circle round the point, or
  // the bare point; without all three the place is unknown.
  std::string area_region;
  std::optional<double> radius_m;
  std::optional<double> place_uncertainty_m;  // how far it reaches; absent where it is unknown
  CountColumns persons;
  CountColumns fatalities;
  std::vector<ParticipantColumns> participants;  // each (key, role) once, in the record's order
  int verification = 0;                          // annals.v1.Verification
  std::vector<std::string> words;                // WordsOf (storage/event_words.h)
  std::vector<std::int64_t> source_keys;         // SourceKeysOf (storage/source_url.h)
  std::shared_ptr<const CircleColumns> circle;   // with radius_m
};

// Windows longer than this have an access path of their own in the store: a question about a range
// cannot find them by looking a little before its start.
inline constexpr Micros kShortWindowMax = Micros{8} * 24 * 3600 * 1'000'000;

// The version of what FillDerivedFields and DeriveColumns make of a record. A store whose rows are
// of an older one derives them anew when it is opened (storage/postgres/rederivation.h).
inline constexpr int kDerivationVersion = 1;

// Fills the output-only fields that depend on the record alone: Location.resolved_region and
// .point_region, ExchangeOffer.status, Event.verification. REQUIRES: a validated event.
void FillDerivedFields(const Gazetteer& gazetteer, annals::v1::Event* event);

// REQUIRES: a validated event on which FillDerivedFields ran.
[[nodiscard]] EventColumns DeriveColumns(const Gazetteer& gazetteer,
                                         const annals::v1::Event& event);

// Finds beforehand, where no one waits for it, what DeriveColumns would take longest for: what the
// event's circle of uncertainty reaches (up to some milliseconds), which the gazetteer remembers.
void PrepareDerivation(const Gazetteer& gazetteer, const annals::v1::Event& event);

// A hash of what the client sent: fields in number order, output-only ones (annotations.proto) left
// out, and with them the steps of an offer that were only added here (storage/offer_path.h), the
// others sorted; an offer that says nothing is as none. Independent of serialization. Equal content
// has equal hashes on every machine and version. The first 16 bytes of SHA-256.
using ContentHash = std::array<std::uint8_t, 16>;
[[nodiscard]] ContentHash HashContent(const annals::v1::Event& event);

// Clears every output-only field, at any depth, and takes out the steps of offers that were only
// added here.
void ClearOutputOnlyFields(google::protobuf::Message* message);

}  // namespace annals::storage

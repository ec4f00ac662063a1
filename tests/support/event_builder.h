// Builds valid events for tests, a field at a time: EventBuilder("f",
// "1").Day("2025-01-05").Place(35.3, 51.2).
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "annals/v1/events.pb.h"
#include "fmt/format.h"
#include "storage/event_store.h"
#include "storage/time_span.h"

namespace annals::testing {

// Microseconds of a day ("2025-01-05") or RFC 3339 time, in UTC. Dies on anything else.
inline storage::Micros At(std::string_view text) {
  absl::Time time;
  std::string error;
  const absl::string_view view(text.data(), text.size());
  const bool ok = absl::ParseTime("%Y-%m-%d", view, absl::UTCTimeZone(), &time, &error) ||
                  absl::ParseTime(absl::RFC3339_full, view, &time, &error);
  if (!ok) throw std::invalid_argument(std::string(text));
  return storage::ToMicros(time);
}

class EventBuilder {
 public:
  // A battle on 2025-01-05 (the day), without a place.
  EventBuilder(std::string_view feed, std::string_view id) {
    event_.set_name(fmt::format("feeds/{}/events/{}", feed, id));
    event_.set_kind(annals::v1::EVENT_KIND_BATTLE);
    event_.set_title(fmt::format("Event {}", id));
    Day("2025-01-05");
  }

  // Goes on from an event.
  explicit EventBuilder(annals::v1::Event event) : event_(std::move(event)) {}

  EventBuilder& Kind(annals::v1::EventKind kind) {
    event_.set_kind(kind);
    return *this;
  }
  EventBuilder& Title(std::string_view title) {
    event_.set_title(std::string(title));
    return *this;
  }
  EventBuilder& Between(storage::Micros start, storage::Micros end,
                        annals::v1::TimePrecision precision = annals::v1::TIME_PRECISION_RANGE) {
    auto* occurred = event_.mutable_occurred();
    *occurred->mutable_start() = storage::ToTimestamp(start);
    *occurred->mutable_end() = storage::ToTimestamp(end);
    occurred->set_precision(precision);
    return *this;
  }
  EventBuilder& Day(std::string_view day) {
    return Between(At(day), At(day) + storage::Micros{86'400'000'000},
                   annals::v1::TIME_PRECISION_DAY);
  }
  EventBuilder& Instant(std::string_view time) {
    return Between(At(time), At(time), annals::v1::TIME_PRECISION_INSTANT);
  }
  EventBuilder& Reported(std::string_view time) {
    *event_.mutable_reported_time() = storage::ToTimestamp(At(time));
    return *this;
  }
  EventBuilder& Place(double lon, double lat) {
    auto* point = event_.mutable_location()->mutable_point();
    point->set_longitude(lon);
    point->set_latitude(lat);
    return *this;
  }
  EventBuilder& Region(std::string_view code) {
    event_.mutable_location()->set_region(fmt::format("regions/{}", code));
    return *this;
  }
  EventBuilder& Actor(std::string_view actor, annals::v1::ParticipantRole role) {
    auto* participant = event_.add_participants();
    participant->set_actor(fmt::format("actors/{}", actor));
    participant->set_role(role);
    return *this;
  }
  EventBuilder& Label(std::string_view label, annals::v1::ParticipantRole role) {
    auto* participant = event_.add_participants();
    participant->set_label(std::string(label));
    participant->set_role(role);
    return *this;
  }
  EventBuilder& Persons(std::int64_t best) {
    event_.mutable_persons()->set_best(best);
    return *this;
  }
  EventBuilder& Fatalities(std::int64_t low, std::int64_t best, std::int64_t high) {
    event_.mutable_fatalities()->set_low(low);
    event_.mutable_fatalities()->set_best(best);
    event_.mutable_fatalities()->set_high(high);
    return *this;
  }

  [[nodiscard]] const annals::v1::Event& Build() const { return event_; }
  [[nodiscard]] storage::UpsertRow Row() const { return {event_, std::nullopt, false}; }

 private:
  annals::v1::Event event_;
};

}  // namespace annals::testing

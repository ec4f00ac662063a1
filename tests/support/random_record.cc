#include "tests/support/random_record.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "fmt/format.h"
#include "storage/event_name.h"
#include "storage/event_words.h"
#include "storage/source_url.h"
#include "tests/support/event_builder.h"

namespace annals::testing {
namespace {

constexpr storage::Micros kDay = 86'400'000'000;
constexpr std::array kActors = {"ukr", "rus", "prk", "ukr-army", "rus-army", "prk-army"};
constexpr std::array kLabels = {"Band A", "Band B", "Народное ополчение"};
constexpr std::array kRegions = {"RU-KRS", "RU", "UA", "UA-59", "UA-63", "UA-43", "FJ", "US-AK"};

}  // namespace

std::uint64_t TestSeed() {
  const char* given = std::getenv("ANNALS_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

storage::LonLat RandomRecord::Place() {
  // A few exact places recur, so that boundaries and ties are met.
  switch (Below(10)) {
    case 0:
      return {-180, Real(-90, 90)};
    case 1:
      return {storage::NormalizeLongitude(Real(175, 185)), Real(-25, 10)};
    case 2:
      return {Real(-180, 180), Chance(0.5) ? 90 : Real(80, 90)};
    case 3:
      return {std::floor(Real(30, 40)), std::floor(Real(45, 55))};
    case 4:
      return {Real(-180, 180), Real(-90, 90)};
    default:
      return {Real(33, 39), Real(48, 53)};
  }
}

storage::Micros RandomRecord::Time() {
  const storage::Micros day = At("2024-06-01") + Below(400) * kDay;
  return Chance(0.7) ? day : day + Below(86'400) * storage::Micros{1'000'000};
}

std::string RandomRecord::RegionCode() {
  if (Chance(0.7)) return kRegions[static_cast<std::size_t>(Below(std::ssize(kRegions)))];
  const auto& regions = gazetteer_.regions();
  return regions[static_cast<std::size_t>(Below(static_cast<int>(regions.size())))].code;
}

void RandomRecord::AddWhen(annals::v1::Event* event) {
  const storage::Micros start = Time();
  constexpr std::array<int, 8> kDays = {0, 1, 1, 1, 1, 7, 31, 365};
  const storage::Micros end = start + kDays[static_cast<std::size_t>(Below(8))] * kDay;
  *event->mutable_occurred()->mutable_start() = storage::ToTimestamp(start);
  if (end > start || Chance(0.5)) {
    *event->mutable_occurred()->mutable_end() = storage::ToTimestamp(end);
  }
  event->mutable_occurred()->set_precision(end > start ? annals::v1::TIME_PRECISION_RANGE
                                                       : annals::v1::TIME_PRECISION_INSTANT);
  if (Chance(0.5)) *event->mutable_reported_time() = storage::ToTimestamp(end + Below(40) * kDay);
}

void RandomRecord::AddWhere(annals::v1::Event* event) {
  if (Chance(0.1)) return;
  auto* location = event->mutable_location();
  if (Chance(0.8)) {
    const auto place = Place();
    location->mutable_point()->set_longitude(place.lon);
    location->mutable_point()->set_latitude(place.lat);
    if (Chance(0.3)) location->set_radius_m(std::pow(10, Real(2, Chance(0.97) ? 5 : 7.3)));
  }
  if (!location->has_point() || Chance(0.1)) location->set_region("regions/" + RegionCode());
  if (!location->has_radius_m() && Chance(0.2)) {
    const storage::LonLat point{location->point().longitude(), location->point().latitude()};
    const storage::Region* at = location->has_point() ? gazetteer_.RegionAt(point) : nullptr;
    // Most areas hold their point; a source may err.
    location->set_area_region("regions/" + (at == nullptr || Chance(0.2) ? RegionCode()
                                            : Chance(0.3)
                                                ? std::string(gazetteer_.CountryOf(at->code))
                                                : at->code));
  }
}

void RandomRecord::AddWho(annals::v1::Event* event) {
  for (int count = Below(4); count > 0; --count) {
    auto* participant = event->add_participants();
    if (Chance(0.7)) {
      participant->set_actor(
          fmt::format("actors/{}", kActors[static_cast<std::size_t>(Below(std::ssize(kActors)))]));
    } else {
      participant->set_label(kLabels[static_cast<std::size_t>(Below(std::ssize(kLabels)))]);
    }
    participant->set_role(static_cast<annals::v1::ParticipantRole>(1 + Below(13)));
  }
  if (Chance(0.3)) event->mutable_persons()->set_best(Below(100));
  if (Chance(0.5)) {
    const int low = Below(50);
    event->mutable_fatalities()->set_low(low);
    if (Chance(0.7)) event->mutable_fatalities()->set_best(low + Below(10));
    if (Chance(0.5)) event->mutable_fatalities()->set_high(low + 10 + Below(10));
  }
}

std::string RandomRecord::Word() {
  constexpr std::array kWords = {"attack", "Атака",  "Aerial", "bridge", "Брідж",
                                 "convoy", "o'neil", "Œuvre",  "b\\s",   "Ćevap"};
  return kWords[static_cast<std::size_t>(Below(std::ssize(kWords)))];
}

std::string RandomRecord::Url() {
  return fmt::format("https://{}example.org/{}", Chance(0.3) ? "www." : "", Below(20));
}

void RandomRecord::AddClaims(annals::v1::Event* event) {
  for (int count = Below(4); count > 0; --count) {
    auto* claim = event->add_claims();
    if (Chance(0.5)) {
      claim->set_actor(
          fmt::format("actors/{}", kActors[static_cast<std::size_t>(Below(std::ssize(kActors)))]));
    } else {
      claim->set_source(Word());
    }
    claim->set_stance(static_cast<annals::v1::ClaimStance>(Chance(0.6) ? 1 : 2 + Below(2)));
    if (Chance(0.3)) {
      claim->set_credibility(static_cast<annals::v1::InformationCredibility>(1 + Below(6)));
    }
    if (Chance(0.3)) claim->set_url(Url());
  }
  if (Chance(0.5)) event->set_description(Word() + ", " + Word());
}

annals::v1::Event RandomRecord::Event(const std::string& feed, const std::string& id) {
  annals::v1::Event event;
  event.set_name(fmt::format("feeds/{}/events/{}", feed, id));
  event.set_kind(static_cast<annals::v1::EventKind>(1 + Below(6)));
  event.set_title(fmt::format("Event {} {}", id, Below(1000)));
  AddWhen(&event);
  AddWhere(&event);
  AddWho(&event);
  AddClaims(&event);
  return event;
}

storage::TimeSpan RandomRecord::Span() {
  storage::TimeSpan span;
  if (Chance(0.7)) span.start = Time();
  if (Chance(0.7)) {
    constexpr std::array<int, 6> kDays = {1, 1, 3, 30, 90, 400};
    span.end = span.start.value_or(Time()) + kDays[static_cast<std::size_t>(Below(6))] * kDay;
  }
  return span;
}

storage::Area RandomRecord::Area() {
  while (true) {
    const auto place = Place();
    const double lon = Chance(0.3) ? std::floor(place.lon) : place.lon;
    const double lat = Chance(0.3) ? std::floor(place.lat) : place.lat;
    const double size = std::pow(10, Real(-2, 1.8));
    absl::StatusOr<storage::Area> area = absl::UnknownError("");
    switch (Below(3)) {
      case 0: {
        const double south = std::clamp(lat - size, -90.0, 90.0);
        const double north = std::clamp(lat + size, -90.0, 90.0);
        area = storage::Area::Box(std::clamp(lon - size, -360.0, 360.0), south,
                                  std::clamp(lon + size, -360.0, 360.0), north);
        break;
      }
      case 1:
        area = storage::Area::Circle(lat, lon, size * 60'000);
        break;
      default: {
        std::vector<std::pair<double, double>> ring;
        const int corners = 3 + Below(20);
        for (int i = 0; i < corners; ++i) {
          const double angle = 2 * M_PI * i / corners;
          const double radius = size * Real(0.3, 1);
          ring.emplace_back(std::clamp(lon + radius * std::cos(angle), -360.0, 360.0),
                            std::clamp(lat + radius * std::sin(angle), -90.0, 90.0));
        }
        area = storage::Area::Polygon({ring});
      }
    }
    if (area.ok()) return *area;
  }
}

storage::EventQuery RandomRecord::Query() {
  storage::EventQuery query;
  query.match = static_cast<storage::MatchMode>(1 + Below(3));
  if (Chance(0.6)) query.occurred = Span();
  if (Chance(0.1)) query.reported = Span();
  if (Chance(0.6)) {
    if (Chance(0.6)) {
      query.area = storage::MakeAreaTerm(gazetteer_, Area(), query.match);
    } else {
      query.regions = storage::MakeRegionTerm(gazetteer_, {RegionCode()});
    }
  }
  if (Chance(0.4)) {
    for (int i = Below(2); i >= 0; --i) query.kinds.push_back(1 + Below(6));
    std::ranges::sort(query.kinds);
    query.kinds.erase(std::ranges::unique(query.kinds).begin(), query.kinds.end());
  }
  if (Chance(0.3)) {
    query.actors.emplace();
    for (int i = Below(3); i > 0; --i) {
      storage::ActorTerm term;
      term.key =
          Chance(0.7)
              ? storage::ActorKey(kActors[static_cast<std::size_t>(Below(std::ssize(kActors)))])
              : storage::LabelKey(kLabels[static_cast<std::size_t>(Below(std::ssize(kLabels)))]);
      if (Chance(0.3)) term.roles = static_cast<std::uint32_t>(Below(1 << 14)) & ~1U;
      if (Chance(0.3)) term.validity = Span();
      query.actors->push_back(term);
    }
  }
  if (Chance(0.1)) query.persons_min = Below(100);
  if (Chance(0.15)) query.fatalities_min = Below(40);
  if (Chance(0.15)) query.window_max = Below(10) * kDay + Below(2);
  if (Chance(0.2)) query.feeds = {Chance(0.5) ? "f" : "g"};
  if (Chance(0.1)) query.place_uncertainty_max_m = std::pow(10, Real(2, 6.5));
  if (Chance(0.1)) query.verifications = {1 + Below(6)};
  if (Chance(0.1)) query.words = storage::QueryWords(Word().substr(0, 2) + " " + Word());
  if (Chance(0.05)) query.source_key = storage::SourceKey(Url());
  query.include_retracted = Chance(0.15);
  return query;
}

}  // namespace annals::testing

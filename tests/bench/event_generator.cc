#include "tests/bench/event_generator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "fmt/format.h"
#include "google/protobuf/timestamp.pb.h"

namespace annals::bench {
namespace {

constexpr int kTowns = 400;
constexpr int kActors = 2'000;
constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kFirstDay = 6'940;  // 1989-01-01
constexpr std::int64_t kLastDay = 20'750;  // 2026-10-24
constexpr std::int64_t kRecentDays = 730;
constexpr std::size_t kDescriptionBytes = 400;

constexpr std::array<std::string_view, 64> kWords = {
    "forces",     "reported", "attack",   "village",   "shelling",  "civilians",   "killed",
    "wounded",    "near",     "road",     "convoy",    "position",  "captured",    "soldiers",
    "government", "rebels",   "district", "artillery", "drone",     "strike",      "hospital",
    "sources",    "local",    "claimed",  "denied",    "prisoners", "exchange",    "ceasefire",
    "morning",    "evening",  "clashes",  "militia",   "army",      "checkpoint",  "border",
    "river",      "bridge",   "market",   "school",    "displaced", "families",    "police",
    "armed",      "group",    "seized",   "withdrew",  "advanced",  "destroyed",   "vehicle",
    "ammunition", "depot",    "airfield", "missile",   "launched",  "intercepted", "ministry",
    "statement",  "verified", "video",    "witnesses", "province",  "offensive",   "defence",
    "casualties"};

// Regions for events that are known no better, in the gazetteer.
constexpr std::array<std::string_view, 6> kRegions = {"regions/UA", "regions/SY", "regions/RU-KRS",
                                                      "regions/NG", "regions/MM", "regions/SD"};
struct Theatre {
  double lon, lat, spread;
};
constexpr std::array<Theatre, 8> kTheatres = {{{37.5, 48.2, 2.5},
                                               {36.8, 35.2, 1.5},
                                               {35.0, 51.3, 1.0},
                                               {12.5, 11.5, 2.0},
                                               {96.0, 21.0, 2.5},
                                               {28.5, 13.5, 3.0},
                                               {45.0, 3.0, 2.0},
                                               {44.5, 15.0, 1.5}}};

// A generator whose state is one number: SplitMix64.
class Random {
 public:
  explicit Random(std::uint64_t state) : state_(state) {}

  std::uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  std::int64_t Below(std::int64_t end) {
    return static_cast<std::int64_t>(Uniform() * static_cast<double>(end));
  }
  // In [0, end), the first most often: about a power law.
  std::int64_t Skewed(std::int64_t end) {
    return static_cast<std::int64_t>(std::pow(static_cast<double>(end), Uniform())) - 1;
  }
  // Sum of four, near enough to a normal distribution.
  double Normal() { return (Uniform() + Uniform() + Uniform() + Uniform() - 2) * 1.73; }

 private:
  std::uint64_t state_;
};

std::string Sentence(Random& random, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) {
    if (!text.empty()) text += ' ';
    // Now and then a word that few others have.
    if (random.Below(20) == 0) {
      text += fmt::format("n{}", random.Skewed(100'000));
    } else {
      text += kWords[static_cast<std::size_t>(random.Skewed(kWords.size()))];
    }
  }
  return text;
}

void SetTime(Random& random, annals::v1::Event* event) {
  const std::int64_t day = random.Below(3) == 0 ? kLastDay - 1 - random.Below(kRecentDays)
                                                : kFirstDay + random.Below(kLastDay - kFirstDay);
  const bool weeks = random.Below(20) == 0;
  auto* occurred = event->mutable_occurred();
  occurred->mutable_start()->set_seconds(day * kDay);
  occurred->mutable_end()->set_seconds((day + (weeks ? 14 + random.Below(60) : 1)) * kDay);
  occurred->set_precision(weeks ? annals::v1::TIME_PRECISION_RANGE
                                : annals::v1::TIME_PRECISION_DAY);
  event->mutable_reported_time()->set_seconds((day + 1) * kDay + random.Below(kDay));
}

annals::v1::EventKind Kind(Random& random) {
  using namespace annals::v1;
  constexpr std::array<EventKind, 8> kKinds = {
      EVENT_KIND_BATTLE,          EVENT_KIND_STRIKE, EVENT_KIND_VIOLENCE_AGAINST_CIVILIANS,
      EVENT_KIND_PROTEST,         EVENT_KIND_RIOT,   EVENT_KIND_TERRITORY_CHANGE,
      EVENT_KIND_CASUALTY_REPORT, EVENT_KIND_CAPTURE};
  return kKinds[static_cast<std::size_t>(random.Skewed(kKinds.size()))];
}

}  // namespace

EventGenerator::EventGenerator(std::string feed, std::uint64_t seed)
    : feed_(std::move(feed)), seed_(seed) {
  Random random(seed);
  for (int i = 0; i < kTowns; ++i) {
    const Theatre& theatre = kTheatres[static_cast<std::size_t>(random.Skewed(kTheatres.size()))];
    towns_.push_back({theatre.lon + theatre.spread * random.Normal(),
                      theatre.lat + theatre.spread * random.Normal(), fmt::format("Town {}", i)});
  }
}

annals::v1::Event EventGenerator::Make(std::int64_t index) const {
  Random random(seed_ * 0x2545f4914f6cdd1d + static_cast<std::uint64_t>(index));
  annals::v1::Event event;
  event.set_name(fmt::format("feeds/{}/events/{}", feed_, index));
  event.set_kind(Kind(random));
  SetTime(random, &event);
  auto* location = event.mutable_location();
  if (random.Below(20) == 0) {
    location->set_region(
        std::string(kRegions[static_cast<std::size_t>(random.Skewed(kRegions.size()))]));
    location->set_precision(annals::v1::PLACE_PRECISION_COUNTRY);
  } else {
    const Town& town = towns_[static_cast<std::size_t>(random.Skewed(kTowns))];
    location->mutable_point()->set_longitude(town.lon + 0.05 * random.Normal());
    location->mutable_point()->set_latitude(town.lat + 0.05 * random.Normal());
    location->set_place_name(town.name);
    location->set_precision(annals::v1::PLACE_PRECISION_NEAR);
    if (random.Below(10) == 0) {
      location->set_radius_m(1'000.0 * static_cast<double>(1 + random.Below(25)));
    }
  }
  for (const auto role :
       {annals::v1::PARTICIPANT_ROLE_INITIATOR, annals::v1::PARTICIPANT_ROLE_TARGET}) {
    auto* participant = event.add_participants();
    participant->set_label(fmt::format("Armed Group {}", random.Skewed(kActors)));
    participant->set_role(role);
  }
  const std::int64_t killed = random.Skewed(60);
  event.mutable_fatalities()->set_low(killed);
  event.mutable_fatalities()->set_best(killed);
  event.mutable_fatalities()->set_high(killed + random.Skewed(10));
  event.set_title(Sentence(random, 50));
  event.set_description(Sentence(random, kDescriptionBytes));
  auto* claim = event.add_claims();
  claim->set_source(fmt::format("Agency {}", random.Skewed(300)));
  claim->set_stance(annals::v1::CLAIM_STANCE_ASSERTS);
  claim->set_url(fmt::format("https://news.example.org/{}/{}", random.Skewed(300), index));
  return event;
}

}  // namespace annals::bench

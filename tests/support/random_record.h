// Random events and random questions, clustered so that questions find something: places near the
// samples' war, the antimeridian and the poles; a fifth uncertain in place or time.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "annals/v1/events.pb.h"
#include "storage/event_query.h"
#include "storage/gazetteer.h"

namespace annals::testing {

// The seed of this run: ANNALS_SEED where set, else a random one. Print it.
[[nodiscard]] std::uint64_t TestSeed();

class RandomRecord {
 public:
  RandomRecord(const storage::Gazetteer* gazetteer, std::uint64_t seed)
      : gazetteer_(*gazetteer), random_(seed) {}

  // A valid event of that name.
  annals::v1::Event Event(const std::string& feed, const std::string& id);
  storage::EventQuery Query();
  // An area of any shape; tries until it is valid.
  storage::Area Area();

  // [0, n).
  int Below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  bool Chance(double share) { return std::bernoulli_distribution(share)(random_); }
  double Real(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random_);
  }

 private:
  storage::LonLat Place();
  storage::Micros Time();
  storage::TimeSpan Span();
  std::string RegionCode();
  void AddWhen(annals::v1::Event* event);
  void AddWhere(annals::v1::Event* event);
  void AddWho(annals::v1::Event* event);
  void AddClaims(annals::v1::Event* event);
  std::string Word();
  std::string Url();

  const storage::Gazetteer& gazetteer_;
  std::mt19937_64 random_;
};

}  // namespace annals::testing

// Realistically skewed events, the same on every machine: event i of a seed is always the same.
//
// Places cluster by a power law round 400 towns, times in bursts (a third in the last two years of
// 1989-2026), actors and kinds by power laws; a fifth are uncertain (a region alone, a radius, or
// weeks). Some 750 bytes each, 400 of them a description. All are valid.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "annals/v1/events.pb.h"

namespace annals::bench {

class EventGenerator {
 public:
  // `feed`: the feed's id.
  EventGenerator(std::string feed, std::uint64_t seed);

  [[nodiscard]] annals::v1::Event Make(std::int64_t index) const;

 private:
  struct Town {
    double lon, lat;
    std::string name;
  };
  const std::string feed_;
  const std::uint64_t seed_;
  std::vector<Town> towns_;
};

}  // namespace annals::bench

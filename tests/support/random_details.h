// Random events that use the whole record: details of every kind, claims, links, codes, tags, text
// of many scripts, and the extremes that the contract takes. RandomRecord makes events to be found;
// these are made to be kept.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "annals/v1/events.pb.h"
#include "storage/gazetteer.h"

namespace annals::testing {

class RandomDetails {
 public:
  // Regions are those of the gazetteer, which must outlive this; actors of the starter catalogue.
  RandomDetails(const storage::Gazetteer* gazetteer, std::uint64_t seed)
      : gazetteer_(*gazetteer), random_(seed) {}

  // A valid event of that name. `feed` must exist where it is sent to.
  annals::v1::Event Event(const std::string& feed, const std::string& id);

  // [0, n).
  int Below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  bool Chance(double share) { return std::bernoulli_distribution(share)(random_); }

 private:
  template <typename Range>
  const auto& OneOf(const Range& values) {
    return values[static_cast<std::size_t>(Below(static_cast<int>(std::size(values))))];
  }
  std::string Text(int pieces_max, bool one_line = false);
  std::string Actor();
  std::string Region();
  std::string EventReference();
  std::string Url();
  std::int64_t Number();
  google::protobuf::Timestamp Time();
  annals::v1::CountRange Range();
  annals::v1::ClaimedCount Claimed();
  annals::v1::OccurredWindow Window();
  annals::v1::CaptiveSide Side();
  annals::v1::Claim Claim();
  void AddPlace(annals::v1::Event* event);
  void AddParties(annals::v1::Event* event);
  void AddLists(annals::v1::Event* event);
  void AddDetails(annals::v1::Event* event);
  void AddCapture(annals::v1::Event* event);
  void AddDeployment(annals::v1::Event* event);
  void AddOffer(annals::v1::Event* event);
  void AddExchange(annals::v1::Event* event);

  const storage::Gazetteer& gazetteer_;
  std::mt19937_64 random_;
};

}  // namespace annals::testing

// Remembers what circles of uncertainty reach: the events of one feed share their places, so that
// most are found once. Thread-safe.
#pragma once

#include <cstddef>
#include <mutex>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "storage/gazetteer.h"

namespace annals::storage {

class ReachMemo {
 public:
  using Key = std::tuple<double, double, double>;  // longitude, latitude, radius

  Gazetteer::Reach Get(const Key& key, absl::FunctionRef<Gazetteer::Reach()> find) const {
    {
      const std::lock_guard lock(mutex_);
      if (const auto known = reaches_.find(key); known != reaches_.end()) return known->second;
    }
    Gazetteer::Reach reach = find();
    const std::lock_guard lock(mutex_);
    if (reaches_.size() >= kReachesMax) reaches_.clear();
    reaches_.emplace(key, reach);
    return reach;
  }

 private:
  static constexpr std::size_t kReachesMax = 20'000;  // some 3 MB

  mutable std::mutex mutex_;
  mutable absl::flat_hash_map<Key, Gazetteer::Reach> reaches_;
};

}  // namespace annals::storage

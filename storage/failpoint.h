// Places where a build for tests fails on demand: the option ANNALS_FAILPOINTS of CMake, or the
// test program annalsd_failpoints. Elsewhere the macro is `false`, and nothing of it is in the
// binary.
//
//   if (ANNALS_FAILPOINT("write.before_commit")) throw pqxx::broken_connection("…");
//
// The environment says what happens when a point is passed, read at the first pass of any:
//   ANNALS_FAILPOINTS       name=action[@N][%P] with commas between
//   ANNALS_FAILPOINTS_SEED  of the chances; without it one is drawn. Printed to stderr either way
// Actions: kill (SIGKILL to this process), delay:MS, error (the macro is true: the place fails as
// it can). @N: at the Nth pass alone, from 1. %P: at each pass with a chance of P of 100. What
// cannot be read ends the process. Names are unique.
//
// PassFailpoint is thread safe, FailpointPlan is not.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#ifdef ANNALS_FAILPOINTS
#define ANNALS_FAILPOINT(name) ::annals::storage::PassFailpoint(name)
#else
#define ANNALS_FAILPOINT(name) false
#endif

namespace annals::storage {

struct FailpointAction {
  enum class Kind { kNone, kKill, kDelay, kError };
  Kind kind = Kind::kNone;
  absl::Duration delay;

  bool operator==(const FailpointAction&) const = default;
};

// What is to happen where, and how often each was passed.
class FailpointPlan {
 public:
  // `text` as ANNALS_FAILPOINTS, which may be empty. INVALID_ARGUMENT.
  static absl::StatusOr<FailpointPlan> Parse(std::string_view text, std::uint64_t seed);

  // Counts a pass of `name` and answers what is to happen.
  FailpointAction Pass(std::string_view name);

 private:
  struct Point {
    FailpointAction action;
    std::optional<std::int64_t> at_pass;
    double chance = 1;
    std::int64_t passes = 0;
  };
  static absl::StatusOr<std::pair<std::string, Point>> ParsePoint(std::string_view text);

  std::map<std::string, Point, std::less<>> points_;
  std::mt19937_64 random_;
};

// Does what the environment says of `name`; whether the place is to fail.
bool PassFailpoint(std::string_view name);

}  // namespace annals::storage

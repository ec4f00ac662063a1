// When a failed call is tried again.
//
// UNAVAILABLE is, which the contract declares safe to retry, and RESOURCE_EXHAUSTED where the
// server says when to come back (RetryDelay in status.h); and only for calls whose repetition has
// no further effect. The wait before attempt n is what the server asks for, if anything, and a time
// drawn from [0, min(delay_max, delay_initial * 2^n)) (full jitter), so that many clients of a
// restarting server do not come back at once.
//
// A RetryPolicy is a value; copies share the sleeper, clock and random source they were given. Safe
// for use by several threads where those are (the defaults are).
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace annals::client {

// The limits of a RetryPolicy.
struct RetryLimits {
  absl::Duration delay_initial = absl::Milliseconds(100);
  absl::Duration delay_max = absl::Seconds(5);
  int attempts_max = 10;  // The first included; 1 never retries.
};

// The world as a policy sees it; replaced in tests.
struct RetryEnvironment {
  std::function<absl::Time()> now;
  std::function<void(absl::Duration)> sleep;
  std::function<double()> uniform;  // In [0, 1).

  // The real clock, sleep and random source.
  static RetryEnvironment Real();
};

class RetryPolicy {
 public:
  explicit RetryPolicy(RetryLimits limits = {},
                       RetryEnvironment environment = RetryEnvironment::Real());

  // Calls `attempt` until it gives OK or an error that is not retried, attempts run out, or the
  // next wait would end at or after `deadline`. Returns the last attempt's status.
  [[nodiscard]] absl::Status Run(absl::Time deadline,
                                 const std::function<absl::Status()>& attempt) const;

  // After `failures` failed attempts (from 1): waits and returns true if `status` is to be retried,
  // else returns false at once. For loops that Run does not fit, such as resumed streams.
  [[nodiscard]] bool WaitToRetry(const absl::Status& status, int failures,
                                 absl::Time deadline) const;

  [[nodiscard]] absl::Time Now() const { return environment_.now(); }

 private:
  RetryLimits limits_;
  RetryEnvironment environment_;
};

}  // namespace annals::client

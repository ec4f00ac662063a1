// When a failed call is tried again: only where its repetition has no further effect, and only
// after errors that may pass by themselves (IsTransient).
//
// The wait before attempt n is what the server asks for, if anything, and a time drawn from
// [0, min(delay_max, delay_initial * 2^n)) (full jitter), so that many clients of a restarting
// server do not come back at once. All that is tried again over one connection shares a RetryBudget
// beside, so that many callers of one program do not storm a server that is ill.
//
// A RetryPolicy is a value; copies share the sleeper, clock and random source they were given. Safe
// for use by several threads where those are (the defaults are).
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
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
  // Waits so long, or until `cancelled`, where it is not null, is notified.
  std::function<void(absl::Duration, absl::Notification* cancelled)> sleep;
  std::function<double()> uniform;  // In [0, 1).

  // The real clock, sleep and random source.
  static RetryEnvironment Real();
};

// How many retries there may be.
struct RetryBudgetLimits {
  double burst = 100;      // Saved up at most, and there at the start.
  double per_call = 0.1;   // For each call made, and each message received on a stream.
  double per_second = 10;  // Whatever is called.
};

// What all retries over one connection share. Safe for use by several threads.
class RetryBudget {
 public:
  explicit RetryBudget(RetryBudgetLimits limits = {}) : limits_(limits), saved_(limits.burst) {}

  // A call was made, or a message of a stream was received.
  void AddCall();

  // Takes a retry at the time `now`. Answers how long to wait for it; nullopt, and nothing is
  // taken, where that is longer than `wait_max`.
  [[nodiscard]] std::optional<absl::Duration> Take(absl::Time now, absl::Duration wait_max);

 private:
  const RetryBudgetLimits limits_;
  std::mutex mutex_;
  double saved_;  // Guarded by mutex_. Below 0: taken ahead of time.
  std::optional<absl::Time>
      taken_;  // Guarded by mutex_. When `saved_` was last brought up to date.
};

// Whether the error may pass by itself: UNAVAILABLE; RESOURCE_EXHAUSTED where the server says when
// to come back (RetryDelay in status.h) or cut a slow reader (SLOW_CONSUMER); UNKNOWN where it
// could not learn what became of a write (OUTCOME_UNKNOWN); CANCELLED without a reason, as a proxy
// ends calls.
[[nodiscard]] bool IsTransient(const absl::Status& status);

class RetryPolicy {
 public:
  explicit RetryPolicy(RetryLimits limits = {},
                       RetryEnvironment environment = RetryEnvironment::Real());

  // Calls `attempt` until it gives OK or an error that is not transient, attempts run out, or the
  // next wait, which `budget` may lengthen where it is not null, would end at or after `deadline`.
  // Returns the last attempt's status.
  [[nodiscard]] absl::Status Run(absl::Time deadline, const std::function<absl::Status()>& attempt,
                                 RetryBudget* budget = nullptr) const;

  // After `failures` failed attempts (from 1): waits, less long where `cancelled` is notified, and
  // returns true if `status` is to be retried, else returns false at once.
  [[nodiscard]] bool WaitToRetry(const absl::Status& status, int failures, absl::Time deadline,
                                 RetryBudget* budget = nullptr,
                                 absl::Notification* cancelled = nullptr) const;

  [[nodiscard]] absl::Time Now() const { return environment_.now(); }

 private:
  RetryLimits limits_;
  RetryEnvironment environment_;
};

// The retries of a stream, which go on as long as it gets further in between. Used by one thread.
class StreamRetries {
 public:
  // `patience`: how long the stream is tried again without getting further. `budget` outlives it.
  StreamRetries(RetryPolicy policy, absl::Duration patience, RetryBudget* budget)
      : policy_(std::move(policy)), patience_(patience), budget_(budget) {}

  // A message was received that shows the stream to get further.
  void GetFurther();

  // As RetryPolicy::WaitToRetry, for the failures since it last got further.
  [[nodiscard]] bool Wait(const absl::Status& status, absl::Notification* cancelled = nullptr);

  // How often it failed since it last got further.
  [[nodiscard]] int Failures() const { return failures_; }

 private:
  const RetryPolicy policy_;
  const absl::Duration patience_;
  RetryBudget* const budget_;
  int failures_ = 0;
  absl::Time deadline_;  // Of the failures.
};

}  // namespace annals::client

#include "clients/cpp/retry_policy.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "absl/time/clock.h"
#include "clients/cpp/status.h"

namespace annals::client {

RetryEnvironment RetryEnvironment::Real() {
  return {
      .now = [] { return absl::Now(); },
      .sleep =
          [](absl::Duration delay, absl::Notification* cancelled) {
            if (cancelled == nullptr) {
              absl::SleepFor(delay);
            } else {
              cancelled->WaitForNotificationWithTimeout(delay);
            }
          },
      .uniform =
          [] {
            thread_local std::mt19937_64 engine{std::random_device{}()};
            return std::uniform_real_distribution<double>(0, 1)(engine);
          },
  };
}

void RetryBudget::AddCall() {
  const std::lock_guard lock(mutex_);
  saved_ = std::min(limits_.burst, saved_ + limits_.per_call);
}

std::optional<absl::Duration> RetryBudget::Take(absl::Time now, absl::Duration wait_max) {
  const std::lock_guard lock(mutex_);
  if (taken_ && now > *taken_) {
    const double earned = absl::ToDoubleSeconds(now - *taken_) * limits_.per_second;
    saved_ = std::min(limits_.burst, saved_ + earned);
  }
  if (!taken_ || now > *taken_) taken_ = now;
  absl::Duration wait;
  if (saved_ < 1) {
    if (limits_.per_second <= 0) return std::nullopt;
    wait = absl::Seconds((1 - saved_) / limits_.per_second);
  }
  if (wait > wait_max) return std::nullopt;
  saved_ -= 1;
  return wait;
}

bool IsTransient(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return true;
    case absl::StatusCode::kResourceExhausted:
      // What is exhausted may stay so: without a word when to come back nobody waits for it.
      return RetryDelay(status).has_value() || ErrorReason(status) == "SLOW_CONSUMER";
    case absl::StatusCode::kUnknown:
      return ErrorReason(status) == "OUTCOME_UNKNOWN";
    case absl::StatusCode::kCancelled:
      return ErrorReason(status).empty();
    default:
      return false;
  }
}

RetryPolicy::RetryPolicy(RetryLimits limits, RetryEnvironment environment)
    : limits_(limits), environment_(std::move(environment)) {}

absl::Status RetryPolicy::Run(absl::Time deadline, const std::function<absl::Status()>& attempt,
                              RetryBudget* budget) const {
  if (budget != nullptr) budget->AddCall();
  for (int failures = 0;;) {
    absl::Status status = attempt();
    if (status.ok() || !WaitToRetry(status, ++failures, deadline, budget)) return status;
  }
}

bool RetryPolicy::WaitToRetry(const absl::Status& status, int failures, absl::Time deadline,
                              RetryBudget* budget, absl::Notification* cancelled) const {
  if (!IsTransient(status) || failures >= limits_.attempts_max) return false;
  const double growth = std::pow(2.0, std::min(failures - 1, 30));
  const absl::Duration ceiling = std::min(limits_.delay_max, limits_.delay_initial * growth);
  absl::Duration delay =
      RetryDelay(status).value_or(absl::ZeroDuration()) + ceiling * environment_.uniform();
  const absl::Time now = environment_.now();
  if (now + delay >= deadline) return false;
  if (budget != nullptr) {
    const std::optional<absl::Duration> wait = budget->Take(now, deadline - now);
    if (!wait || now + *wait >= deadline) return false;
    delay = std::max(delay, *wait);
  }
  environment_.sleep(delay, cancelled);
  return true;
}

void StreamRetries::GetFurther() {
  failures_ = 0;
  budget_->AddCall();
}

bool StreamRetries::Wait(const absl::Status& status, absl::Notification* cancelled) {
  if (failures_ == 0) deadline_ = policy_.Now() + patience_;
  return policy_.WaitToRetry(status, ++failures_, deadline_, budget_, cancelled);
}

}  // namespace annals::client

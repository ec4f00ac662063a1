#include "clients/cpp/retry_policy.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>
#include <utility>

#include "absl/time/clock.h"
#include "clients/cpp/status.h"

namespace annals::client {

RetryEnvironment RetryEnvironment::Real() {
  return {
      .now = [] { return absl::Now(); },
      .sleep = [](absl::Duration delay) { absl::SleepFor(delay); },
      .uniform =
          [] {
            thread_local std::mt19937_64 engine{std::random_device{}()};
            return std::uniform_real_distribution<double>(0, 1)(engine);
          },
  };
}

RetryPolicy::RetryPolicy(RetryLimits limits, RetryEnvironment environment)
    : limits_(limits), environment_(std::move(environment)) {}

absl::Status RetryPolicy::Run(absl::Time deadline,
                              const std::function<absl::Status()>& attempt) const {
  for (int failures = 0;;) {
    absl::Status status = attempt();
    if (status.ok() || !WaitToRetry(status, ++failures, deadline)) return status;
  }
}

bool RetryPolicy::WaitToRetry(const absl::Status& status, int failures, absl::Time deadline) const {
  const std::optional<absl::Duration> asked = RetryDelay(status);
  // What is exhausted may stay so: without a word when to come back nobody waits for it.
  const bool passes =
      absl::IsUnavailable(status) || (absl::IsResourceExhausted(status) && asked.has_value());
  if (!passes || failures >= limits_.attempts_max) return false;
  const double growth = std::pow(2.0, std::min(failures - 1, 30));
  const absl::Duration ceiling = std::min(limits_.delay_max, limits_.delay_initial * growth);
  const absl::Duration delay =
      asked.value_or(absl::ZeroDuration()) + ceiling * environment_.uniform();
  if (environment_.now() + delay >= deadline) return false;
  environment_.sleep(delay);
  return true;
}

}  // namespace annals::client

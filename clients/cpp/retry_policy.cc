#include "clients/cpp/retry_policy.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

#include "absl/time/clock.h"

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
  if (!absl::IsUnavailable(status) || failures >= limits_.attempts_max) return false;
  const double growth = std::pow(2.0, std::min(failures - 1, 30));
  const absl::Duration ceiling = std::min(limits_.delay_max, limits_.delay_initial * growth);
  const absl::Duration delay = ceiling * environment_.uniform();
  if (environment_.now() + delay >= deadline) return false;
  environment_.sleep(delay);
  return true;
}

}  // namespace annals::client

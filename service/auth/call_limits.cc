#include "service/auth/call_limits.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "service/grpc_status.h"
#include "storage/error.h"

namespace annals::service {
namespace {

constexpr int kBurst = 2;
constexpr double kRounding = 1e-6;  // of a request: what adding up fractions may lose
constexpr absl::Duration kDelayStep = absl::Microseconds(1);
constexpr absl::Duration kEndDelay = absl::Seconds(1);  // a call or stream may end at any time

absl::Status Exhausted(std::string_view reason, std::string_view message, absl::Duration delay) {
  return WithRetryDelay(storage::Error(absl::StatusCode::kResourceExhausted, reason, message),
                        delay);
}

absl::Time DayOf(absl::Time time) {
  return absl::FromUnixSeconds(absl::ToUnixSeconds(time) / 86'400 * 86'400);
}

}  // namespace

CallLimits::CallLimits(const LimitOptions& options, Clock clock)
    : options_(options), clock_(std::move(clock)) {}

absl::Status CallLimits::TakeRequest(const std::string& principal) {
  if (options_.requests_per_second == 0) return absl::OkStatus();
  const double rate = options_.requests_per_second;
  const absl::Time now = clock_();
  const std::lock_guard lock(mutex_);
  Account& account = accounts_[principal];
  const double gained = std::max(0.0, rate * absl::ToDoubleSeconds(now - account.filled));
  account.requests = std::min(kBurst * rate, account.requests + gained);
  account.filled = std::max(now, account.filled);
  if (account.requests + kRounding < 1) {
    return Exhausted("TOO_MANY_REQUESTS",
                     fmt::format("more than {} requests a second", options_.requests_per_second),
                     absl::Ceil(absl::Seconds((1 - account.requests) / rate), kDelayStep));
  }
  account.requests -= 1;
  return absl::OkStatus();
}

absl::Status CallLimits::TakeRows(const std::string& principal, std::int64_t rows) {
  if (options_.rows_per_day == 0) return absl::OkStatus();
  const absl::Time now = clock_();
  const std::lock_guard lock(mutex_);
  Account& account = accounts_[principal];
  if (account.day < DayOf(now)) {
    account.day = DayOf(now);
    account.rows = 0;
  }
  if (account.rows + rows > options_.rows_per_day) {
    return Exhausted("TOO_MANY_ROWS", fmt::format("more than {} rows a day", options_.rows_per_day),
                     account.day + absl::Hours(24) - now);
  }
  account.rows += rows;
  return absl::OkStatus();
}

absl::Status CallLimits::Open(const std::string& principal, int Account::*count, int max,
                              std::string_view reason, std::string_view what) {
  const std::lock_guard lock(mutex_);
  Account& account = accounts_[principal];
  if (max != 0 && account.*count >= max) {
    return Exhausted(reason, fmt::format("more than {} {} at once", max, what), kEndDelay);
  }
  ++(account.*count);
  return absl::OkStatus();
}

absl::Status CallLimits::OpenCall(const std::string& principal) {
  return Open(principal, &Account::calls, options_.calls_max, "TOO_MANY_CALLS", "calls");
}

void CallLimits::CloseCall(const std::string& principal) {
  const std::lock_guard lock(mutex_);
  --accounts_[principal].calls;
}

absl::Status CallLimits::OpenStream(const std::string& principal) {
  return Open(principal, &Account::streams, options_.streams_max, "TOO_MANY_STREAMS", "streams");
}

void CallLimits::CloseStream(const std::string& principal) {
  const std::lock_guard lock(mutex_);
  --accounts_[principal].streams;
}

}  // namespace annals::service

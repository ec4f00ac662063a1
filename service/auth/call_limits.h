// How much one caller may ask for, so that one cannot take the server from the others. Thread-safe.
//
// Counts are this process's own and begin anew with it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace annals::service {

// Each for one principal; 0 is without limit.
struct LimitOptions {
  int requests_per_second = 1'000;  // kBurst times as many at once after a pause
  int calls_max = 100;              // under way or waiting at once, streams among them
  int streams_max = 32;             // exports and ingests at once
  std::int64_t rows_per_day = 0;    // sent to be taken in, by the UTC day
};

class CallLimits {
 public:
  using Clock = std::function<absl::Time()>;
  explicit CallLimits(const LimitOptions& options, Clock clock = absl::Now);

  // All answer RESOURCE_EXHAUSTED with a retry delay where the principal has had its share.
  // TOO_MANY_REQUESTS.
  [[nodiscard]] absl::Status TakeRequest(const std::string& principal);
  // TOO_MANY_ROWS: none of them is counted; the delay is until the day ends.
  [[nodiscard]] absl::Status TakeRows(const std::string& principal, std::int64_t rows);
  // TOO_MANY_CALLS. Each that was opened is closed once.
  [[nodiscard]] absl::Status OpenCall(const std::string& principal);
  void CloseCall(const std::string& principal);
  // TOO_MANY_STREAMS. Each that was opened is closed once.
  [[nodiscard]] absl::Status OpenStream(const std::string& principal);
  void CloseStream(const std::string& principal);

 private:
  struct Account {
    double requests = 0;  // that may be made at once, as of `filled`
    absl::Time filled = absl::InfinitePast();
    int calls = 0;
    int streams = 0;
    absl::Time day = absl::InfinitePast();
    std::int64_t rows = 0;  // taken on `day`
  };

  [[nodiscard]] absl::Status Open(const std::string& principal, int Account::*count, int max,
                                  std::string_view reason, std::string_view what);

  const LimitOptions options_;
  const Clock clock_;
  std::mutex mutex_;
  std::map<std::string, Account> accounts_;  // guarded by mutex_; of principals alone, so few
};

}  // namespace annals::service

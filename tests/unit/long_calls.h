// Long calls that note what they are told, and wait for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>

#include "service/auth/authenticator.h"
#include "storage/error.h"

namespace annals::testing {

class NotingCall final : public service::LongCall {
 public:
  explicit NotingCall(service::Identity identity) : identity_(std::move(identity)) {}

  [[nodiscard]] const service::Identity& identity() const override { return identity_; }
  void Revoke(const absl::Status& why) override {
    const std::lock_guard lock(mutex_);
    reason_ = storage::ErrorReason(why);
    ++times_;
    told_.notify_all();
  }

  // Whether it is told so many times from now on, before a deadline that nothing fast comes near.
  bool WaitUntilTold(int times = 1) {
    std::unique_lock lock(mutex_);
    const int enough = times_ + times;
    return told_.wait_for(lock, std::chrono::seconds(30), [&] { return times_ >= enough; });
  }
  // Why, at last; empty where it was not told.
  std::string reason() {
    const std::lock_guard lock(mutex_);
    return reason_;
  }

 private:
  const service::Identity identity_;
  std::mutex mutex_;
  std::condition_variable told_;
  std::string reason_;  // guarded by mutex_
  int times_ = 0;       // guarded by mutex_
};

// A call of nobody's, which is told after each look at the auth file: one that is told twice knows
// that the file was looked at since.
class AfterEachLook {
 public:
  explicit AfterEachLook(service::Authenticator* authenticator)
      : authenticator_(authenticator),
        call_({std::make_shared<const service::Principal>(), "no token", {}}) {
    authenticator_->Remember(&call_);
  }
  ~AfterEachLook() { authenticator_->Forget(&call_); }
  AfterEachLook(const AfterEachLook&) = delete;
  AfterEachLook& operator=(const AfterEachLook&) = delete;

  bool Wait() { return call_.WaitUntilTold(2); }

 private:
  service::Authenticator* const authenticator_;
  NotingCall call_;
};

}  // namespace annals::testing

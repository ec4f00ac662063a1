#include "storage/postgres/connection_pool.h"

#include <algorithm>
#include <utility>

#include "spdlog/spdlog.h"
#include "storage/postgres/connection.h"
#include "storage/postgres/pqxx_status.h"

namespace annals::storage {
namespace {

constexpr absl::Duration kWaitMax = absl::Hours(1);  // of one wait for an open-ended deadline

std::chrono::system_clock::time_point WakeTime(absl::Time time) {
  return absl::ToChronoTime(std::min(time, absl::Now() + kWaitMax));
}

}  // namespace

ConnectionPool::Lease::Lease(ConnectionPool* pool, std::unique_ptr<Connection> connection)
    : pool_(pool), connection_(std::move(connection)) {}

ConnectionPool::Lease::Lease(Lease&& other) noexcept
    : pool_(other.pool_), connection_(std::move(other.connection_)) {}

ConnectionPool::Lease::~Lease() {
  if (connection_) pool_->Return(std::move(connection_), false);
}

void ConnectionPool::Lease::Discard() {
  if (connection_) pool_->Return(std::move(connection_), true);
}

ConnectionPool::ConnectionPool(ConnectionPoolOptions options)
    : options_(std::move(options)), watchdog_([this] { Watch(); }) {}

ConnectionPool::~ConnectionPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  watch_changed_.notify_all();
  watchdog_.join();
}

absl::StatusOr<ConnectionPool::Lease> ConnectionPool::Acquire(absl::Time deadline) {
  std::unique_ptr<Connection> connection;
  {
    std::unique_lock lock(mutex_);
    const auto available = [&] { return !idle_.empty() || open_ < options_.connections_max; };
    while (!available()) {
      if (absl::Now() >= deadline) return DeadlineError();
      freed_.wait_until(lock, WakeTime(deadline), available);
    }
    if (idle_.empty()) {
      ++open_;
    } else {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!connection) {
    const absl::Status made = CatchStatus([&] {
      connection = std::make_unique<Connection>(options_.connection_string, options_.session_setup);
    });
    if (!made.ok()) {
      Return(nullptr, true);
      return absl::IsInternal(made) ? UnavailableError() : made;
    }
  }
  {
    std::lock_guard lock(mutex_);
    cutoffs_[connection.get()] = deadline + options_.watchdog_grace;
  }
  watch_changed_.notify_all();
  return Lease(this, std::move(connection));
}

void ConnectionPool::Return(std::unique_ptr<Connection> connection, bool broken) {
  std::vector<std::unique_ptr<Connection>> closing;  // closed outside the lock
  {
    std::lock_guard lock(mutex_);
    cutoffs_.erase(connection.get());
    if (broken) {
      closing = std::exchange(idle_, {});
      open_ -= 1 + static_cast<int>(closing.size());
      if (connection) closing.push_back(std::move(connection));
    } else {
      idle_.push_back(std::move(connection));
    }
  }
  freed_.notify_all();
}

void ConnectionPool::Watch() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const absl::Time now = absl::Now();
    absl::Time next = absl::InfiniteFuture();
    for (auto it = cutoffs_.begin(); it != cutoffs_.end();) {
      if (it->second > now) {
        next = std::min(next, it->second);
        ++it;
        continue;
      }
      spdlog::warn("a call hangs in the database past its deadline: its connection is cut");
      it->first->ShutDown();
      it = cutoffs_.erase(it);
    }
    watch_changed_.wait_until(lock, WakeTime(next));
  }
}

}  // namespace annals::storage

#include "storage/postgres/postgres_change_log.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "storage/error.h"
#include "storage/postgres/event_record.h"
#include "storage/postgres/feed_directory.h"
#include "storage/postgres/sql_value.h"
#include "storage/postgres/transaction.h"

namespace annals::storage {
namespace {

// How soon a write of another process is seen.
constexpr absl::Duration kPollInterval = absl::Milliseconds(100);

// Each arm walks its index by position backwards from `after` on and stops at the limit; the sum
// keeps large records from being fetched by the thousand.
std::string ChangesSql() {
  const auto arm = [](std::string_view table) {
    return fmt::format(
        "(SELECT id, revision, position, record FROM {} WHERE (position, id) >"
        " ($1::bigint, $2::bigint) ORDER BY position, id LIMIT $3::int + 1)",
        table);
  };
  return fmt::format(
      "SELECT c.id, c.position, {}, c.total, c.record, b.record FROM"
      " (SELECT u.*, row_number() OVER (ORDER BY u.position, u.id) AS number,"
      "  sum(octet_length(u.record)) OVER (ORDER BY u.position, u.id) AS bytes,"
      "  count(*) OVER () AS total FROM ({} UNION ALL {}) AS u) AS c"
      " JOIN commit_log l ON l.position = c.position"
      " LEFT JOIN event_revision b ON b.id = c.id AND b.revision = c.revision - 1"
      " WHERE c.number <= $3::int AND (c.number = 1 OR c.bytes <= $4::bigint)"
      " ORDER BY c.position, c.id",
      MicrosOf("l.commit_time"), arm("event"), arm("event_revision"));
}

absl::Status ReadChange(const pqxx::row& row, RecordChange* change) {
  change->position = Position{row[1].as<std::int64_t>()};
  change->commit_time = row[2].as<Micros>();
  if (auto read = ParseRecord(row[4].c_str(), &change->event); !read.ok()) return read;
  if (row[5].is_null()) return absl::OkStatus();
  return ParseRecord(row[5].c_str(), &change->before.emplace());
}

}  // namespace

void PostgresChangeLog::Announce(Position position) {
  {
    const std::lock_guard lock(mutex_);
    newest_ = std::max(newest_, position);
  }
  announced_.notify_all();
}

absl::StatusOr<ChangePage> PostgresChangeLog::ReadChanges(const CallContext& context,
                                                          const ChangeCursor& after,
                                                          const ChangeLimits& limits) {
  static const std::string kSql = ChangesSql();
  ChangePage page;
  const auto read = [&](Transaction& transaction) -> absl::Status {
    page = {{}, {transaction.head()}, true, transaction.catalog_version()};
    if (after.position > transaction.head()) {
      return Error(absl::StatusCode::kOutOfRange, "POSITION_AHEAD",
                   "the record has not come to this position");
    }
    if (after == ChangeCursor{transaction.head()}) return absl::OkStatus();
    const auto rows = transaction.Run(
        kSql, {fmt::format("{}", after.position.value), fmt::format("{}", after.event_id),
               fmt::format("{}", limits.changes_max), fmt::format("{}", limits.bytes_max)});
    for (const auto& row : rows) {
      auto change = ReadChange(row, &page.changes.emplace_back());
      if (!change.ok()) return change;
    }
    if (!rows.empty() && rows[0][3].as<std::int64_t>() > std::ssize(page.changes)) {
      page.at_end = false;
      page.through = {page.changes.back().position, rows[rows.size() - 1][0].as<std::int64_t>()};
    }
    return absl::OkStatus();
  };
  auto done = RunTransaction(pool_, TransactionMode::kRead, context.deadline, read);
  if (!done.ok()) return done;
  return page;
}

absl::StatusOr<RecordHead> PostgresChangeLog::WaitForChange(const CallContext& context,
                                                            const RecordHead& seen) {
  while (true) {
    RecordHead head;
    const auto read = [&](Transaction& transaction) {
      head = {transaction.head(), transaction.catalog_version()};
      return absl::OkStatus();
    };
    auto done = RunTransaction(pool_, TransactionMode::kRead, context.deadline, read);
    if (!done.ok()) return done;
    if (head.position != seen.position || head.catalog_version != seen.catalog_version) return head;
    const absl::Time until = std::min(context.deadline, absl::Now() + kPollInterval);
    std::unique_lock lock(mutex_);
    announced_.wait_until(lock, absl::ToChronoTime(until),
                          [&] { return stopped_ || newest_ > head.position; });
    if (stopped_) return Error(absl::StatusCode::kCancelled, "CANCELLED", "stopped");
    if (absl::Now() >= context.deadline) return head;
  }
}

void PostgresChangeLog::StopWaiting() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  announced_.notify_all();
}

absl::StatusOr<Position> PostgresChangeLog::LastPurge(const CallContext& context,
                                                      const std::vector<std::string>& feeds) {
  Position last;
  const auto read = [&](Transaction& transaction) -> absl::Status {
    last = {};
    const auto rows = transaction.Run(
        "SELECT position, feed, restricted, array_to_string(readers, ' ') FROM feed_purge"
        " ORDER BY position DESC");
    for (const auto& row : rows) {
      const std::string feed = row[1].c_str();
      const bool asked = feeds.empty() || std::ranges::count(feeds, feed) > 0;
      if (!asked || !context.visibility.Sees(ReadAccess(feed, row[2], row[3]))) continue;
      last = Position{row[0].as<std::int64_t>()};
      break;
    }
    return absl::OkStatus();
  };
  auto done = RunTransaction(pool_, TransactionMode::kRead, context.deadline, read);
  if (!done.ok()) return done;
  return last;
}

}  // namespace annals::storage

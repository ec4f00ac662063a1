#include "storage/postgres/rederivation.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "spdlog/spdlog.h"
#include "storage/event_columns.h"
#include "storage/postgres/event_record.h"
#include "storage/postgres/sql_value.h"
#include "storage/postgres/staging.h"
#include "storage/postgres/stored_event.h"
#include "storage/postgres/transaction.h"

namespace annals::storage {
namespace {

constexpr int kBatchMax = 1'000;
constexpr std::int64_t kLogEvery = 100'000;  // revisions

struct Key {
  std::int64_t id = std::numeric_limits<std::int64_t>::min();
  std::int64_t revision = 0;
};

std::string Number(std::int64_t value) { return fmt::format("{}", value); }

absl::StatusOr<bool> IsCurrent(ConnectionPool& pool, absl::Time deadline) {
  bool current = false;
  const auto status = RunTransaction(
      pool, TransactionMode::kRead, deadline, [&](Transaction& transaction) -> absl::Status {
        const auto row = transaction.Run("SELECT derivation_version FROM store")[0];
        current = row[0].as<int>() == kDerivationVersion;
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return current;
}

// The next revisions of `table` after `after`, which moves to the last of them.
absl::StatusOr<std::vector<StagedEvent>> ReadBatch(Transaction& transaction,
                                                   const Gazetteer& gazetteer,
                                                   std::string_view table, Key* after) {
  std::vector<StagedEvent> batch;
  const auto rows = transaction.Run(
      fmt::format("SELECT id, revision, record, feed_id, source_version, content_hash"
                  " FROM {} WHERE (id, revision) > ($1::bigint, $2::bigint)"
                  " ORDER BY id, revision LIMIT {} FOR UPDATE",
                  table, kBatchMax),
      {Number(after->id), Number(after->revision)});
  for (const auto& row : rows) {
    *after = {row[0].as<std::int64_t>(), row[1].as<std::int64_t>()};
    StagedEvent& staged = batch.emplace_back();
    if (auto parsed = ParseRecord(row[2].c_str(), &staged.event); !parsed.ok()) {
      return parsed;
    }
    if (staged.event.has_location()) {
      staged.event.mutable_location()->clear_resolved_region();
      staged.event.mutable_location()->clear_point_region();
    }
    FillDerivedFields(gazetteer, &staged.event);
    staged.feed_id = row[3].as<std::int32_t>();
    staged.source_version = OptionalNumber(row[4]);
    staged.content_hash = ReadHash(row[5].c_str());
  }
  return batch;
}

absl::Status RederiveTable(ConnectionPool& pool, const Gazetteer& gazetteer, std::string_view table,
                           absl::Time deadline) {
  Key after;
  for (std::int64_t done = 0, logged = 0;;) {
    Key next;
    std::size_t count = 0;
    const auto status = RunTransaction(
        pool, TransactionMode::kWrite, deadline, [&](Transaction& transaction) -> absl::Status {
          next = after;
          const auto batch = ReadBatch(transaction, gazetteer, table, &next);
          if (!batch.ok()) return batch.status();
          count = batch->size();
          if (count > 0) RefreshRevisions(transaction, gazetteer, *batch);
          return absl::OkStatus();
        });
    if (!status.ok()) return status;
    if (count == 0) return absl::OkStatus();
    after = next;
    done += static_cast<std::int64_t>(count);
    if (done - logged < kLogEvery) continue;
    logged = done;
    spdlog::info("derived {} rows of {} anew", done, table);
  }
}

}  // namespace

absl::Status RederiveRecords(ConnectionPool& pool, const Gazetteer& gazetteer,
                             absl::Time deadline) {
  const auto current = IsCurrent(pool, deadline);
  if (!current.ok()) return current.status();
  if (*current) return absl::OkStatus();
  ConnectionPoolOptions options;
  options.connection_string = pool.options().connection_string;
  options.connections_max = 1;
  options.session_setup = StagingSetup();
  ConnectionPool own(std::move(options));
  for (const std::string_view table : {"event", "event_revision"}) {
    if (auto done = RederiveTable(own, gazetteer, table, deadline); !done.ok()) return done;
  }
  return RunTransaction(pool, TransactionMode::kWrite, deadline,
                        [](Transaction& transaction) -> absl::Status {
                          transaction.Run("UPDATE store SET derivation_version = $1::int",
                                          {Number(kDerivationVersion)});
                          return absl::OkStatus();
                        });
}

}  // namespace annals::storage

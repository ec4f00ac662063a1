#include "storage/postgres/transaction.h"

#include <algorithm>
#include <memory>
#include <pqxx/nontransaction>
#include <pqxx/prepared_statement>
#include <pqxx/transaction>

#include "fmt/format.h"
#include "storage/failpoint.h"
#include "storage/postgres/connection.h"
#include "storage/postgres/pqxx_status.h"

namespace annals::storage {
namespace {

constexpr int kAttemptsMax = 3;
constexpr char kHeadQuery[] =
    "SELECT coalesce(max(position), 0), (SELECT catalog_version FROM store) FROM commit_log";

using ReadWork = pqxx::transaction<pqxx::repeatable_read, pqxx::read_only>;
using WriteWork = pqxx::transaction<pqxx::read_committed, pqxx::read_write>;

// Settings last as long as the transaction. jit: our statements are short, compiling them costs
// more than it saves.
std::string SettingsFor(TransactionMode mode, absl::Duration left) {
  const std::int64_t timeout_ms = left == absl::InfiniteDuration()
                                      ? 0
                                      : std::max<std::int64_t>(1, left / absl::Milliseconds(1));
  std::string text = fmt::format(
      "SET LOCAL statement_timeout = {}; SET LOCAL jit = off; SET LOCAL timezone = 'UTC';"
      "SET LOCAL bytea_output = 'hex';",
      std::min<std::int64_t>(timeout_ms, INT32_MAX));
  if (mode != TransactionMode::kRead) text += "SET LOCAL synchronous_commit = on;";
  return text + (mode == TransactionMode::kSchema ? "SELECT 0, 0" : kHeadQuery);
}

// What a failpoint does here: as if the server had gone away.
[[noreturn]] [[maybe_unused]] void LoseConnection(const Connection& connection) {
  connection.ShutDown();
  throw pqxx::broken_connection("by a failpoint");
}

struct Attempt {
  absl::Status status;
  std::optional<DatabaseFault> fault;
  bool began = false;  // the body was entered
};

Attempt RunOnce(Connection& connection, TransactionMode mode, absl::Time deadline,
                absl::FunctionRef<absl::Status(Transaction&)> body) {
  Attempt attempt;
  bool committing = false;
  attempt.fault = CatchFault(committing, [&] {
    std::unique_ptr<pqxx::transaction_base> work;
    if (mode == TransactionMode::kRead) {
      work = std::make_unique<ReadWork>(connection.raw());
    } else {
      work = std::make_unique<WriteWork>(connection.raw());
    }
    const auto head = work->exec(SettingsFor(mode, deadline - absl::Now()));
    Transaction transaction(work.get(), Position{head[0][0].as<std::int64_t>()},
                            head[0][1].as<std::int64_t>());
    attempt.began = true;
    attempt.status = body(transaction);
    if (!attempt.status.ok()) return;  // its destructor rolls back
    committing = mode != TransactionMode::kRead;
    const bool writing = mode == TransactionMode::kWrite;
    if (writing && ANNALS_FAILPOINT("write.before_commit")) LoseConnection(connection);
    work->commit();
    if (writing && ANNALS_FAILPOINT("write.after_commit")) LoseConnection(connection);
  });
  if (attempt.fault) attempt.status = attempt.fault->status;
  return attempt;
}

}  // namespace

pqxx::result Transaction::Run(const Statement& statement) {
  return work_->exec_params(statement.text,
                            pqxx::prepare::make_dynamic_params(statement.parameters));
}

pqxx::result Transaction::Run(std::string_view text,
                              std::initializer_list<std::string> parameters) {
  return Run(Statement{std::string(text), parameters});
}

void Transaction::RunScript(std::string_view text) { work_->exec(std::string(text)); }

absl::Status RunTransaction(ConnectionPool& pool, TransactionMode mode, absl::Time deadline,
                            absl::FunctionRef<absl::Status(Transaction&)> body) {
  bool reconnected = false;
  for (int attempts = 1;; ++attempts) {
    if (absl::Now() >= deadline) return DeadlineError();
    auto lease = pool.Acquire(deadline);
    if (!lease.ok()) return lease.status();
    const Attempt attempt = RunOnce(lease->connection(), mode, deadline, body);
    if (!attempt.fault) return attempt.status;
    if (attempt.fault->connection_lost) lease->Discard();
    const bool stale = attempt.fault->connection_lost && !attempt.began && !reconnected;
    const bool again = attempt.fault->retryable && attempts < kAttemptsMax;
    if (!stale && !again) return attempt.status;
    reconnected = reconnected || stale;
  }
}

absl::Status RunOutsideTransaction(ConnectionPool& pool, absl::Time deadline,
                                   absl::FunctionRef<void(const SqlSession&)> body) {
  auto lease = pool.Acquire(deadline);
  if (!lease.ok()) return lease.status();
  const bool committing = false;
  const auto fault = CatchFault(committing, [&] {
    pqxx::nontransaction session(lease->connection().raw());
    body([&](const std::string& text) { return session.exec(text); });
  });
  if (!fault) return absl::OkStatus();
  lease->Discard();
  return fault->status;
}

}  // namespace annals::storage

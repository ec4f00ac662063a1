// The one way to talk to the database: a transaction with a deadline, on a connection of a pool.
//
// An exception of libpqxx ends the transaction and becomes the status that RunTransaction answers
// (pqxx_status.h); a body never sees one. Only this directory includes this header.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <pqxx/dbtransaction>
#include <pqxx/result>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/position.h"
#include "storage/postgres/connection_pool.h"

struct pg_conn;  // PGconn of libpq

namespace annals::storage {

// SQL with $1, $2, … and the text of each parameter.
struct Statement {
  std::string text;
  std::vector<std::string> parameters;
};

class Transaction {
 public:
  pqxx::result Run(const Statement& statement);
  pqxx::result Run(std::string_view text, std::initializer_list<std::string> parameters = {});
  // A statement that is run again and again on this connection: parsed and planned once. `text`
  // must be one of few.
  pqxx::result RunPrepared(const std::string& text,
                           const std::vector<std::string>& parameters = {});
  // Several statements at once, without parameters; answers the last one's rows.
  pqxx::result RunScript(std::string_view text);
  // What libpqxx has no call for (binary_copy.h).
  [[nodiscard]] pg_conn* libpq();

  // The newest position, as this transaction sees the record: of its one snapshot in a read, as of
  // its start in a write (a writer reads it again under its lock).
  [[nodiscard]] Position head() const { return head_; }
  // Of the catalogue, as seen when the transaction began.
  [[nodiscard]] std::int64_t catalog_version() const { return catalog_version_; }

  Transaction(Connection* connection, pqxx::dbtransaction* work, Position head,
              std::int64_t catalog_version)
      : connection_(*connection), work_(work), head_(head), catalog_version_(catalog_version) {}

 private:
  Connection& connection_;
  pqxx::dbtransaction* const work_;
  const Position head_;
  const std::int64_t catalog_version_;
};

enum class TransactionMode {
  kRead,    // one consistent snapshot (REPEATABLE READ READ ONLY)
  kWrite,   // READ COMMITTED, synchronous commit
  kSchema,  // as kWrite, before there is a record: head() and catalog_version() are 0
};

// Runs `body` in a transaction and commits it where the body answers OK; rolls back otherwise.
// `body` may run more than once: it is repeated (at most 3 times) after a serialization failure or
// deadlock, and once on a fresh connection where a pooled one turns out dead before `body` began.
//
// DEADLINE_EXCEEDED, UNAVAILABLE, RESOURCE_EXHAUSTED, INTERNAL: nothing was changed. UNKNOWN
// (OUTCOME_UNKNOWN): the connection was lost during COMMIT.
[[nodiscard]] absl::Status RunTransaction(ConnectionPool& pool, TransactionMode mode,
                                          absl::Time deadline,
                                          absl::FunctionRef<absl::Status(Transaction&)> body);

// For what cannot run in a transaction (CREATE DATABASE, VACUUM): hands the body a function that
// runs one statement and answers its rows.
using SqlSession = std::function<pqxx::result(const std::string&)>;
[[nodiscard]] absl::Status RunOutsideTransaction(ConnectionPool& pool, absl::Time deadline,
                                                 absl::FunctionRef<void(const SqlSession&)> body);

}  // namespace annals::storage

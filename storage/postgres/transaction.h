// The one way to talk to the database: a transaction with a deadline, on a connection of a pool.
//
// An exception of libpqxx ends the transaction and becomes the status that RunTransaction answers
// (pqxx_status.h); a body never sees one. Only this directory includes this header.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <pqxx/result>
#include <pqxx/stream_to>
#include <pqxx/transaction_base>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/position.h"
#include "storage/postgres/connection_pool.h"

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
  // Several statements at once, without parameters: migrations.
  void RunScript(std::string_view text);
  // COPY into the columns named. Of each row's N fields, absent is null; the longest best stands
  // first (libpqxx copies what follows a field once for each field).
  template <std::size_t N>
  void Copy(const std::string& table, const std::array<std::string, N>& columns,
            const std::vector<std::array<std::optional<std::string>, N>>& rows) {
    pqxx::stream_to stream(*work_, table, columns);
    std::array<const char*, N> fields;
    for (const auto& row : rows) {
      std::ranges::transform(row, fields.begin(),
                             [](const auto& field) { return field ? field->c_str() : nullptr; });
      stream << fields;
    }
    stream.complete();
  }

  // The newest position, as this transaction sees the record: of its one snapshot in a read, as of
  // its start in a write (a writer reads it again under its lock).
  [[nodiscard]] Position head() const { return head_; }
  // Of the catalogue, as seen when the transaction began.
  [[nodiscard]] std::int64_t catalog_version() const { return catalog_version_; }

  Transaction(pqxx::transaction_base* work, Position head, std::int64_t catalog_version)
      : work_(work), head_(head), catalog_version_(catalog_version) {}

 private:
  pqxx::transaction_base* const work_;
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

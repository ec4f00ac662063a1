#include "storage/postgres/pqxx_status.h"

#include <exception>
#include <pqxx/except>
#include <string_view>

#include "spdlog/spdlog.h"
#include "storage/error.h"

namespace annals::storage {
namespace {

constexpr std::string_view kQueryCanceled = "57014";
constexpr std::string_view kOperatorIntervention = "57P";  // shutdown, crash, starting up
constexpr std::string_view kLockNotAvailable = "55P03";

DatabaseFault Lost(const bool committing, std::string_view what) {
  spdlog::warn("database connection lost: {}", what);
  return {.status = committing ? OutcomeUnknownError() : UnavailableError(),
          .connection_lost = true,
          .in_doubt = committing};
}

DatabaseFault Internal(std::string_view what) {
  spdlog::error("database error: {}", what);
  return {.status = Error(absl::StatusCode::kInternal, "INTERNAL", "The store failed."),
          .connection_lost = true};
}

DatabaseFault OfSqlError(bool committing, const pqxx::sql_error& error) {
  const std::string_view state = error.sqlstate();
  if (state == kQueryCanceled || state == kLockNotAvailable) return {.status = DeadlineError()};
  // An error without a code is none of the server's: libpq says so of a connection that broke.
  if (state.empty() || state.starts_with(kOperatorIntervention)) {
    return Lost(committing, error.what());
  }
  return Internal(error.what());
}

}  // namespace

absl::Status UnavailableError() {
  return Error(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE",
               "The database cannot be reached at the moment; it is safe to try again.");
}

absl::Status DeadlineError() {
  return Error(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
               "The time allowed for this request was over before it was answered.");
}

absl::Status OutcomeUnknownError() {
  return Error(absl::StatusCode::kUnknown, "OUTCOME_UNKNOWN",
               "The database was lost while it stored the change; whether it did is not known. "
               "Sending the same again is safe.");
}

// The order matters: the first four are no sql_error, and broken_connection has subclasses that are
// none of the others.
std::optional<DatabaseFault> CatchFault(const bool& committing, absl::FunctionRef<void()> body) {
  try {
    body();
    return std::nullopt;
  } catch (const pqxx::in_doubt_error& error) {
    return Lost(true, error.what());
  } catch (const pqxx::broken_connection& error) {
    return Lost(committing, error.what());
  } catch (const pqxx::statement_completion_unknown& error) {
    return Lost(true, error.what());
  } catch (const pqxx::transaction_rollback& error) {  // serialization failure, deadlock
    spdlog::info("transaction rolled back by the database: {}", error.what());
    return DatabaseFault{.status = Error(absl::StatusCode::kAborted, "CONFLICT",
                                         "Another change got in the way; try again."),
                         .retryable = true};
  } catch (const pqxx::insufficient_resources& error) {  // disk full, out of memory
    spdlog::error("database out of resources: {}", error.what());
    return DatabaseFault{.status = Error(absl::StatusCode::kResourceExhausted, "DATABASE_FULL",
                                         "The database has no room for this at the moment.")};
  } catch (const pqxx::sql_error& error) {
    return OfSqlError(committing, error);
  } catch (const pqxx::failure& error) {  // of the connection, in the middle of a COPY
    return Lost(committing, error.what());
  } catch (const std::exception& error) {
    DatabaseFault fault = Internal(error.what());
    if (committing) fault.status = OutcomeUnknownError();
    fault.in_doubt = committing;
    return fault;
  }
}

absl::Status CatchStatus(absl::FunctionRef<void()> body) {
  const auto fault = CatchFault(false, body);
  return fault ? fault->status : absl::OkStatus();
}

}  // namespace annals::storage

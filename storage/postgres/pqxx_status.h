// The one place where an exception of libpqxx becomes an absl::Status. Nothing else under
// storage/postgres catches, so that no one goes on in a transaction that an exception has ended.
#pragma once

#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace annals::storage {

// What an exception meant.
struct DatabaseFault {
  absl::Status status;
  bool connection_lost = false;  // the connection must not be used again
  bool in_doubt = false;         // a COMMIT was under way: whether it took place is not known
  bool retryable = false;        // the same transaction may succeed when run again
};

// Runs `body` and answers the fault of what it threw, if it threw. `committing` is read when it
// throws: a failure that lost the connection then leaves the commit in doubt.
[[nodiscard]] std::optional<DatabaseFault> CatchFault(const bool& committing,
                                                      absl::FunctionRef<void()> body);

// The same where no transaction is under way.
[[nodiscard]] absl::Status CatchStatus(absl::FunctionRef<void()> body);

// The errors of this directory, with the fixed sentences that clients may read.
[[nodiscard]] absl::Status UnavailableError();     // UNAVAILABLE, DATABASE_UNAVAILABLE
[[nodiscard]] absl::Status DeadlineError();        // DEADLINE_EXCEEDED, DEADLINE_EXCEEDED
[[nodiscard]] absl::Status OutcomeUnknownError();  // UNKNOWN, OUTCOME_UNKNOWN

}  // namespace annals::storage

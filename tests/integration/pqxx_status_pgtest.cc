#include "storage/postgres/pqxx_status.h"

#include <pqxx/except>
#include <stdexcept>

#include "gtest/gtest.h"
#include "storage/error.h"

namespace annals::testing {
namespace {

using storage::CatchFault;
using storage::DatabaseFault;

// What becomes of an exception, while a transaction commits or before.
template <typename Exception>
DatabaseFault FaultOf(const Exception& exception, bool committing = false) {
  const auto fault = CatchFault(committing, [&] { throw exception; });
  EXPECT_TRUE(fault.has_value());
  return fault.value_or(DatabaseFault{});
}

// As libpqxx says of a connection that breaks in the middle of a COPY.
TEST(PqxxStatus, TakesAFailureWithoutASqlErrorForALostConnection) {
  const DatabaseFault fault = FaultOf(pqxx::failure("Error writing to table"));
  EXPECT_EQ(storage::ErrorReason(fault.status), "DATABASE_UNAVAILABLE");
  EXPECT_TRUE(fault.connection_lost);
  EXPECT_EQ(storage::ErrorReason(FaultOf(pqxx::failure("x"), true).status), "OUTCOME_UNKNOWN");
}

TEST(PqxxStatus, TakesAnErrorWithoutACodeForALostConnection) {
  const DatabaseFault lost = FaultOf(pqxx::sql_error("server closed the connection", "SELECT 1"));
  EXPECT_EQ(storage::ErrorReason(lost.status), "DATABASE_UNAVAILABLE");
  const DatabaseFault wrong = FaultOf(pqxx::sql_error("division by zero", "SELECT 1/0", "22012"));
  EXPECT_TRUE(absl::IsInternal(wrong.status));
}

TEST(PqxxStatus, TakesWhatItDoesNotKnowForAFaultOfOurs) {
  EXPECT_TRUE(absl::IsInternal(FaultOf(std::logic_error("x")).status));
}

}  // namespace
}  // namespace annals::testing

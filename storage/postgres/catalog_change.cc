#include "storage/postgres/catalog_change.h"

namespace annals::storage {

void MoveCatalogVersion(Transaction& transaction) {
  transaction.Run("UPDATE store SET catalog_version = catalog_version + 1");
}

void EndCatalogChange(Transaction& transaction, const Caller& caller, const std::string& subject,
                      std::string_view reason) {
  transaction.Run(
      "INSERT INTO audit (change_time, principal, address, method, request_id, subject, reason)"
      " VALUES (clock_timestamp(), $1, $2, $3, $4, $5, $6)",
      {caller.principal, caller.address, caller.method, caller.request_id, subject,
       std::string(reason)});
  MoveCatalogVersion(transaction);
}

}  // namespace annals::storage

// What every change of the catalogue does in its transaction.
#pragma once

#include <string>
#include <string_view>

#include "storage/postgres/transaction.h"
#include "storage/visibility.h"

namespace annals::storage {

// Moves the version: what was compiled from the catalogue before is stale.
void MoveCatalogVersion(Transaction& transaction);

// Moves the version, and notes who changed the subject (feeds/x, actors/x) and why.
void EndCatalogChange(Transaction& transaction, const Caller& caller, const std::string& subject,
                      std::string_view reason);

}  // namespace annals::storage

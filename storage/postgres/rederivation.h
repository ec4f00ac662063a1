// Brings a store whose events an older program wrote up to what this one derives from a record.
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/postgres/connection_pool.h"

namespace annals::storage {

class Gazetteer;

// Derives output-only fields and columns of every revision anew where the store's are of another
// kDerivationVersion (storage/event_columns.h): some 2,000 revisions a second, logged. No revision
// or position is made, as nothing that a client sent changes. May be broken off and begun again.
// Nothing to do is OK.
[[nodiscard]] absl::Status RederiveRecords(ConnectionPool& pool, const Gazetteer& gazetteer,
                                           absl::Time deadline);

}  // namespace annals::storage

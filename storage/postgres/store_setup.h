// Makes a database ready to be a store.
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/postgres/connection_pool.h"

namespace annals::storage {

class Gazetteer;

// Migrates the schema (migrator.h says which errors) and, in a new store, adds StarterActors().
[[nodiscard]] absl::Status PrepareStore(ConnectionPool& pool, absl::Time deadline);

// Brings the table region up to the gazetteer where it differs (seconds; nothing otherwise). No
// question reads it: it is for psql and QGIS.
[[nodiscard]] absl::Status LoadRegions(ConnectionPool& pool, const Gazetteer& gazetteer,
                                       absl::Time deadline);

}  // namespace annals::storage

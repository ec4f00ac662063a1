// Brings a database to the schema that this program was built with. Migrations (storage/migrations)
// are ordered, go forward only and are compiled in; the table schema_migration remembers each with
// its checksum.
#pragma once

#include <span>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/embedded_file.h"
#include "storage/postgres/connection_pool.h"

namespace annals::storage {

// The migrations compiled into this program, in order.
[[nodiscard]] std::span<const EmbeddedFile> MigrationFiles();

// Applies the migrations that the database lacks, each in a transaction of its own; several
// programs may try at once. Doing nothing is OK.
//
// FAILED_PRECONDITION: SCHEMA_TOO_NEW (the database knows migrations that this program does not),
// SCHEMA_CHANGED (a migration was edited after it was applied), POSTGIS_MISSING (the extension is
// not installed on the server), POSTGRES_TOO_OLD (before 15).
[[nodiscard]] absl::Status Migrate(ConnectionPool& pool, absl::Time deadline,
                                   std::span<const EmbeddedFile> migrations = MigrationFiles());

}  // namespace annals::storage

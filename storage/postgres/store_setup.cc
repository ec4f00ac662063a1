#include "storage/postgres/store_setup.h"

#include <string>
#include <vector>

#include "storage/catalog_store.h"
#include "storage/event_name.h"
#include "storage/gazetteer.h"
#include "storage/postgres/binary_copy.h"
#include "storage/postgres/migrator.h"
#include "storage/postgres/sql_value.h"
#include "storage/postgres/transaction.h"

namespace annals::storage {
namespace {

// Two programs that start at once wait for each other on the row of store.
absl::Status SeedActors(Transaction& transaction) {
  const auto seeded = transaction.Run("SELECT actors_seeded FROM store FOR UPDATE");
  if (seeded[0][0].as<bool>()) return absl::OkStatus();
  std::vector<std::string> ids, records;
  for (const auto& actor : StarterActors()) {
    const auto id = ParseCatalogName("actors", actor.name());
    if (!id.ok()) return id.status();
    ids.push_back(*id);
    records.push_back(ByteaText(actor.SerializeAsString()));
  }
  transaction.Run(
      "INSERT INTO actor (actor, record)"
      " SELECT a.actor, a.record FROM unnest($1::text[], $2::bytea[]) AS a(actor, record)",
      {ArrayText(ids), ArrayText(records)});
  transaction.Run("UPDATE store SET actors_seeded = true, catalog_version = catalog_version + 1");
  return absl::OkStatus();
}

void CopyRegions(Transaction& transaction, const Gazetteer& gazetteer) {
  BinaryCopy copy(&transaction, "region", "geom, code, title, parent, country, level");
  for (const Region& region : gazetteer.regions()) {
    copy.BeginRow(6);
    if (region.polygons.empty()) {
      copy.Null();
    } else {
      copy.Bytes(MultiPolygonEwkb(region.polygons));
    }
    copy.Text(region.code);
    copy.Text(region.title);
    copy.TextOrNull(region.parent);
    copy.Text(gazetteer.CountryOf(region.code));
    copy.Int16(static_cast<int>(region.level));
  }
  copy.Finish();
}

}  // namespace

absl::Status PrepareStore(ConnectionPool& pool, absl::Time deadline) {
  if (auto migrated = Migrate(pool, deadline); !migrated.ok()) return migrated;
  return RunTransaction(pool, TransactionMode::kWrite, deadline, SeedActors);
}

absl::Status LoadRegions(ConnectionPool& pool, const Gazetteer& gazetteer, absl::Time deadline) {
  return RunTransaction(
      pool, TransactionMode::kWrite, deadline, [&](Transaction& transaction) -> absl::Status {
        const auto loaded = transaction.Run("SELECT 1 FROM store WHERE region_version = $1",
                                            {std::string(gazetteer.version())});
        if (!loaded.empty()) return absl::OkStatus();
        transaction.Run("UPDATE store SET region_version = $1", {std::string(gazetteer.version())});
        transaction.Run("DELETE FROM region");
        CopyRegions(transaction, gazetteer);
        return absl::OkStatus();
      });
}

}  // namespace annals::storage

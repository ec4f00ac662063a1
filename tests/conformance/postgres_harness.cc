#include "storage/postgres/connection_pool.h"
#include "storage/postgres/postgres_catalog_store.h"
#include "storage/postgres/postgres_change_log.h"
#include "storage/postgres/postgres_event_store.h"
#include "tests/conformance/store_conformance.h"
#include "tests/support/test_database.h"

namespace annals::testing {
namespace {

class PostgresStoreUnderTest : public StoreUnderTest {
 public:
  storage::EventStore& events() override { return events_; }
  storage::CatalogStore& catalog() override { return catalog_; }
  storage::ChangeLog& changes() override { return changes_; }

 private:
  TestDatabase database_;
  storage::ConnectionPool pool_{{database_.connection_string()}};
  storage::PostgresChangeLog changes_{&pool_};
  storage::PostgresEventStore events_{&pool_, &TestGazetteer(), [this](storage::Position position) {
                                        changes_.Announce(position);
                                      }};
  storage::PostgresCatalogStore catalog_{&pool_};
};

}  // namespace

std::unique_ptr<StoreUnderTest> MakePostgresStore() {
  return std::make_unique<PostgresStoreUnderTest>();
}

}  // namespace annals::testing

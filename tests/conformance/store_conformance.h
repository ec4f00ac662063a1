// One suite for every store: each test runs on the memory model and on PostgreSQL.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/catalog_store.h"
#include "storage/change_log.h"
#include "storage/error.h"
#include "storage/event_store.h"
#include "storage/gazetteer.h"
#include "tests/support/event_builder.h"

namespace annals::testing {

// A store of its own for one test, empty but for the starter catalogue.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual storage::EventStore& events() = 0;
  virtual storage::CatalogStore& catalog() = 0;
  virtual storage::ChangeLog& changes() = 0;
};

// Loaded once a process.
const storage::Gazetteer& TestGazetteer();

std::unique_ptr<StoreUnderTest> MakeMemoryStore();
std::unique_ptr<StoreUnderTest> MakePostgresStore();

using StoreFactory = std::unique_ptr<StoreUnderTest> (*)();

// Gives each test a store with the feeds "f" and "g".
class StoreConformance : public ::testing::TestWithParam<StoreFactory> {
 protected:
  void SetUp() override;

  storage::EventStore& events() { return store_->events(); }
  storage::CatalogStore& catalog() { return store_->catalog(); }
  storage::ChangeLog& changes() { return store_->changes(); }
  void CreateFeed(std::string_view id);

  // Each fails the test where the store answers an error.
  storage::UpsertReceipt Upsert(std::vector<storage::UpsertRow> rows, bool validate_only = false);
  storage::UpsertReceipt Upsert(const EventBuilder& builder) { return Upsert({builder.Row()}); }
  storage::RetractReceipt Retract(std::string_view event_id);
  storage::EventPage List(const storage::EventQuery& query = {}, const storage::PageSpec& page = {},
                          const storage::Snapshot& snapshot = {});
  storage::Summary Summarize(const storage::EventQuery& query,
                             const std::vector<storage::Dimension>& dimensions,
                             const storage::Snapshot& snapshot = {});
  // Event ids of a page, in order.
  std::vector<std::string> Ids(const storage::EventQuery& query = {},
                               const storage::PageSpec& page = {},
                               const storage::Snapshot& snapshot = {});

  storage::CallContext context_;

 private:
  std::unique_ptr<StoreUnderTest> store_;
};

// Names the two instances "Memory" and "Postgres".
#define ANNALS_ON_EVERY_STORE(Suite)                                            \
  INSTANTIATE_TEST_SUITE_P(Memory, Suite, ::testing::Values(&MakeMemoryStore)); \
  INSTANTIATE_TEST_SUITE_P(Postgres, Suite, ::testing::Values(&MakePostgresStore))

}  // namespace annals::testing

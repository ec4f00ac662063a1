#include "tests/conformance/store_conformance.h"

#include "storage/memory/memory_store.h"

namespace annals::testing {
namespace {

using storage::EventName;

class MemoryStoreUnderTest : public StoreUnderTest {
 public:
  storage::EventStore& events() override { return store_; }
  storage::CatalogStore& catalog() override { return store_; }
  storage::ChangeLog& changes() override { return store_; }

 private:
  storage::MemoryStore store_{&TestGazetteer()};
};

}  // namespace

const storage::Gazetteer& TestGazetteer() {
  static const auto gazetteer = storage::Gazetteer::LoadEmbedded();
  return *gazetteer;
}

std::unique_ptr<StoreUnderTest> MakeMemoryStore() {
  return std::make_unique<MemoryStoreUnderTest>();
}

void StoreConformance::SetUp() {
  store_ = GetParam()();
  CreateFeed("f");
  CreateFeed("g");
}

void StoreConformance::CreateFeed(std::string_view id) {
  annals::v1::Feed feed;
  feed.set_name(fmt::format("feeds/{}", id));
  feed.set_title("Feed");
  feed.set_licence("CC0-1.0");
  const auto created = catalog().CreateFeed(context_, feed);
  ASSERT_TRUE(created.ok()) << created.status();
}

storage::UpsertReceipt StoreConformance::Upsert(std::vector<storage::UpsertRow> rows,
                                                bool validate_only) {
  auto receipt = events().UpsertEvents(context_, std::move(rows), {.validate_only = validate_only});
  EXPECT_TRUE(receipt.ok()) << receipt.status();
  return receipt.ok() ? *std::move(receipt) : storage::UpsertReceipt{};
}

storage::RetractReceipt StoreConformance::Retract(std::string_view event_id) {
  auto receipt =
      events().RetractEvent(context_, EventName{"f", std::string(event_id)}, "wrong", "", false);
  EXPECT_TRUE(receipt.ok()) << receipt.status();
  return receipt.ok() ? *std::move(receipt) : storage::RetractReceipt{};
}

storage::EventPage StoreConformance::List(const storage::EventQuery& query,
                                          const storage::PageSpec& page,
                                          const storage::Snapshot& snapshot) {
  auto answer = events().ListEvents(context_, query, page, snapshot);
  EXPECT_TRUE(answer.ok()) << answer.status();
  return answer.ok() ? *std::move(answer) : storage::EventPage{};
}

storage::Summary StoreConformance::Summarize(const storage::EventQuery& query,
                                             const std::vector<storage::Dimension>& dimensions,
                                             const storage::Snapshot& snapshot) {
  auto answer = events().SummarizeEvents(context_, query, dimensions, snapshot);
  EXPECT_TRUE(answer.ok()) << answer.status();
  return answer.ok() ? *std::move(answer) : storage::Summary{};
}

std::vector<std::string> StoreConformance::Ids(const storage::EventQuery& query,
                                               const storage::PageSpec& page,
                                               const storage::Snapshot& snapshot) {
  std::vector<std::string> ids;
  for (const auto& event : List(query, page, snapshot).events) {
    const auto name = storage::ParseEventName(event.name());
    ids.push_back(name.ok() ? name->event : event.name());
  }
  return ids;
}

}  // namespace annals::testing

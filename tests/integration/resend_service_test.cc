// What the service answers is taken back as it is: events of every shape, through JSON, change
// nothing. ANNALS_SEED repeats a run.
#include <google/protobuf/util/json_util.h>

#include "storage/event_columns.h"
#include "tests/support/random_details.h"
#include "tests/support/random_record.h"
#include "tests/support/service_test_server.h"

namespace annals::testing {
namespace {

constexpr int kEvents = 500;

class ResendServiceTest : public ServiceTest {
 protected:
  annals::v1::BatchUpsertEventsResponse Upsert(
      const annals::v1::BatchUpsertEventsRequest& request) {
    annals::v1::BatchUpsertEventsResponse response;
    const Failure failure =
        Call(*ingest, &annals::v1::IngestService::Stub::BatchUpsertEvents, request, &response);
    EXPECT_EQ(failure.code, grpc::StatusCode::OK) << failure.reason << " at " << failure.field;
    return response;
  }
};

TEST_F(ResendServiceTest, TakesItsOwnAnswersBackUnchanged) {
  const std::uint64_t seed = TestSeed();
  fmt::print("ANNALS_SEED={}\n", seed);
  RandomDetails random(&SmallGazetteer(), seed);
  CreateFeed("f");
  annals::v1::BatchUpsertEventsRequest first;
  for (int i = 0; i < kEvents; ++i) {
    *first.add_rows()->mutable_event() = random.Event("f", std::to_string(i));
  }
  ASSERT_EQ(Upsert(first).results_size(), kEvents);

  annals::v1::ListEventsRequest request;
  request.set_page_size(1'000);
  request.set_view(annals::v1::EVENT_VIEW_FULL);
  annals::v1::BatchUpsertEventsRequest again;
  do {
    annals::v1::ListEventsResponse page;
    const Failure failure =
        Call(*events, &annals::v1::EventService::Stub::ListEvents, request, &page);
    ASSERT_EQ(failure.code, grpc::StatusCode::OK) << failure.reason;
    for (const auto& event : page.events()) {
      std::string json;
      ASSERT_TRUE(google::protobuf::util::MessageToJsonString(event, &json).ok());
      ASSERT_TRUE(
          google::protobuf::util::JsonStringToMessage(json, again.add_rows()->mutable_event()).ok())
          << json;
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  ASSERT_EQ(again.rows_size(), kEvents);
  const auto resent = Upsert(again);
  ASSERT_EQ(resent.results_size(), kEvents);
  for (const auto& row : resent.results()) {
    ASSERT_EQ(row.outcome(), annals::v1::ROW_OUTCOME_UNCHANGED) << row.ShortDebugString();
  }
}

}  // namespace
}  // namespace annals::testing

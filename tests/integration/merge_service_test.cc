// Merges, redaction and deletion over gRPC, and what they do to names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/event_builder.h"
#include "tests/support/service_test_server.h"

namespace annals::testing {
namespace {

using annals::v1::CatalogService;
using annals::v1::EVENT_STATE_ACTIVE;
using annals::v1::EVENT_STATE_MERGED;
using annals::v1::EventService;
using annals::v1::IngestService;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MergeServiceTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    CreateFeed("f");
    CreateFeed("g");
  }

  Failure Merge(const std::vector<std::string>& sources, const std::string& target) {
    annals::v1::MergeEventsRequest request;
    for (const std::string& source : sources) request.add_sources("feeds/" + source);
    request.set_target("feeds/" + target);
    request.set_reason("the same");
    return Call(*ingest, &IngestService::Stub::MergeEvents, request, &merged);
  }
  Failure Unmerge(const std::string& name) {
    annals::v1::UnmergeEventsRequest request;
    request.add_names("feeds/" + name);
    request.set_reason("not the same");
    annals::v1::UnmergeEventsResponse response;
    return Call(*ingest, &IngestService::Stub::UnmergeEvents, request, &response);
  }
  annals::v1::GetEventResponse Get(const std::string& name, const std::string& as_of = "",
                                   bool keep_merged = false) {
    annals::v1::GetEventRequest request;
    request.set_name("feeds/" + name);
    request.set_keep_merged(keep_merged);
    if (!as_of.empty()) request.mutable_as_of()->set_position(as_of);
    annals::v1::GetEventResponse response;
    const Failure failure = Call(*events, &EventService::Stub::GetEvent, request, &response);
    EXPECT_EQ(failure.code, grpc::StatusCode::OK) << failure.message;
    return response;
  }
  annals::v1::ListDuplicateCandidatesResponse Duplicates(
      const annals::v1::ListDuplicateCandidatesRequest& request) {
    annals::v1::ListDuplicateCandidatesResponse response;
    const Failure failure =
        Call(*events, &EventService::Stub::ListDuplicateCandidates, request, &response);
    EXPECT_EQ(failure.code, grpc::StatusCode::OK) << failure.message;
    return response;
  }
  // "f/1 g/1" for each pair, in order.
  static std::vector<std::string> Pairs(
      const annals::v1::ListDuplicateCandidatesResponse& response) {
    const auto short_name = [](const std::string& name) {
      const auto parsed = storage::ParseEventName(name);
      return parsed.ok() ? parsed->feed + "/" + parsed->event : name;
    };
    std::vector<std::string> pairs;
    for (const auto& candidate : response.candidates()) {
      pairs.push_back(short_name(candidate.first().name()) + " " +
                      short_name(candidate.second().name()));
    }
    return pairs;
  }

  annals::v1::MergeEventsResponse merged;
};

TEST_F(MergeServiceTest, AnswersAMergedNameWithWhatItWasMergedInto) {
  Ingest({EventBuilder("f", "1").Build(), EventBuilder("f", "2").Build(),
          EventBuilder("g", "1").Build()});
  EXPECT_EQ(Get("f/events/1").merged_from(), "");
  ASSERT_EQ(Merge({"f/events/1"}, "f/events/2").code, grpc::StatusCode::OK);
  ASSERT_EQ(merged.events_size(), 1);
  EXPECT_EQ(merged.events(0).state(), EVENT_STATE_MERGED);
  const std::string once = merged.position();
  ASSERT_EQ(Merge({"f/events/2"}, "g/events/1").code, grpc::StatusCode::OK);
  EXPECT_EQ(Get("f/events/1").event().name(), "feeds/g/events/1");
  EXPECT_EQ(Get("f/events/1").merged_from(), "feeds/f/events/1");
  EXPECT_EQ(Get("f/events/1", once).event().name(), "feeds/f/events/2") << "as it led then";
  const auto itself = Get("f/events/1", "", /*keep_merged=*/true);
  EXPECT_EQ(itself.event().merged_into(), "feeds/f/events/2");
  EXPECT_EQ(itself.merged_from(), "");
  annals::v1::BatchGetEventsRequest batch;
  batch.add_names("feeds/f/events/1");
  annals::v1::BatchGetEventsResponse literal;
  ASSERT_EQ(Call(*events, &EventService::Stub::BatchGetEvents, batch, &literal).code,
            grpc::StatusCode::OK);
  EXPECT_EQ(literal.events(0).name(), "feeds/f/events/1");
  ASSERT_EQ(Unmerge("f/events/1").code, grpc::StatusCode::OK);
  EXPECT_EQ(Get("f/events/1").event().state(), EVENT_STATE_ACTIVE);
  EXPECT_EQ(Get("f/events/1", once).event().name(), "feeds/f/events/2");
}

TEST_F(MergeServiceTest, ChecksWhatIsAsked) {
  Ingest({EventBuilder("f", "1").Build(), EventBuilder("f", "2").Build()});
  EXPECT_EQ(Merge({}, "f/events/2").reason, "REQUIRED");
  EXPECT_EQ(Merge({"f/events/1", "f"}, "f/events/2").reason, "BAD_NAME");
  EXPECT_EQ(Merge({"f/events/1"}, "f/events/1").reason, "TARGET_AMONG_SOURCES");
  EXPECT_EQ(Merge(std::vector<std::string>(101, "f/events/1"), "f/events/2").reason,
            "TOO_MANY_VALUES");
  EXPECT_EQ(Unmerge("f/events/1").reason, "NOT_MERGED");
  EXPECT_EQ(Unmerge("f/events/none").reason, "EVENT_NOT_FOUND");
  annals::v1::MergeEventsRequest request;
  request.add_sources("feeds/f/events/1");
  request.set_target("feeds/f/events/2");
  const Failure failure = Call(*ingest, &IngestService::Stub::MergeEvents, request, &merged);
  EXPECT_EQ(failure.reason, "REQUIRED");
}

TEST_F(MergeServiceTest, CountsWhatStaysAsItIs) {
  Ingest({EventBuilder("f", "1").Build(), EventBuilder("f", "2").Build(),
          EventBuilder("f", "3").Build()});
  ASSERT_EQ(Merge({"f/events/1"}, "f/events/2").code, grpc::StatusCode::OK);
  annals::v1::RedactEventRequest redact;
  redact.set_name("feeds/f/events/3");
  redact.set_reason("names a witness");
  annals::v1::RedactEventResponse redacted;
  ASSERT_EQ(Call(*ingest, &IngestService::Stub::RedactEvent, redact, &redacted).code,
            grpc::StatusCode::OK);
  EXPECT_TRUE(redacted.event().redacted());
  annals::v1::BatchUpsertEventsRequest request;
  for (const char* id : {"1", "3"}) {
    *request.add_rows()->mutable_event() = EventBuilder("f", id).Build();
  }
  annals::v1::BatchUpsertEventsResponse response;
  ASSERT_EQ(Call(*ingest, &IngestService::Stub::BatchUpsertEvents, request, &response).code,
            grpc::StatusCode::OK);
  EXPECT_EQ(response.counts().stays_merged(), 1);
  EXPECT_EQ(response.counts().stays_redacted(), 1);
  annals::v1::GetStatusResponse status;
  ASSERT_EQ(Call(*server_status, &annals::v1::StatusService::Stub::GetStatus,
                 annals::v1::GetStatusRequest(), &status)
                .code,
            grpc::StatusCode::OK);
  EXPECT_EQ(status.merged_count(), 1);
  EXPECT_EQ(status.retracted_count(), 1);
}

TEST_F(MergeServiceTest, DeletesFeeds) {
  Ingest({EventBuilder("f", "1").Build(), EventBuilder("g", "1").Build()});
  annals::v1::DeleteFeedRequest request;
  request.set_name("feeds/f");
  annals::v1::DeleteFeedResponse response;
  const auto reason = [&] {
    return Call(*catalog, &CatalogService::Stub::DeleteFeed, request, &response).reason;
  };
  EXPECT_EQ(reason(), "REQUIRED");
  request.set_reason("withdrawn");
  EXPECT_EQ(reason(), "FEED_NOT_EMPTY");
  request.set_purge(true);
  EXPECT_EQ(reason(), "");
  EXPECT_EQ(response.event_count(), 1);
  EXPECT_EQ(reason(), "FEED_NOT_FOUND");
  annals::v1::ListEventsRequest filtered;
  filtered.mutable_filter()->add_feeds("feeds/f");
  annals::v1::ListEventsResponse page;
  EXPECT_EQ(Call(*events, &EventService::Stub::ListEvents, filtered, &page).reason, "UNKNOWN_FEED");
}

TEST_F(MergeServiceTest, FindsWhatIsNearInPlaceAndTimeAndOfOneKind) {
  using annals::v1::PARTICIPANT_ROLE_INITIATOR;
  const auto at = [](std::string_view feed, std::string_view id, std::string_view day, double lat) {
    return EventBuilder(feed, id)
        .Day(day)
        .Place(35.27, lat)
        .Label("Band", PARTICIPANT_ROLE_INITIATOR);
  };
  annals::v1::Event linked = at("g", "linked", "2025-01-05", 51.19).Build();
  auto* link = linked.add_links();
  link->set_kind(annals::v1::LINK_KIND_DUPLICATE_OF);
  link->set_target("feeds/f/events/1");
  Ingest(
      {at("f", "1", "2025-01-05", 51.19).Build(), at("f", "same-feed", "2025-01-05", 51.19).Build(),
       at("g", "near", "2025-01-07", 51.28).Build(), at("g", "far", "2025-01-05", 51.60).Build(),
       at("g", "late", "2025-01-10", 51.19).Build(), at("g", "edge", "2025-01-09", 51.19).Build(),
       at("g", "other", "2025-01-05", 51.19).Kind(annals::v1::EVENT_KIND_STRIKE).Build(),
       EventBuilder("g", "nowhere").Day("2025-01-05").Build(), linked});
  annals::v1::ListDuplicateCandidatesRequest request;
  request.mutable_filter()->add_feeds("feeds/f");
  auto response = Duplicates(request);
  EXPECT_THAT(Pairs(response),
              ::testing::UnorderedElementsAre("f/1 g/near", "f/1 g/edge", "f/same-feed g/near",
                                              "f/same-feed g/edge", "f/same-feed g/linked"));
  for (const auto& candidate : response.candidates()) {
    EXPECT_THAT(candidate.shared_participants(), ElementsAre("Band"));
    if (candidate.second().name() != "feeds/g/events/near") continue;
    EXPECT_NEAR(candidate.distance_m(), 10'000, 100);
    EXPECT_EQ(candidate.gap().seconds(), 86'400);
    EXPECT_NEAR(candidate.score(), (0.6 + 2.0 / 3 + 1) / 3, 0.01);
  }
  request.set_distance_max_m(60'000);
  request.mutable_gap_max()->set_seconds(0);
  EXPECT_THAT(
      Pairs(Duplicates(request)),
      ::testing::UnorderedElementsAre("f/1 g/far", "f/same-feed g/far", "f/same-feed g/linked"));
  // Whoever comes first, each pair is answered once.
  request.clear_filter();
  EXPECT_EQ(Duplicates(request).candidates_size(), 3);
  request.set_same_feed(true);
  EXPECT_EQ(Duplicates(request).candidates_size(), 6);
  request.set_distance_max_m(0.5);
  annals::v1::ListDuplicateCandidatesResponse none;
  EXPECT_EQ(Call(*events, &EventService::Stub::ListDuplicateCandidates, request, &none).reason,
            "DISTANCE_RANGE");
}

TEST_F(MergeServiceTest, ComparesEventsWithoutAPointByRegion) {
  Ingest({EventBuilder("f", "region").Region("RU-KRS").Build(),
          EventBuilder("g", "point").Place(35.27, 51.19).Build(),
          EventBuilder("g", "region").Region("RU-KRS").Build(),
          EventBuilder("g", "country").Region("RU").Build()});
  const auto response = Duplicates({});
  EXPECT_EQ(response.candidates_size(), 2);
  for (const auto& candidate : response.candidates()) {
    EXPECT_FALSE(candidate.has_distance_m());
    EXPECT_NEAR(candidate.score(), 0.5, 0.001);
  }
}

TEST_F(MergeServiceTest, PagesThroughAllPairsOnce) {
  std::vector<annals::v1::Event> rows;
  for (int i = 0; i < 300; ++i) {
    const std::string id = std::to_string(i);
    const auto day = storage::Micros{i} * 10 * 86'400'000'000;
    for (const char* feed : {"f", "g"}) {
      rows.push_back(EventBuilder(feed, id).Place(35.27, 51.19).Build());
      *rows.back().mutable_occurred()->mutable_start() = storage::ToTimestamp(day);
      *rows.back().mutable_occurred()->mutable_end() = storage::ToTimestamp(day + 86'400'000'000);
    }
  }
  Ingest(rows);
  annals::v1::ListDuplicateCandidatesRequest request;
  std::set<std::string> pairs;
  std::size_t answered = 0;
  int pages = 0;
  for (const int page_size : {7, 1'000}) {
    request.set_page_size(page_size);
    request.clear_page_token();
    pairs.clear();
    answered = 0;
    do {
      const auto response = Duplicates(request);
      for (const std::string& pair : Pairs(response)) pairs.insert(pair);
      answered += static_cast<std::size_t>(response.candidates_size());
      request.set_page_token(response.next_page_token());
      ++pages;
    } while (!request.page_token().empty());
    EXPECT_EQ(pairs.size(), 300U);
    EXPECT_EQ(answered, 300U);
  }
  EXPECT_GT(pages, 43);
}

TEST_F(MergeServiceTest, SaysWhereThereIsMoreThanItAnswers) {
  std::vector<annals::v1::Event> rows = {EventBuilder("f", "1").Place(35.27, 51.19).Build()};
  for (int i = 0; i < 60; ++i) {
    rows.push_back(EventBuilder("g", std::to_string(i)).Place(35.27, 51.19).Build());
  }
  Ingest(rows);
  annals::v1::ListDuplicateCandidatesRequest request;
  request.mutable_filter()->add_feeds("feeds/f");
  const auto response = Duplicates(request);
  EXPECT_EQ(response.candidates_size(), 50);
  EXPECT_THAT(response.crowded_names(), ElementsAre("feeds/f/events/1"));
}

}  // namespace
}  // namespace annals::testing

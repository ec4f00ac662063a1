#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/support/service_test_server.h"

namespace annals::testing {
namespace {

using annals::v1::EventService;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Stub = EventService::Stub;

class EventServiceTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    CreateFeed("f");
  }

  // `count` battles of successive days, ids 1, 2, ...
  std::string IngestDays(int count) {
    std::vector<annals::v1::Event> rows;
    for (int i = 1; i <= count; ++i) {
      auto builder = EventBuilder("f", std::to_string(i));
      const auto day = At("2025-01-01") + i * storage::Micros{86'400'000'000};
      builder.Between(day, day + 1'000'000).Place(35.3, 51.2).Fatalities(1, 2, 3);
      rows.push_back(builder.Build());
    }
    return Ingest(rows);
  }

  annals::v1::ListEventsResponse List(const annals::v1::ListEventsRequest& request) {
    annals::v1::ListEventsResponse response;
    const Failure failure = Call(*events, &Stub::ListEvents, request, &response);
    EXPECT_EQ(failure.code, grpc::StatusCode::OK) << failure.message;
    return response;
  }

  Failure ListFails(const annals::v1::ListEventsRequest& request) {
    annals::v1::ListEventsResponse response;
    return Call(*events, &Stub::ListEvents, request, &response);
  }

  // Every event of an export, and the token after each message.
  std::vector<std::string> Export(const annals::v1::ExportEventsRequest& request,
                                  std::vector<std::string>* tokens, Failure* failure) {
    grpc::ClientContext context;
    std::vector<std::string> names;
    const auto reader = events->ExportEvents(&context, request);
    for (annals::v1::ExportEventsResponse message; reader->Read(&message);) {
      for (const auto& event : message.events()) names.push_back(event.name());
      if (tokens != nullptr) tokens->push_back(message.resume_token());
    }
    *failure = FailureOf(reader->Finish());
    return names;
  }
};

TEST_F(EventServiceTest, GetsAnEvent) {
  const std::string position = IngestDays(1);
  annals::v1::GetEventRequest request;
  annals::v1::GetEventResponse response;
  request.set_name("feeds/f/events/1");
  request.set_min_position(position);
  ASSERT_EQ(Call(*events, &Stub::GetEvent, request, &response).code, grpc::StatusCode::OK);
  EXPECT_EQ(response.event().title(), "Event 1");
  EXPECT_EQ(response.event().revision(), 1);
  EXPECT_EQ(response.position().size(), position.size());
  request.set_name("feeds/f/events/none");
  const Failure none = Call(*events, &Stub::GetEvent, request, &response);
  EXPECT_EQ(none.code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(none.reason, "EVENT_NOT_FOUND");
  request.set_name("");
  EXPECT_EQ(Call(*events, &Stub::GetEvent, request, &response).reason, "REQUIRED");
  request.set_name("events/1");
  EXPECT_EQ(Call(*events, &Stub::GetEvent, request, &response).reason, "BAD_NAME");
}

TEST_F(EventServiceTest, GetsSeveralEventsInTheOrderAsked) {
  IngestDays(3);
  annals::v1::BatchGetEventsRequest request;
  annals::v1::BatchGetEventsResponse response;
  for (const char* id : {"3", "none", "1"}) request.add_names(std::string("feeds/f/events/") + id);
  ASSERT_EQ(Call(*events, &Stub::BatchGetEvents, request, &response).code, grpc::StatusCode::OK);
  ASSERT_THAT(response.events(), SizeIs(2));
  EXPECT_EQ(response.events(0).name(), "feeds/f/events/3");
  EXPECT_THAT(response.missing_names(), ElementsAre("feeds/f/events/none"));
  EXPECT_EQ(Call(*events, &Stub::BatchGetEvents, {}, &response).reason, "REQUIRED");
  request.add_names("x");
  EXPECT_EQ(Call(*events, &Stub::BatchGetEvents, request, &response).field, "names[3]");
  for (int i = 0; i < 1'000; ++i) request.add_names("feeds/f/events/1");
  EXPECT_EQ(Call(*events, &Stub::BatchGetEvents, request, &response).reason, "TOO_MANY_VALUES");
}

TEST_F(EventServiceTest, ListsEveryEventOnceWhateverIsWrittenMeanwhile) {
  IngestDays(25);
  annals::v1::ListEventsRequest request;
  request.set_page_size(10);
  std::vector<std::string> names;
  for (int page = 0;; ++page) {
    const auto response = List(request);
    for (const auto& event : response.events()) names.push_back(event.name());
    if (response.next_page_token().empty()) break;
    request.set_page_token(response.next_page_token());
    // The newest of all: before the pages to come.
    Ingest({EventBuilder("f", "new" + std::to_string(page)).Day("2026-01-01").Build()});
  }
  EXPECT_THAT(names, SizeIs(25));
  EXPECT_THAT(std::set(names.begin(), names.end()), SizeIs(25));
  EXPECT_EQ(names.front(), "feeds/f/events/25");
}

TEST_F(EventServiceTest, BindsPageTokensToTheRequest) {
  IngestDays(5);
  annals::v1::ListEventsRequest request;
  request.set_page_size(2);
  const std::string token = List(request).next_page_token();
  request.set_page_token(token);
  request.set_page_size(3);
  EXPECT_THAT(List(request).events(), SizeIs(3));
  request.mutable_filter()->add_kinds(annals::v1::EVENT_KIND_BATTLE);
  EXPECT_EQ(ListFails(request).reason, "TOKEN_MISMATCH");
  request.clear_filter();
  request.set_order(annals::v1::EVENT_ORDER_OCCURRED_OLDEST_FIRST);
  EXPECT_EQ(ListFails(request).reason, "TOKEN_MISMATCH");
  request.clear_order();
  request.set_page_token(token.substr(1));
  const Failure damaged = ListFails(request);
  EXPECT_EQ(damaged.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(damaged.reason, "BAD_PAGE_TOKEN");
  EXPECT_EQ(damaged.field, "page_token");
  request.set_page_token(List({}).position());
  EXPECT_EQ(ListFails(request).reason, "BAD_PAGE_TOKEN");
  annals::v1::ListFeedsRequest feeds;
  annals::v1::ListFeedsResponse response;
  feeds.set_page_token(token);
  EXPECT_EQ(Call(*catalog, &annals::v1::CatalogService::Stub::ListFeeds, feeds, &response).reason,
            "TOKEN_MISMATCH");
}

TEST_F(EventServiceTest, TakesPageSizesWithinLimits) {
  IngestDays(3);
  annals::v1::ListEventsRequest request;
  request.set_page_size(-1);
  const Failure failure = ListFails(request);
  EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(failure.reason, "PAGE_SIZE_NEGATIVE");
  EXPECT_THAT(failure.violations, ElementsAre("page_size"));
  request.set_page_size(5'000);
  EXPECT_THAT(List(request).events(), SizeIs(3));
}

TEST_F(EventServiceTest, RefusesBadFiltersByField) {
  const auto refused = [&](auto fill) {
    annals::v1::ListEventsRequest request;
    fill(request.mutable_filter());
    const Failure failure = ListFails(request);
    EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT);
    return failure.field + " " + failure.reason;
  };
  EXPECT_EQ(refused([](auto* f) { f->mutable_circle()->mutable_center()->set_latitude(91); }),
            "filter.circle.center.latitude LATITUDE_RANGE");
  EXPECT_EQ(refused([](auto* f) { f->mutable_regions()->add_regions("regions/XX-NO"); }),
            "filter.regions.regions[0] UNKNOWN_REGION");
  EXPECT_EQ(refused([](auto* f) { f->add_kinds(static_cast<annals::v1::EventKind>(77)); }),
            "filter.kinds[0] UNKNOWN_KIND");
  annals::v1::ListEventsRequest request;
  request.set_order(static_cast<annals::v1::EventOrder>(9));
  EXPECT_EQ(ListFails(request).field, "order");
  request.clear_order();
  request.set_view(static_cast<annals::v1::EventView>(9));
  EXPECT_EQ(ListFails(request).field, "view");
}

TEST_F(EventServiceTest, LeavesDetailsOutOfTheBasicView) {
  auto event = EventBuilder("f", "1").Kind(annals::v1::EVENT_KIND_CAPTURE).Build();
  event.set_description("long");
  event.mutable_capture()->set_circumstances("c");
  Ingest({event});
  annals::v1::ListEventsRequest request;
  EXPECT_TRUE(List(request).events(0).has_capture());
  request.set_view(annals::v1::EVENT_VIEW_BASIC);
  const auto basic = List(request).events(0);
  EXPECT_FALSE(basic.has_capture());
  EXPECT_EQ(basic.description(), "");
  EXPECT_EQ(basic.title(), "Event 1");
}

TEST_F(EventServiceTest, ReadsTheRecordAsOfAPosition) {
  const std::string before = IngestDays(1);
  Ingest({EventBuilder("f", "1").Title("changed").Build()});
  annals::v1::GetEventRequest request;
  annals::v1::GetEventResponse response;
  request.set_name("feeds/f/events/1");
  request.mutable_as_of()->set_position(before);
  ASSERT_EQ(Call(*events, &Stub::GetEvent, request, &response).code, grpc::StatusCode::OK);
  EXPECT_EQ(response.event().title(), "Event 1");
  const auto fails = [&] { return Call(*events, &Stub::GetEvent, request, &response); };
  request.mutable_as_of()->mutable_time()->set_seconds(0);
  EXPECT_EQ(fails().code, grpc::StatusCode::NOT_FOUND);
  request.mutable_as_of()->mutable_time()->set_seconds(32'503'680'000);
  EXPECT_EQ(fails().reason, "AS_OF_IN_FUTURE");
  request.mutable_as_of()->mutable_time()->set_nanos(-1);
  EXPECT_EQ(fails().reason, "TIME_RANGE");
  request.mutable_as_of()->clear_moment();
  EXPECT_EQ(fails().reason, "REQUIRED");
  request.mutable_as_of()->set_position("nonsense");
  const Failure damaged = fails();
  EXPECT_EQ(damaged.reason, "BAD_POSITION");
  EXPECT_EQ(damaged.field, "as_of.position");
}

TEST_F(EventServiceTest, ExportsWhatListAnswersAndResumes) {
  IngestDays(2'500);
  Failure failure;
  std::vector<std::string> tokens;
  const auto all = Export({}, &tokens, &failure);
  EXPECT_EQ(failure.code, grpc::StatusCode::OK) << failure.message;
  EXPECT_THAT(all, SizeIs(2'500));
  EXPECT_EQ(all.front(), "feeds/f/events/2500");
  // What is written later is not seen by what was pinned before.
  Ingest({EventBuilder("f", "late").Day("2024-01-01").Build()});
  annals::v1::ExportEventsRequest request;
  request.set_resume_token(tokens.front());
  const auto rest = Export(request, nullptr, &failure);
  EXPECT_EQ(rest, std::vector(all.begin() + 1'000, all.end()));
  request.set_resume_token(tokens.back());
  EXPECT_THAT(Export(request, nullptr, &failure), IsEmpty());
  EXPECT_EQ(failure.code, grpc::StatusCode::OK);
  request.set_view(annals::v1::EVENT_VIEW_BASIC);
  Export(request, nullptr, &failure);
  EXPECT_EQ(failure.reason, "TOKEN_MISMATCH");
}

TEST_F(EventServiceTest, ExportsAnEmptyRecordWithItsPosition) {
  grpc::ClientContext context;
  const auto reader = events->ExportEvents(&context, {});
  annals::v1::ExportEventsResponse message;
  ASSERT_TRUE(reader->Read(&message));
  EXPECT_THAT(message.events(), IsEmpty());
  EXPECT_FALSE(message.position().empty());
  EXPECT_FALSE(reader->Read(&message));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(EventServiceTest, Summarizes) {
  IngestDays(40);
  annals::v1::SummarizeEventsRequest request;
  annals::v1::SummarizeEventsResponse response;
  request.add_dimensions()->set_time_bucket(annals::v1::TIME_BUCKET_MONTH);
  request.add_dimensions()->set_attribute(annals::v1::EVENT_ATTRIBUTE_REGION);
  const auto call = [&] { return Call(*events, &Stub::SummarizeEvents, request, &response); };
  ASSERT_EQ(call().code, grpc::StatusCode::OK);
  ASSERT_THAT(response.groups(), SizeIs(2));
  EXPECT_THAT(response.groups(0).keys(), ElementsAre("2025-01-01T00:00:00Z", "regions/RU-KRS"));
  EXPECT_EQ(response.groups(0).totals().event_count(), 30);
  EXPECT_EQ(response.totals().fatalities().best(), 80);
  EXPECT_FALSE(response.totals().has_persons());
  EXPECT_EQ(response.record_count(), 40);
  request.mutable_dimensions(1)->set_time_bucket(annals::v1::TIME_BUCKET_MONTH);
  EXPECT_EQ(call().reason, "DUPLICATE_DIMENSION");
  request.mutable_dimensions(1)->clear_dimension();
  EXPECT_EQ(call().field, "dimensions[1]");
  request.mutable_dimensions(1)->set_attribute(annals::v1::EVENT_ATTRIBUTE_UNSPECIFIED);
  EXPECT_EQ(call().field, "dimensions[1].attribute");
  request.add_dimensions();
  EXPECT_EQ(call().reason, "TOO_MANY_VALUES");
}

TEST_F(EventServiceTest, ListsRevisionsNewestFirst) {
  for (const char* title : {"one", "two", "three"}) {
    Ingest({EventBuilder("f", "1").Title(title).Build()});
  }
  annals::v1::ListEventRevisionsRequest request;
  annals::v1::ListEventRevisionsResponse response;
  request.set_name("feeds/f/events/1");
  request.set_page_size(2);
  const auto call = [&] { return Call(*events, &Stub::ListEventRevisions, request, &response); };
  ASSERT_EQ(call().code, grpc::StatusCode::OK);
  ASSERT_THAT(response.revisions(), SizeIs(2));
  EXPECT_EQ(response.revisions(0).event().title(), "three");
  EXPECT_FALSE(response.revisions(0).has_end_time());
  EXPECT_TRUE(response.revisions(1).has_end_time());
  request.set_page_token(response.next_page_token());
  ASSERT_EQ(call().code, grpc::StatusCode::OK);
  ASSERT_THAT(response.revisions(), SizeIs(1));
  EXPECT_EQ(response.revisions(0).event().title(), "one");
  EXPECT_EQ(response.next_page_token(), "");
  request.set_name("feeds/f/events/2");
  EXPECT_EQ(call().reason, "TOKEN_MISMATCH");
  request.clear_page_token();
  EXPECT_EQ(call().reason, "EVENT_NOT_FOUND");
}

TEST_F(EventServiceTest, SaysSoWhereTheRecordIsBehindMinPosition) {
  annals::v1::ListEventsRequest request;
  request.set_min_position(IngestDays(1));
  EXPECT_THAT(List(request).events(), SizeIs(1));
  store.lag = 1;
  const Failure behind = ListFails(request);
  EXPECT_EQ(behind.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(behind.reason, "NOT_YET");
  EXPECT_TRUE(behind.may_retry);
  request.set_min_position("x");
  EXPECT_EQ(ListFails(request).field, "min_position");
}

}  // namespace
}  // namespace annals::testing

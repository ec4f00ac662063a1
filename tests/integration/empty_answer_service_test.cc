// Why nothing matches.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/service_test_server.h"

namespace annals::testing {
namespace {

using annals::v1::EmptyCause;
using annals::v1::EventFilter;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Stub = annals::v1::EventService::Stub;

// Feed "f": a battle in Kursk region on 5 January 2025, one on 7 March, and a retracted strike on
// 9 March. Feed "g" holds nothing.
class EmptyAnswerTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    CreateFeed("f");
    CreateFeed("g");
    before_ = Ingest({EventBuilder("f", "1").Day("2025-01-05").Region("RU-KRS").Build()});
    Ingest({EventBuilder("f", "2").Day("2025-03-07").Build(),
            EventBuilder("f", "3").Day("2025-03-09").Kind(annals::v1::EVENT_KIND_STRIKE).Build()});
    annals::v1::RetractEventRequest retract;
    annals::v1::RetractEventResponse retracted;
    retract.set_name("feeds/f/events/3");
    retract.set_reason("entered twice");
    ASSERT_EQ(
        Call(*ingest, &annals::v1::IngestService::Stub::RetractEvent, retract, &retracted).code,
        grpc::StatusCode::OK);
  }

  // The reasons of a list, which are those of a summary.
  std::vector<annals::v1::EmptyReason> Reasons(const EventFilter& filter,
                                               const std::string& as_of = "") {
    annals::v1::ListEventsRequest list;
    annals::v1::ListEventsResponse listed;
    annals::v1::SummarizeEventsRequest sum;
    annals::v1::SummarizeEventsResponse summed;
    *list.mutable_filter() = *sum.mutable_filter() = filter;
    if (!as_of.empty()) {
      list.mutable_as_of()->set_position(as_of);
      sum.mutable_as_of()->set_position(as_of);
    }
    EXPECT_EQ(Call(*events, &Stub::ListEvents, list, &listed).code, grpc::StatusCode::OK);
    EXPECT_EQ(Call(*events, &Stub::SummarizeEvents, sum, &summed).code, grpc::StatusCode::OK);
    EXPECT_EQ(listed.empty_reasons_size(), summed.empty_reasons_size());
    for (int i = 0; i < listed.empty_reasons_size(); ++i) {
      EXPECT_EQ(listed.empty_reasons(i).DebugString(), summed.empty_reasons(i).DebugString());
      EXPECT_NE(listed.empty_reasons(i).message(), "");
    }
    return {listed.empty_reasons().begin(), listed.empty_reasons().end()};
  }

  // "CAUSE field count" of each.
  std::vector<std::string> Causes(const EventFilter& filter, const std::string& as_of = "") {
    std::vector<std::string> causes;
    for (const auto& reason : Reasons(filter, as_of)) {
      causes.push_back(fmt::format("{} {} {}",
                                   annals::v1::EmptyCause_Name(reason.cause()).substr(12),
                                   reason.field(), reason.event_count()));
    }
    return causes;
  }

  static void Since(std::string_view day, EventFilter* filter) {
    *filter->mutable_occurred()->mutable_start() = storage::ToTimestamp(At(day));
  }
  static void Until(std::string_view day, EventFilter* filter) {
    *filter->mutable_occurred()->mutable_end() = storage::ToTimestamp(At(day));
  }

  std::string before_;  // The position at which feed "f" had one event.
};

TEST_F(EmptyAnswerTest, GivesNoReasonWhereEventsMatch) { EXPECT_THAT(Causes({}), IsEmpty()); }

TEST_F(EmptyAnswerTest, TellsAnEmptyFeed) {
  EventFilter filter;
  filter.add_feeds("feeds/g");
  EXPECT_THAT(Causes(filter), ElementsAre("FEED_EMPTY filter.feeds 0"));
}

TEST_F(EmptyAnswerTest, TellsARangeBeyondTheCoverage) {
  EventFilter after, before;
  Since("2026-01-01", &after);
  Until("2024-01-01", &before);
  for (const EventFilter& filter : {after, before}) {
    EXPECT_THAT(Causes(filter), ElementsAre("OUTSIDE_COVERAGE filter.occurred 2"));
    const auto reason = Reasons(filter).at(0);
    EXPECT_EQ(storage::ToMicros(reason.first_start_time()), At("2025-01-05"));
    EXPECT_EQ(storage::ToMicros(reason.last_start_time()), At("2025-03-07"));
  }
}

TEST_F(EmptyAnswerTest, TellsAGapInsideTheCoverage) {
  EventFilter filter;
  Since("2025-02-01", &filter);
  Until("2025-02-02", &filter);
  EXPECT_THAT(Causes(filter), ElementsAre("NOTHING_IN_RANGE filter.occurred 2"));
}

TEST_F(EmptyAnswerTest, TellsWhichPartFindsNothing) {
  EventFilter filter;
  Since("2025-03-01", &filter);
  filter.mutable_regions()->add_regions("regions/RU-KRS");
  EXPECT_THAT(Causes(filter), ElementsAre("NOTHING_IN_RANGE filter.occurred 1",
                                          "NOTHING_IN_AREA filter.regions 1"));
  filter.clear_regions();
  filter.add_kinds(annals::v1::EVENT_KIND_RIOT);
  EXPECT_THAT(Causes(filter), ElementsAre("NOTHING_OF_PART filter.kinds 1"));
}

TEST_F(EmptyAnswerTest, TellsWhatALessStrictMatchFinds) {
  EventFilter filter;  // a box in the oblast that event 1 is known to
  filter.mutable_box()->set_west(36.0);
  filter.mutable_box()->set_south(51.5);
  filter.mutable_box()->set_east(36.5);
  filter.mutable_box()->set_north(51.9);
  filter.set_match(annals::v1::MATCH_MODE_DEFINITE);
  EXPECT_THAT(Causes(filter), ::testing::Contains("MATCH_MODE filter.match 1"));
  filter.set_match(annals::v1::MATCH_MODE_POSSIBLE);
  EXPECT_THAT(Causes(filter), IsEmpty());
}

TEST_F(EmptyAnswerTest, TellsOfWhatDoesNotStand) {
  EventFilter filter;
  filter.add_kinds(annals::v1::EVENT_KIND_STRIKE);
  EXPECT_THAT(Causes(filter), ElementsAre("NOTHING_OF_PART filter.kinds 2",
                                          "RETRACTED filter.include_retracted 1"));
}

TEST_F(EmptyAnswerTest, TellsOfWhatWasNotYetRecorded) {
  EventFilter filter;
  Since("2025-03-01", &filter);
  EXPECT_THAT(Causes(filter, before_),
              ElementsAre("OUTSIDE_COVERAGE filter.occurred 1", "AS_OF as_of 1"));
  annals::v1::SummarizeEventsRequest request;
  annals::v1::SummarizeEventsResponse response;
  *request.mutable_as_of()->mutable_time() = storage::ToTimestamp(At("2000-01-01"));
  ASSERT_EQ(Call(*events, &Stub::SummarizeEvents, request, &response).code, grpc::StatusCode::OK);
  ASSERT_EQ(response.empty_reasons_size(), 1);
  EXPECT_EQ(response.empty_reasons(0).cause(), annals::v1::EMPTY_CAUSE_AS_OF);
  EXPECT_EQ(response.empty_reasons(0).event_count(), 2);
}

TEST_F(EmptyAnswerTest, IsOfTheFirstPageAlone) {
  annals::v1::ListEventsRequest request;
  annals::v1::ListEventsResponse response;
  request.set_page_size(1);
  ASSERT_EQ(Call(*events, &Stub::ListEvents, request, &response).code, grpc::StatusCode::OK);
  request.set_page_token(response.next_page_token());
  for (const char* id : {"1", "2"}) {
    annals::v1::RetractEventRequest retract;
    annals::v1::RetractEventResponse retracted;
    retract.set_name(fmt::format("feeds/f/events/{}", id));
    retract.set_reason("gone");
    ASSERT_EQ(
        Call(*ingest, &annals::v1::IngestService::Stub::RetractEvent, retract, &retracted).code,
        grpc::StatusCode::OK);
  }
  ASSERT_EQ(Call(*events, &Stub::ListEvents, request, &response).code, grpc::StatusCode::OK);
  EXPECT_THAT(response.events(), IsEmpty());
  EXPECT_THAT(response.empty_reasons(), IsEmpty());
}

}  // namespace
}  // namespace annals::testing

// Mocks of what a Client calls, for tests of programs that use one. Needs GoogleMock.
//
//   auto mock = std::make_shared<::testing::NiceMock<annals::client::MockConnection>>();
//   EXPECT_CALL(*mock, GetEvent).WillOnce(Return(response));
//   annals::client::Client client(mock);
//
// What is not expected answers an error (UNKNOWN), and a stream is null: set what is opened with
// WillOnce(Return(ByMove(...))). tests/unit/client_mock_test.cc of annals has an example of each.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <optional>

#include "clients/cpp/connection.h"

namespace annals::client {

class MockExportReader : public ExportReader {
 public:
  MOCK_METHOD(absl::StatusOr<std::optional<v1::ExportEventsResponse>>, Next, (), (override));
};

class MockWatchCall : public WatchCall {
 public:
  MOCK_METHOD(absl::StatusOr<std::optional<v1::WatchEventsResponse>>, Next, (), (override));
  MOCK_METHOD(void, Cancel, (), (override));
};

class MockIngestCall : public IngestCall {
 public:
  MOCK_METHOD(bool, Write, (const v1::IngestEventsRequest&), (override));
  MOCK_METHOD(bool, Read, (v1::IngestEventsResponse*), (override));
  MOCK_METHOD(void, WritesDone, (), (override));
  MOCK_METHOD(void, Cancel, (), (override));
  MOCK_METHOD(absl::Status, Finish, (), (override));
};

class MockConnection : public Connection {
 public:
  MOCK_METHOD(~Connection() = default; // What all that is tried again over this connection shares. RetryBudget& retry_budget() { return retry_budget_; } // Events. All are reads, and are retried as the connection's RetryPolicy says. virtual absl::StatusOr<v1::GetEventResponse>, GetEvent, (const v1::GetEventRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::BatchGetEventsResponse>, BatchGetEvents, (const v1::BatchGetEventsRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::ListEventsResponse>, ListEvents, (const v1::ListEventsRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::SummarizeEventsResponse>, SummarizeEvents, (const v1::SummarizeEventsRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::ListEventRevisionsResponse>, ListEventRevisions, (const v1::ListEventRevisionsRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::ListDuplicateCandidatesResponse>, ListDuplicateCandidates, (const v1::ListDuplicateCandidatesRequest&), (override));
  MOCK_METHOD(std::unique_ptr<ExportReader>, ExportEvents, (const v1::ExportEventsRequest&), (override));
  MOCK_METHOD(std::unique_ptr<WatchCall>, WatchEvents, (const v1::WatchEventsRequest&), (override));

  MOCK_METHOD(absl::StatusOr<v1::BatchUpsertEventsResponse>, BatchUpsertEvents, (const v1::BatchUpsertEventsRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::RetractEventResponse>, RetractEvent, (const v1::RetractEventRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::AdvanceExchangeOfferResponse>, AdvanceExchangeOffer, (const v1::AdvanceExchangeOfferRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::MergeEventsResponse>, MergeEvents, (const v1::MergeEventsRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::UnmergeEventsResponse>, UnmergeEvents, (const v1::UnmergeEventsRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::RedactEventResponse>, RedactEvent, (const v1::RedactEventRequest&), (override));
  MOCK_METHOD(std::unique_ptr<IngestCall>, IngestEvents, (), (override));

  MOCK_METHOD(absl::StatusOr<v1::ListFeedsResponse>, ListFeeds, (const v1::ListFeedsRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::GetFeedResponse>, GetFeed, (const v1::GetFeedRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::CreateFeedResponse>, CreateFeed, (const v1::CreateFeedRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::UpdateFeedResponse>, UpdateFeed, (const v1::UpdateFeedRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::DeleteFeedResponse>, DeleteFeed, (const v1::DeleteFeedRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::ListRegionsResponse>, ListRegions, (const v1::ListRegionsRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::GetRegionResponse>, GetRegion, (const v1::GetRegionRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::ListActorsResponse>, ListActors, (const v1::ListActorsRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::GetActorResponse>, GetActor, (const v1::GetActorRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::CreateActorResponse>, CreateActor, (const v1::CreateActorRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::ResolveNamesResponse>, ResolveNames, (const v1::ResolveNamesRequest&), (override));

  MOCK_METHOD(absl::StatusOr<v1::GetStatusResponse>, GetStatus, (const v1::GetStatusRequest&), (override));
};

}  // namespace annals::client

// One way to a server: a virtual function for each RPC of annals.v1.
//
// Client is the class to call; a Connection is what it calls. Replace it to test without a server.
// Requests are the contract's own messages, whose comments say what each means and which errors it
// may give. Every error is as clients/cpp/status.h says. Implementations are safe for use by
// several threads. For tests there is a mock (clients/cpp/mocks/mock_connection.h).
#pragma once

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "annals/v1/catalog_service.pb.h"
#include "annals/v1/event_service.pb.h"
#include "annals/v1/ingest_service.pb.h"
#include "annals/v1/status_service.pb.h"
#include "clients/cpp/retry_policy.h"

namespace annals::client {

// An export as it arrives. Used by one thread.
class ExportReader {
 public:
  virtual ~ExportReader() = default;

  // The next part, or nullopt when the export is whole.
  virtual absl::StatusOr<std::optional<v1::ExportEventsResponse>> Next() = 0;
};

// One bidirectional ingest call, bare: no window, no resending (see ingest_stream.h). One thread
// may write while another reads. Destroying it cancels what is under way.
class IngestCall {
 public:
  virtual ~IngestCall() = default;

  // False where the call has ended; Finish says why.
  virtual bool Write(const v1::IngestEventsRequest& request) = 0;
  // False where no further answer will come.
  virtual bool Read(v1::IngestEventsResponse* response) = 0;
  // Nothing more will be written.
  virtual void WritesDone() = 0;
  // Ends the call from any thread; Read returns false soon after.
  virtual void Cancel() = 0;
  // How the call ended. REQUIRES: Read has returned false; called once.
  virtual absl::Status Finish() = 0;
};

// One watch call, bare: no resuming (see watch_stream.h). Used by one thread, but for Cancel.
// Destroying it cancels it.
class WatchCall {
 public:
  virtual ~WatchCall() = default;

  // The next message, waiting for it; nullopt where the server ended the call without an error. Not
  // called again after either that or an error.
  virtual absl::StatusOr<std::optional<v1::WatchEventsResponse>> Next() = 0;
  // Ends the call from any thread; Next returns soon after.
  virtual void Cancel() = 0;
};

class Connection {
 public:
  explicit Connection(RetryBudgetLimits retry_budget = {}) : retry_budget_(retry_budget) {}
  virtual ~Connection() = default;

  // What all that is tried again over this connection shares.
  RetryBudget& retry_budget() { return retry_budget_; }

  // Events. All are reads, and are retried as the connection's RetryPolicy says.
  virtual absl::StatusOr<v1::GetEventResponse> GetEvent(const v1::GetEventRequest& request) = 0;
  virtual absl::StatusOr<v1::BatchGetEventsResponse> BatchGetEvents(
      const v1::BatchGetEventsRequest& request) = 0;
  virtual absl::StatusOr<v1::ListEventsResponse> ListEvents(
      const v1::ListEventsRequest& request) = 0;
  virtual absl::StatusOr<v1::SummarizeEventsResponse> SummarizeEvents(
      const v1::SummarizeEventsRequest& request) = 0;
  virtual absl::StatusOr<v1::ListEventRevisionsResponse> ListEventRevisions(
      const v1::ListEventRevisionsRequest& request) = 0;
  virtual absl::StatusOr<v1::ListDuplicateCandidatesResponse> ListDuplicateCandidates(
      const v1::ListDuplicateCandidatesRequest& request) = 0;
  // Goes on with the last resume token where the server goes away in between.
  virtual std::unique_ptr<ExportReader> ExportEvents(const v1::ExportEventsRequest& request) = 0;
  virtual std::unique_ptr<WatchCall> WatchEvents(const v1::WatchEventsRequest& request) = 0;

  // Writing. Retried where a repetition has no further effect and is answered like the first, which
  // is said in client.h of each.
  virtual absl::StatusOr<v1::BatchUpsertEventsResponse> BatchUpsertEvents(
      const v1::BatchUpsertEventsRequest& request) = 0;
  virtual absl::StatusOr<v1::RetractEventResponse> RetractEvent(
      const v1::RetractEventRequest& request) = 0;
  virtual absl::StatusOr<v1::AdvanceExchangeOfferResponse> AdvanceExchangeOffer(
      const v1::AdvanceExchangeOfferRequest& request) = 0;
  virtual absl::StatusOr<v1::MergeEventsResponse> MergeEvents(
      const v1::MergeEventsRequest& request) = 0;
  virtual absl::StatusOr<v1::UnmergeEventsResponse> UnmergeEvents(
      const v1::UnmergeEventsRequest& request) = 0;
  virtual absl::StatusOr<v1::RedactEventResponse> RedactEvent(
      const v1::RedactEventRequest& request) = 0;
  virtual std::unique_ptr<IngestCall> IngestEvents() = 0;

  // The catalogue. Reads are retried; CreateFeed, UpdateFeed, DeleteFeed and CreateActor are not.
  virtual absl::StatusOr<v1::ListFeedsResponse> ListFeeds(const v1::ListFeedsRequest& request) = 0;
  virtual absl::StatusOr<v1::GetFeedResponse> GetFeed(const v1::GetFeedRequest& request) = 0;
  virtual absl::StatusOr<v1::CreateFeedResponse> CreateFeed(
      const v1::CreateFeedRequest& request) = 0;
  virtual absl::StatusOr<v1::UpdateFeedResponse> UpdateFeed(
      const v1::UpdateFeedRequest& request) = 0;
  virtual absl::StatusOr<v1::DeleteFeedResponse> DeleteFeed(
      const v1::DeleteFeedRequest& request) = 0;
  virtual absl::StatusOr<v1::ListRegionsResponse> ListRegions(
      const v1::ListRegionsRequest& request) = 0;
  virtual absl::StatusOr<v1::GetRegionResponse> GetRegion(const v1::GetRegionRequest& request) = 0;
  virtual absl::StatusOr<v1::ListActorsResponse> ListActors(
      const v1::ListActorsRequest& request) = 0;
  virtual absl::StatusOr<v1::GetActorResponse> GetActor(const v1::GetActorRequest& request) = 0;
  virtual absl::StatusOr<v1::CreateActorResponse> CreateActor(
      const v1::CreateActorRequest& request) = 0;
  virtual absl::StatusOr<v1::ResolveNamesResponse> ResolveNames(
      const v1::ResolveNamesRequest& request) = 0;

  // The server itself; retried.
  virtual absl::StatusOr<v1::GetStatusResponse> GetStatus(const v1::GetStatusRequest& request) = 0;

 private:
  RetryBudget retry_budget_;
};

}  // namespace annals::client

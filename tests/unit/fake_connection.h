// A Connection whose every answer a test gives. What is not given answers UNIMPLEMENTED.
//
// Over budget: one entry for each method of the contract.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "clients/cpp/connection.h"
#include "fake_ingest_call.h"

namespace annals::client {

class FakeExportReader : public ExportReader {
 public:
  explicit FakeExportReader(std::vector<v1::ExportEventsResponse> parts) : parts_(parts) {}
  absl::StatusOr<std::optional<v1::ExportEventsResponse>> Next() override {
    if (next_ == parts_.size()) return std::nullopt;
    return parts_[next_++];
  }

 private:
  const std::vector<v1::ExportEventsResponse> parts_;
  std::size_t next_ = 0;
};

// A watch that gives these messages and then ends so.
class FakeWatchCall : public WatchCall {
 public:
  explicit FakeWatchCall(std::vector<v1::WatchEventsResponse> responses,
                         absl::Status end = absl::OkStatus())
      : responses_(std::move(responses)), end_(std::move(end)) {}
  absl::StatusOr<std::optional<v1::WatchEventsResponse>> Next() override {
    if (next_ < responses_.size()) return responses_[next_++];
    if (!end_.ok()) return end_;
    return std::nullopt;
  }
  void Cancel() override {}

 private:
  const std::vector<v1::WatchEventsResponse> responses_;
  const absl::Status end_;
  std::size_t next_ = 0;
};

class FakeConnection : public Connection {
 public:
  template <typename Request, typename Response>
  using Method = std::function<absl::StatusOr<Response>(const Request&)>;

  Method<v1::GetEventRequest, v1::GetEventResponse> get_event;
  Method<v1::BatchGetEventsRequest, v1::BatchGetEventsResponse> batch_get_events;
  Method<v1::ListEventsRequest, v1::ListEventsResponse> list_events;
  Method<v1::SummarizeEventsRequest, v1::SummarizeEventsResponse> summarize_events;
  Method<v1::ListEventRevisionsRequest, v1::ListEventRevisionsResponse> list_event_revisions;
  Method<v1::BatchUpsertEventsRequest, v1::BatchUpsertEventsResponse> batch_upsert_events;
  Method<v1::RetractEventRequest, v1::RetractEventResponse> retract_event;
  Method<v1::AdvanceExchangeOfferRequest, v1::AdvanceExchangeOfferResponse> advance_exchange_offer;
  Method<v1::ListDuplicateCandidatesRequest, v1::ListDuplicateCandidatesResponse>
      list_duplicate_candidates;
  Method<v1::MergeEventsRequest, v1::MergeEventsResponse> merge_events;
  Method<v1::UnmergeEventsRequest, v1::UnmergeEventsResponse> unmerge_events;
  Method<v1::RedactEventRequest, v1::RedactEventResponse> redact_event;
  Method<v1::ListFeedsRequest, v1::ListFeedsResponse> list_feeds;
  Method<v1::GetFeedRequest, v1::GetFeedResponse> get_feed;
  Method<v1::CreateFeedRequest, v1::CreateFeedResponse> create_feed;
  Method<v1::UpdateFeedRequest, v1::UpdateFeedResponse> update_feed;
  Method<v1::DeleteFeedRequest, v1::DeleteFeedResponse> delete_feed;
  Method<v1::GetRegionRequest, v1::GetRegionResponse> get_region;
  Method<v1::ResolveNamesRequest, v1::ResolveNamesResponse> resolve_names;
  Method<v1::GetStatusRequest, v1::GetStatusResponse> get_status;
  std::function<std::unique_ptr<ExportReader>(const v1::ExportEventsRequest&)> export_events;
  std::function<std::unique_ptr<WatchCall>(const v1::WatchEventsRequest&)> watch_events;
  std::function<std::unique_ptr<IngestCall>()> ingest_events;

  absl::StatusOr<v1::GetEventResponse> GetEvent(const v1::GetEventRequest& request) override {
    return Call(get_event, request);
  }
  absl::StatusOr<v1::BatchGetEventsResponse> BatchGetEvents(
      const v1::BatchGetEventsRequest& request) override {
    return Call(batch_get_events, request);
  }
  absl::StatusOr<v1::ListEventsResponse> ListEvents(const v1::ListEventsRequest& request) override {
    return Call(list_events, request);
  }
  absl::StatusOr<v1::SummarizeEventsResponse> SummarizeEvents(
      const v1::SummarizeEventsRequest& request) override {
    return Call(summarize_events, request);
  }
  absl::StatusOr<v1::ListEventRevisionsResponse> ListEventRevisions(
      const v1::ListEventRevisionsRequest& request) override {
    return Call(list_event_revisions, request);
  }
  std::unique_ptr<ExportReader> ExportEvents(const v1::ExportEventsRequest& request) override {
    return export_events(request);
  }
  std::unique_ptr<WatchCall> WatchEvents(const v1::WatchEventsRequest& request) override {
    return watch_events(request);
  }
  absl::StatusOr<v1::BatchUpsertEventsResponse> BatchUpsertEvents(
      const v1::BatchUpsertEventsRequest& request) override {
    return Call(batch_upsert_events, request);
  }
  absl::StatusOr<v1::RetractEventResponse> RetractEvent(
      const v1::RetractEventRequest& request) override {
    return Call(retract_event, request);
  }
  absl::StatusOr<v1::AdvanceExchangeOfferResponse> AdvanceExchangeOffer(
      const v1::AdvanceExchangeOfferRequest& request) override {
    return Call(advance_exchange_offer, request);
  }
  absl::StatusOr<v1::ListDuplicateCandidatesResponse> ListDuplicateCandidates(
      const v1::ListDuplicateCandidatesRequest& request) override {
    return Call(list_duplicate_candidates, request);
  }
  absl::StatusOr<v1::MergeEventsResponse> MergeEvents(
      const v1::MergeEventsRequest& request) override {
    return Call(merge_events, request);
  }
  absl::StatusOr<v1::UnmergeEventsResponse> UnmergeEvents(
      const v1::UnmergeEventsRequest& request) override {
    return Call(unmerge_events, request);
  }
  absl::StatusOr<v1::RedactEventResponse> RedactEvent(
      const v1::RedactEventRequest& request) override {
    return Call(redact_event, request);
  }
  absl::StatusOr<v1::DeleteFeedResponse> DeleteFeed(const v1::DeleteFeedRequest& request) override {
    return Call(delete_feed, request);
  }
  std::unique_ptr<IngestCall> IngestEvents() override { return ingest_events(); }
  absl::StatusOr<v1::ListFeedsResponse> ListFeeds(const v1::ListFeedsRequest& request) override {
    return Call(list_feeds, request);
  }
  absl::StatusOr<v1::GetFeedResponse> GetFeed(const v1::GetFeedRequest& request) override {
    return Call(get_feed, request);
  }
  absl::StatusOr<v1::CreateFeedResponse> CreateFeed(const v1::CreateFeedRequest& request) override {
    return Call(create_feed, request);
  }
  absl::StatusOr<v1::UpdateFeedResponse> UpdateFeed(const v1::UpdateFeedRequest& request) override {
    return Call(update_feed, request);
  }
  absl::StatusOr<v1::ListRegionsResponse> ListRegions(const v1::ListRegionsRequest&) override {
    return Unset();
  }
  absl::StatusOr<v1::GetRegionResponse> GetRegion(const v1::GetRegionRequest& request) override {
    return Call(get_region, request);
  }
  absl::StatusOr<v1::ListActorsResponse> ListActors(const v1::ListActorsRequest&) override {
    return Unset();
  }
  absl::StatusOr<v1::GetActorResponse> GetActor(const v1::GetActorRequest&) override {
    return Unset();
  }
  absl::StatusOr<v1::CreateActorResponse> CreateActor(const v1::CreateActorRequest&) override {
    return Unset();
  }
  absl::StatusOr<v1::ResolveNamesResponse> ResolveNames(
      const v1::ResolveNamesRequest& request) override {
    return Call(resolve_names, request);
  }
  absl::StatusOr<v1::GetStatusResponse> GetStatus(const v1::GetStatusRequest& request) override {
    return Call(get_status, request);
  }

 private:
  static absl::Status Unset() { return absl::UnimplementedError("not given by the test"); }

  template <typename Request, typename Response>
  static absl::StatusOr<Response> Call(const Method<Request, Response>& method,
                                       const Request& request) {
    if (!method) return Unset();
    return method(request);
  }
};

}  // namespace annals::client

#include "clients/cpp/client.h"

#include <optional>

#include "clients/cpp/random_id.h"

namespace annals::client {
namespace {

// A range over the pages of a list. `list` asks for one page, `items` gives a response's elements.
template <typename Item, typename Request, typename List, typename Items>
StreamRange<Item> Paged(Request request, List list, Items items) {
  using Response = typename std::invoke_result_t<List, const Request&>::value_type;
  struct State {
    Request request;
    Response page;
    int next = 0;
    bool started = false;
  };
  auto state = std::make_shared<State>();
  state->request = std::move(request);
  return StreamRange<Item>([state, list, items]() -> absl::StatusOr<std::optional<Item>> {
    while (state->next == items(state->page).size()) {
      if (state->started && state->page.next_page_token().empty()) return std::nullopt;
      if (state->started) state->request.set_page_token(state->page.next_page_token());
      absl::StatusOr<Response> page = list(state->request);
      if (!page.ok()) return page.status();
      state->page = *std::move(page);
      state->next = 0;
      state->started = true;
    }
    return std::move(*items(state->page).Mutable(state->next++));
  });
}

}  // namespace

absl::StatusOr<v1::GetEventResponse> Client::GetEvent(const v1::GetEventRequest& request) const {
  return connection_->GetEvent(request);
}

absl::StatusOr<v1::BatchGetEventsResponse> Client::BatchGetEvents(
    const v1::BatchGetEventsRequest& request) const {
  return connection_->BatchGetEvents(request);
}

StreamRange<v1::Event> Client::ListEvents(v1::ListEventsRequest request) const {
  return Paged<v1::Event>(
      std::move(request),
      [connection = connection_](const v1::ListEventsRequest& r) {
        return connection->ListEvents(r);
      },
      [](v1::ListEventsResponse & page) -> auto& { return *page.mutable_events(); });
}

StreamRange<v1::Event> Client::ExportEvents(const v1::ExportEventsRequest& request) const {
  struct State {
    std::shared_ptr<Connection> connection;  // Outlives the reader, which lives in it.
    std::unique_ptr<ExportReader> reader;
    v1::ExportEventsResponse part;
    int next = 0;
  };
  auto state = std::make_shared<State>();
  state->connection = connection_;
  state->reader = connection_->ExportEvents(request);
  return StreamRange<v1::Event>([state]() -> absl::StatusOr<std::optional<v1::Event>> {
    while (state->next == state->part.events_size()) {
      auto part = state->reader->Next();
      if (!part.ok()) return part.status();
      if (!*part) return std::nullopt;
      state->part = *std::move(*part);
      state->next = 0;
    }
    return std::move(*state->part.mutable_events(state->next++));
  });
}

std::unique_ptr<WatchStream> Client::WatchEvents(v1::WatchEventsRequest request,
                                                 WatchOptions options) const {
  return std::make_unique<WatchStream>(connection_, std::move(request), std::move(options));
}

std::unique_ptr<FollowStream> Client::FollowEvents(v1::EventFilter filter,
                                                   WatchOptions options) const {
  return std::make_unique<FollowStream>(connection_, std::move(filter), std::move(options));
}

absl::StatusOr<v1::SummarizeEventsResponse> Client::SummarizeEvents(
    const v1::SummarizeEventsRequest& request) const {
  return connection_->SummarizeEvents(request);
}

StreamRange<v1::EventRevision> Client::ListEventRevisions(std::string_view name) const {
  v1::ListEventRevisionsRequest request;
  request.set_name(std::string(name));
  return Paged<v1::EventRevision>(
      std::move(request),
      [connection = connection_](const v1::ListEventRevisionsRequest& r) {
        return connection->ListEventRevisions(r);
      },
      [](v1::ListEventRevisionsResponse & page) -> auto& { return *page.mutable_revisions(); });
}

absl::StatusOr<v1::ListDuplicateCandidatesResponse> Client::ListDuplicateCandidates(
    const v1::ListDuplicateCandidatesRequest& request) const {
  return connection_->ListDuplicateCandidates(request);
}

absl::StatusOr<v1::BatchUpsertEventsResponse> Client::BatchUpsertEvents(
    v1::BatchUpsertEventsRequest request) const {
  if (request.batch_id().empty() && !request.validate_only()) request.set_batch_id(RandomId());
  return connection_->BatchUpsertEvents(request);
}

absl::StatusOr<v1::RetractEventResponse> Client::RetractEvent(
    const v1::RetractEventRequest& request) const {
  return connection_->RetractEvent(request);
}

absl::StatusOr<v1::AdvanceExchangeOfferResponse> Client::AdvanceExchangeOffer(
    const v1::AdvanceExchangeOfferRequest& request) const {
  return connection_->AdvanceExchangeOffer(request);
}

absl::StatusOr<v1::MergeEventsResponse> Client::MergeEvents(
    const v1::MergeEventsRequest& request) const {
  return connection_->MergeEvents(request);
}

absl::StatusOr<v1::UnmergeEventsResponse> Client::UnmergeEvents(
    const v1::UnmergeEventsRequest& request) const {
  return connection_->UnmergeEvents(request);
}

absl::StatusOr<v1::RedactEventResponse> Client::RedactEvent(
    const v1::RedactEventRequest& request) const {
  return connection_->RedactEvent(request);
}

std::unique_ptr<IngestStream> Client::IngestEvents(IngestStreamOptions options) const {
  return std::make_unique<IngestStream>(connection_, std::move(options));
}

StreamRange<v1::Feed> Client::ListFeeds() const {
  return Paged<v1::Feed>(
      v1::ListFeedsRequest(),
      [connection = connection_](const v1::ListFeedsRequest& r) {
        return connection->ListFeeds(r);
      },
      [](v1::ListFeedsResponse & page) -> auto& { return *page.mutable_feeds(); });
}

absl::StatusOr<v1::Feed> Client::GetFeed(std::string_view name) const {
  v1::GetFeedRequest request;
  request.set_name(std::string(name));
  auto response = connection_->GetFeed(request);
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_feed());
}

absl::StatusOr<v1::Feed> Client::CreateFeed(const v1::Feed& feed) const {
  v1::CreateFeedRequest request;
  *request.mutable_feed() = feed;
  auto response = connection_->CreateFeed(request);
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_feed());
}

absl::StatusOr<v1::Feed> Client::UpdateFeed(const v1::Feed& feed) const {
  v1::UpdateFeedRequest request;
  *request.mutable_feed() = feed;
  auto response = connection_->UpdateFeed(request);
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_feed());
}

absl::StatusOr<v1::DeleteFeedResponse> Client::DeleteFeed(
    const v1::DeleteFeedRequest& request) const {
  return connection_->DeleteFeed(request);
}

StreamRange<v1::Region> Client::ListRegions(std::string_view parent) const {
  v1::ListRegionsRequest request;
  request.set_parent(std::string(parent));
  request.set_page_size(1'000);
  return Paged<v1::Region>(
      std::move(request),
      [connection = connection_](const v1::ListRegionsRequest& r) {
        return connection->ListRegions(r);
      },
      [](v1::ListRegionsResponse & page) -> auto& { return *page.mutable_regions(); });
}

absl::StatusOr<v1::Region> Client::GetRegion(std::string_view name, bool include_geometry) const {
  v1::GetRegionRequest request;
  request.set_name(std::string(name));
  request.set_include_geometry(include_geometry);
  auto response = connection_->GetRegion(request);
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_region());
}

StreamRange<v1::Actor> Client::ListActors() const {
  v1::ListActorsRequest request;
  request.set_page_size(1'000);
  return Paged<v1::Actor>(
      std::move(request),
      [connection = connection_](const v1::ListActorsRequest& r) {
        return connection->ListActors(r);
      },
      [](v1::ListActorsResponse & page) -> auto& { return *page.mutable_actors(); });
}

absl::StatusOr<v1::Actor> Client::GetActor(std::string_view name) const {
  v1::GetActorRequest request;
  request.set_name(std::string(name));
  auto response = connection_->GetActor(request);
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_actor());
}

absl::StatusOr<v1::Actor> Client::CreateActor(const v1::Actor& actor) const {
  v1::CreateActorRequest request;
  *request.mutable_actor() = actor;
  auto response = connection_->CreateActor(request);
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_actor());
}

absl::StatusOr<v1::ResolveNamesResponse> Client::ResolveNames(
    const v1::ResolveNamesRequest& request) const {
  return connection_->ResolveNames(request);
}

absl::StatusOr<v1::GetStatusResponse> Client::GetStatus() const {
  return connection_->GetStatus(v1::GetStatusRequest());
}

}  // namespace annals::client

// annals::client::Client: the record from C++.
//
//   auto connection = annals::client::MakeGrpcConnection({.server = "127.0.0.1:7070"});
//   if (!connection.ok()) return connection.status();
//   annals::client::Client client(*connection);
//   annals::v1::ListEventsRequest request;
//   request.mutable_filter()->mutable_regions()->add_regions("regions/RU-KRS");
//   for (auto& event : client.ListEvents(request)) {
//     if (!event.ok()) return event.status();
//     std::cout << event->title() << "\n";
//   }
//
// A Client is a cheap value: copies share the connection. Safe for use by several threads; the
// ranges and streams it returns are each for one thread. Errors are as clients/cpp/status.h says;
// absence is NOT_FOUND. What a request means is said in the comments of annals.v1.
//
// Calls are tried again (see retry_policy.h) where that has no further effect and the answer is the
// first one's: all reads, and the writes of which it is said below. Where one of these gives
// UNAVAILABLE all the same, or any call DEADLINE_EXCEEDED, a write may or may not have gone in.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cpp/connection.h"
#include "clients/cpp/follow_stream.h"
#include "clients/cpp/ingest_stream.h"
#include "clients/cpp/stream_range.h"
#include "clients/cpp/watch_stream.h"

namespace annals::client {

class Client {
 public:
  explicit Client(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

  // --- Events

  // One event by name, or the one that it was merged into.
  [[nodiscard]] absl::StatusOr<v1::GetEventResponse> GetEvent(
      const v1::GetEventRequest& request) const;

  // Up to 1,000 events by name, as they stood at `as_of` where it is set.
  [[nodiscard]] absl::StatusOr<v1::BatchGetEventsResponse> BatchGetEvents(
      const v1::BatchGetEventsRequest& request) const;

  // Every matching event, page after page, from `request.page_token` on. Live unless pinned by
  // `as_of`.
  [[nodiscard]] StreamRange<v1::Event> ListEvents(v1::ListEventsRequest request) const;

  // Every matching event, pinned to one position. For large results: cheaper than pages, and goes
  // on by itself where the server goes away in between.
  [[nodiscard]] StreamRange<v1::Event> ExportEvents(const v1::ExportEventsRequest& request) const;

  // Each change from a position on, as it is committed. See watch_stream.h. The stream may outlive
  // this Client, and so may that of FollowEvents.
  [[nodiscard]] std::unique_ptr<WatchStream> WatchEvents(v1::WatchEventsRequest request,
                                                         WatchOptions options = {}) const;

  // Every matching event, and then each change, with nothing lost or told twice in between. See
  // follow_stream.h.
  [[nodiscard]] std::unique_ptr<FollowStream> FollowEvents(v1::EventFilter filter,
                                                           WatchOptions options = {}) const;

  [[nodiscard]] absl::StatusOr<v1::SummarizeEventsResponse> SummarizeEvents(
      const v1::SummarizeEventsRequest& request) const;

  // Every revision of an event, newest first.
  [[nodiscard]] StreamRange<v1::EventRevision> ListEventRevisions(std::string_view name) const;

  // One page of pairs that may report the same; the next by its `next_page_token`.
  [[nodiscard]] absl::StatusOr<v1::ListDuplicateCandidatesResponse> ListDuplicateCandidates(
      const v1::ListDuplicateCandidatesRequest& request) const;

  // --- Writing

  // Tried again: given a `batch_id` of its own where it has none, so that the answer is the first.
  [[nodiscard]] absl::StatusOr<v1::BatchUpsertEventsResponse> BatchUpsertEvents(
      v1::BatchUpsertEventsRequest request) const;
  // Tried again without `etag`: a retracted event stays so. With it a second attempt would be
  // ABORTED by what the first one did.
  [[nodiscard]] absl::StatusOr<v1::RetractEventResponse> RetractEvent(
      const v1::RetractEventRequest& request) const;
  // Tried again without `etag`: a step that was added before changes nothing.
  [[nodiscard]] absl::StatusOr<v1::AdvanceExchangeOfferResponse> AdvanceExchangeOffer(
      const v1::AdvanceExchangeOfferRequest& request) const;
  // Tried again without `etags`: what is merged into the target already changes nothing.
  [[nodiscard]] absl::StatusOr<v1::MergeEventsResponse> MergeEvents(
      const v1::MergeEventsRequest& request) const;
  // Not tried again: a second attempt would be refused (NOT_MERGED).
  [[nodiscard]] absl::StatusOr<v1::UnmergeEventsResponse> UnmergeEvents(
      const v1::UnmergeEventsRequest& request) const;
  // Removes content for good. Tried again: a redacted event stays so.
  [[nodiscard]] absl::StatusOr<v1::RedactEventResponse> RedactEvent(
      const v1::RedactEventRequest& request) const;
  // See ingest_stream.h. The stream may outlive this Client.
  [[nodiscard]] std::unique_ptr<IngestStream> IngestEvents(IngestStreamOptions options) const;

  // --- The catalogue. Its writes are not tried again.

  [[nodiscard]] StreamRange<v1::Feed> ListFeeds() const;
  [[nodiscard]] absl::StatusOr<v1::Feed> GetFeed(std::string_view name) const;
  [[nodiscard]] absl::StatusOr<v1::Feed> CreateFeed(const v1::Feed& feed) const;
  [[nodiscard]] absl::StatusOr<v1::Feed> UpdateFeed(const v1::Feed& feed) const;
  // With `request.purge`: deletes everything recorded in it, for good.
  [[nodiscard]] absl::StatusOr<v1::DeleteFeedResponse> DeleteFeed(
      const v1::DeleteFeedRequest& request) const;
  // All regions, or those below `parent` where it is not empty.
  [[nodiscard]] StreamRange<v1::Region> ListRegions(std::string_view parent = {}) const;
  [[nodiscard]] absl::StatusOr<v1::Region> GetRegion(std::string_view name,
                                                     bool include_geometry = false) const;
  [[nodiscard]] StreamRange<v1::Actor> ListActors() const;
  [[nodiscard]] absl::StatusOr<v1::Actor> GetActor(std::string_view name) const;
  [[nodiscard]] absl::StatusOr<v1::Actor> CreateActor(const v1::Actor& actor) const;
  // What words may mean, best first.
  [[nodiscard]] absl::StatusOr<v1::ResolveNamesResponse> ResolveNames(
      const v1::ResolveNamesRequest& request) const;

  // --- The server

  [[nodiscard]] absl::StatusOr<v1::GetStatusResponse> GetStatus() const;

 private:
  std::shared_ptr<Connection> connection_;
};

}  // namespace annals::client

#include "service/event_service.h"

#include <utility>
#include <vector>

#include "fmt/format.h"
#include "service/duplicate_finder.h"
#include "service/explain_empty.h"
#include "service/export_reactor.h"
#include "service/read_request.h"
#include "service/summary_messages.h"
#include "storage/error.h"

namespace annals::service {
namespace {

constexpr int kBatchGetNamesMax = 1'000;

template <typename Request>
absl::StatusOr<storage::Snapshot> SnapshotFor(const Backend& backend,
                                              const storage::CallContext& context,
                                              const Request& request) {
  return TakeSnapshot(backend, context, request.has_as_of() ? &request.as_of() : nullptr,
                      request.min_position());
}

absl::StatusOr<storage::EventName> TakeEventName(const std::string& name, std::string_view field) {
  if (name.empty()) return storage::InvalidField(field, "REQUIRED", "must be given");
  auto parsed = storage::ParseEventName(name);
  if (!parsed.ok()) {
    return storage::InvalidField(field, storage::ErrorReason(parsed.status()),
                                 std::string(parsed.status().message()));
  }
  return parsed;
}

// Merges of merges beyond these are not followed. They form no circle, as events are merged into
// ACTIVE ones only, but a chain may be of any length.
constexpr int kMergesFollowedMax = 100;

// Puts what a merged event was merged into in its place, as far as the caller sees it.
absl::Status FollowMerges(storage::EventStore& events, const storage::CallContext& context,
                          storage::Position position, annals::v1::Event* event) {
  for (int hops = 0; hops < kMergesFollowedMax && !event->merged_into().empty(); ++hops) {
    const auto name = storage::ParseEventName(event->merged_into());
    if (!name.ok()) return name.status();
    auto found = events.GetEvents(context, {*name}, storage::Snapshot{position});
    if (!found.ok()) return found.status();
    if (!found->events.front()) return absl::OkStatus();
    *event = *std::move(found->events.front());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<storage::EventName>> TakeEventNames(
    const annals::v1::BatchGetEventsRequest& request) {
  if (request.names().empty() || request.names_size() > kBatchGetNamesMax) {
    return storage::InvalidField(
        "names", request.names().empty() ? "REQUIRED" : "TOO_MANY_VALUES",
        fmt::format("has {} names, 1 to {} are taken", request.names_size(), kBatchGetNamesMax));
  }
  std::vector<storage::EventName> names;
  for (int i = 0; i < request.names_size(); ++i) {
    auto name = TakeEventName(request.names(i), fmt::format("names[{}]", i));
    if (!name.ok()) return name.status();
    names.push_back(*std::move(name));
  }
  return names;
}

absl::StatusOr<storage::PageSpec> TakePageSpec(const annals::v1::ListEventsRequest& request) {
  const auto order = TakeOrder(request.order());
  if (!order.ok()) return order.status();
  const auto page_size = TakePageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();
  const absl::Status view = CheckView(request.view());
  if (!view.ok()) return view;
  return storage::PageSpec{
      .order = *order, .after = {}, .limit = *page_size, .bytes_max = kPageBytesMax};
}

}  // namespace

absl::Status EventService::Get(const Call& call, const annals::v1::GetEventRequest& request,
                               annals::v1::GetEventResponse* response) const {
  const storage::CallContext context = call.StoreContext();
  const auto name = TakeEventName(request.name(), "name");
  if (!name.ok()) return name.status();
  const auto snapshot = SnapshotFor(backend_, context, request);
  if (!snapshot.ok()) return snapshot.status();
  auto found = backend_.events->GetEvents(context, {*name}, *snapshot);
  if (!found.ok()) return found.status();
  if (!found->events.front()) {
    return storage::Error(absl::StatusCode::kNotFound, "EVENT_NOT_FOUND",
                          fmt::format("there is no {}", request.name()), "name");
  }
  annals::v1::Event event = *std::move(found->events.front());
  if (!request.keep_merged()) {
    const absl::Status followed = FollowMerges(*backend_.events, context, found->position, &event);
    if (!followed.ok()) return followed;
    if (event.name() != request.name()) response->set_merged_from(request.name());
  }
  *response->mutable_event() = std::move(event);
  response->set_position(backend_.tokens->SealPosition(found->position));
  return absl::OkStatus();
}

absl::Status EventService::BatchGet(const Call& call,
                                    const annals::v1::BatchGetEventsRequest& request,
                                    annals::v1::BatchGetEventsResponse* response) const {
  const storage::CallContext context = call.StoreContext();
  const auto names = TakeEventNames(request);
  if (!names.ok()) return names.status();
  const auto snapshot = SnapshotFor(backend_, context, request);
  if (!snapshot.ok()) return snapshot.status();
  auto found = backend_.events->GetEvents(context, *names, *snapshot);
  if (!found.ok()) return found.status();
  for (std::size_t i = 0; i < names->size(); ++i) {
    if (found->events[i]) {
      *response->add_events() = *std::move(found->events[i]);
    } else {
      response->add_missing_names((*names)[i].ToString());
    }
  }
  response->set_position(backend_.tokens->SealPosition(found->position));
  return absl::OkStatus();
}

absl::Status EventService::List(const Call& call, const annals::v1::ListEventsRequest& request,
                                annals::v1::ListEventsResponse* response) const {
  const storage::CallContext context = call.StoreContext();
  auto spec = TakePageSpec(request);
  if (!spec.ok()) return spec.status();
  auto token = TakePageToken(backend_, call, request, PageKind::kListEvents);
  if (!token.ok()) return token.status();
  spec->after = token->cursor;
  const auto snapshot = SnapshotFor(backend_, context, request);
  if (!snapshot.ok()) return snapshot.status();
  const auto query = TakeFilter(backend_, context, request.filter());
  if (!query.ok()) return query.status();
  auto page = backend_.events->ListEvents(context, *query, *spec, *snapshot);
  if (!page.ok()) return page.status();
  TakeEvents(*query, request.view(), &*page, response->mutable_events());
  token->cursor = page->next;
  if (page->next) response->set_next_page_token(backend_.tokens->SealPage(*token));
  response->set_position(backend_.tokens->SealPosition(page->position));
  if (page->events.empty() && request.page_token().empty()) {
    ExplainEmpty(backend_, context, {request.filter(), page->position, request.has_as_of()},
                 response->mutable_empty_reasons());
  }
  return absl::OkStatus();
}

absl::Status EventService::Summarize(const Call& call,
                                     const annals::v1::SummarizeEventsRequest& request,
                                     annals::v1::SummarizeEventsResponse* response) const {
  const storage::CallContext context = call.StoreContext();
  const auto dimensions = TakeDimensions(request);
  if (!dimensions.ok()) return dimensions.status();
  const auto snapshot = SnapshotFor(backend_, context, request);
  if (!snapshot.ok()) return snapshot.status();
  const auto query = TakeFilter(backend_, context, request.filter());
  if (!query.ok()) return query.status();
  const auto summary = backend_.events->SummarizeEvents(context, *query, *dimensions, *snapshot);
  if (!summary.ok()) return summary.status();
  FillSummary(*summary, response);
  response->set_position(backend_.tokens->SealPosition(summary->position));
  if (summary->totals.event_count == 0) {
    ExplainEmpty(backend_, context, {request.filter(), summary->position, request.has_as_of()},
                 response->mutable_empty_reasons());
  }
  return absl::OkStatus();
}

absl::Status EventService::ListRevisions(const Call& call,
                                         const annals::v1::ListEventRevisionsRequest& request,
                                         annals::v1::ListEventRevisionsResponse* response) const {
  const auto name = TakeEventName(request.name(), "name");
  if (!name.ok()) return name.status();
  const auto page_size = TakePageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();
  auto token = TakePageToken(backend_, call, request, PageKind::kListRevisions);
  if (!token.ok()) return token.status();
  std::optional<std::int64_t> from;
  if (token->cursor) from = token->cursor->key;
  auto page = backend_.events->ListRevisions(call.StoreContext(), *name, from, *page_size);
  if (!page.ok()) return page.status();
  if (!call.principal().MayEdit(name->feed)) {
    for (auto& revision : page->revisions) revision.audit.Clear();
  }
  const auto next = FillRevisions(*page, *backend_.tokens, response);
  if (next) {
    token->cursor = storage::Cursor{.key = *next};
    response->set_next_page_token(backend_.tokens->SealPage(*token));
  }
  response->set_position(backend_.tokens->SealPosition(page->position));
  return absl::OkStatus();
}

absl::Status EventService::ListDuplicates(
    const Call& call, const annals::v1::ListDuplicateCandidatesRequest& request,
    annals::v1::ListDuplicateCandidatesResponse* response) const {
  const auto page_size = TakePageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();
  const auto limits = TakeDuplicateLimits(request);
  if (!limits.ok()) return limits.status();
  auto token = TakePageToken(backend_, call, request, PageKind::kListDuplicates);
  if (!token.ok()) return token.status();
  const storage::CallContext context = call.StoreContext();
  const auto snapshot = TakeSnapshot(backend_, context, nullptr, request.min_position());
  if (!snapshot.ok()) return snapshot.status();
  auto query = TakeFilter(backend_, context, request.filter());
  if (!query.ok()) return query.status();
  query->include_retracted = false;
  DuplicateFinder finder(backend_, call, *query, *limits);
  const auto end = finder.FillPage(token->cursor, *page_size, response);
  if (!end.ok()) return end.status();
  token->cursor = *end;
  if (*end) response->set_next_page_token(backend_.tokens->SealPage(*token));
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* EventService::GetEvent(grpc::CallbackServerContext* context,
                                                 const grpc::ByteBuffer* request,
                                                 grpc::ByteBuffer* response) {
  return RunUnary(backend_, "annals.v1.EventService/GetEvent", context, request, response, this,
                  &EventService::Get);
}

grpc::ServerUnaryReactor* EventService::BatchGetEvents(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request,
                                                       grpc::ByteBuffer* response) {
  return RunUnary(backend_, "annals.v1.EventService/BatchGetEvents", context, request, response,
                  this, &EventService::BatchGet);
}

grpc::ServerUnaryReactor* EventService::ListEvents(grpc::CallbackServerContext* context,
                                                   const grpc::ByteBuffer* request,
                                                   grpc::ByteBuffer* response) {
  return RunUnary(backend_, "annals.v1.EventService/ListEvents", context, request, response, this,
                  &EventService::List);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* EventService::ExportEvents(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  return StartExport(backend_, context, *request);
}

grpc::ServerUnaryReactor* EventService::SummarizeEvents(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request,
                                                        grpc::ByteBuffer* response) {
  return RunUnary(backend_, "annals.v1.EventService/SummarizeEvents", context, request, response,
                  this, &EventService::Summarize);
}

grpc::ServerUnaryReactor* EventService::ListEventRevisions(grpc::CallbackServerContext* context,
                                                           const grpc::ByteBuffer* request,
                                                           grpc::ByteBuffer* response) {
  return RunUnary(backend_, "annals.v1.EventService/ListEventRevisions", context, request, response,
                  this, &EventService::ListRevisions);
}

grpc::ServerUnaryReactor* EventService::ListDuplicateCandidates(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
    grpc::ByteBuffer* response) {
  return RunUnary(backend_, "annals.v1.EventService/ListDuplicateCandidates", context, request,
                  response, this, &EventService::ListDuplicates);
}

}  // namespace annals::service

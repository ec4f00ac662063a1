// What reading calls share: which state of the record they read, page sizes and tokens, views,
// compiled filters.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "annals/v1/event_filter.pb.h"
#include "annals/v1/event_service.pb.h"
#include "annals/v1/values.pb.h"
#include "service/backend.h"
#include "service/call.h"

namespace annals::service {

inline constexpr int kPageSizeDefault = 100;
inline constexpr int kPageSizeMax = 1'000;
inline constexpr std::int64_t kPageBytesMax = 3 << 20;

// `page_size` as it is taken: 100 for 0, 1,000 at most. INVALID_ARGUMENT (PAGE_SIZE_NEGATIVE).
[[nodiscard]] absl::StatusOr<int> TakePageSize(int page_size);

// What the record is current through now.
[[nodiscard]] absl::StatusOr<storage::Position> CurrentPosition(
    const Backend& backend, const storage::CallContext& context);

// The snapshot that `as_of` (null: the newest) asks for, once the record has come as far as
// `min_position` (empty: wherever it is). INVALID_ARGUMENT (REQUIRED, TIME_RANGE, AS_OF_IN_FUTURE,
// BAD_POSITION), FAILED_PRECONDITION (OTHER_STORE), UNAVAILABLE (NOT_YET).
[[nodiscard]] absl::StatusOr<storage::Snapshot> TakeSnapshot(const Backend& backend,
                                                             const storage::CallContext& context,
                                                             const annals::v1::AsOf* as_of,
                                                             std::string_view min_position);

// The question that a request's field `filter` asks.
[[nodiscard]] absl::StatusOr<storage::EventQuery> TakeFilter(const Backend& backend,
                                                             const storage::CallContext& context,
                                                             const annals::v1::EventFilter& filter);

// INVALID_ARGUMENT (UNKNOWN_VALUE) for orders and views that there are not.
[[nodiscard]] absl::StatusOr<storage::EventOrder> TakeOrder(annals::v1::EventOrder order);
[[nodiscard]] absl::Status CheckView(annals::v1::EventView view);

// Clears what the view leaves out.
void ApplyView(annals::v1::EventView view, annals::v1::Event* event);

// Moves the page's events into an answer: without what the view leaves out, and with how strongly
// each matches where the question asks for a time or a place.
void TakeEvents(const storage::EventQuery& query, annals::v1::EventView view,
                storage::EventPage* page,
                google::protobuf::RepeatedPtrField<annals::v1::Event>* events);

// The request's page token, or that of a first page where it is empty.
template <typename Request>
absl::StatusOr<PageToken> TakePageToken(const Backend& backend, const Call& call,
                                        const Request& request, PageKind kind) {
  const RequestHash hash =
      HashRequest(call.principal().id, request, {"page_size", "page_token", "min_position"});
  if (request.page_token().empty()) return PageToken{.kind = kind, .request = hash};
  return backend.tokens->OpenPage(request.page_token(), "page_token", kind, hash);
}

}  // namespace annals::service

#include "service/read_request.h"

#include <algorithm>

#include "fmt/format.h"
#include "service/grpc_status.h"
#include "service/validate/field_checker.h"
#include "service/validate/filter_compiler.h"
#include "storage/error.h"

namespace annals::service {
namespace {

// The store's clock, which stamps changes, may run ahead of ours by less than this.
constexpr absl::Duration kClockSkewMax = absl::Hours(24);

constexpr absl::Duration kNotYetDelay = absl::Milliseconds(100);

absl::StatusOr<storage::Snapshot> AsOfTime(const Backend& backend,
                                           const storage::CallContext& context,
                                           const google::protobuf::Timestamp& timestamp) {
  FieldChecker check;
  check.Time("as_of.time", timestamp);
  if (!check.ok()) return check.status();
  const absl::Time time =
      absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
  if (time > absl::Now()) {
    return storage::InvalidField("as_of.time", "AS_OF_IN_FUTURE", "lies in the future");
  }
  const auto position = backend.events->PositionAt(context, time);
  if (!position.ok()) return position.status();
  return storage::Snapshot{*position};
}

absl::Status CheckReached(const Backend& backend, const storage::CallContext& context,
                          std::string_view min_position) {
  const auto wanted = backend.tokens->OpenPosition(min_position, "min_position");
  if (!wanted.ok()) return wanted.status();
  const auto reached = CurrentPosition(backend, context);
  if (!reached.ok()) return reached.status();
  if (*reached >= *wanted) return absl::OkStatus();
  return WithRetryDelay(storage::Error(absl::StatusCode::kUnavailable, "NOT_YET",
                                       "the record is behind min_position", "min_position"),
                        kNotYetDelay);
}

}  // namespace

absl::StatusOr<int> TakePageSize(int page_size) {
  if (page_size < 0) {
    return storage::InvalidField("page_size", "PAGE_SIZE_NEGATIVE",
                                 fmt::format("{} is negative", page_size));
  }
  return page_size == 0 ? kPageSizeDefault : std::min(page_size, kPageSizeMax);
}

absl::StatusOr<storage::Position> CurrentPosition(const Backend& backend,
                                                  const storage::CallContext& context) {
  return backend.events->PositionAt(context, absl::Now() + kClockSkewMax);
}

absl::StatusOr<storage::Snapshot> TakeSnapshot(const Backend& backend,
                                               const storage::CallContext& context,
                                               const annals::v1::AsOf* as_of,
                                               std::string_view min_position) {
  if (!min_position.empty()) {
    const absl::Status reached = CheckReached(backend, context, min_position);
    if (!reached.ok()) return reached;
  }
  if (as_of == nullptr) return storage::Snapshot{};
  if (as_of->has_time()) return AsOfTime(backend, context, as_of->time());
  if (!as_of->has_position()) {
    return storage::InvalidField("as_of", "REQUIRED", "needs a time or a position");
  }
  const auto position = backend.tokens->OpenPosition(as_of->position(), "as_of.position");
  if (!position.ok()) return position.status();
  return storage::Snapshot{*position};
}

absl::StatusOr<storage::EventQuery> TakeFilter(const Backend& backend,
                                               const storage::CallContext& context,
                                               const annals::v1::EventFilter& filter) {
  const auto catalog = backend.catalog_cache->Get(context);
  if (!catalog.ok()) return catalog.status();
  auto query = FilterCompiler(*backend.gazetteer, {**catalog, context.visibility}).Compile(filter);
  if (!query.ok()) return storage::PrefixField(query.status(), "filter");
  return query;
}

absl::StatusOr<storage::EventOrder> TakeOrder(annals::v1::EventOrder order) {
  switch (order) {
    case annals::v1::EVENT_ORDER_UNSPECIFIED:
    case annals::v1::EVENT_ORDER_OCCURRED_NEWEST_FIRST:
      return storage::EventOrder::kOccurredNewestFirst;
    case annals::v1::EVENT_ORDER_OCCURRED_OLDEST_FIRST:
      return storage::EventOrder::kOccurredOldestFirst;
    case annals::v1::EVENT_ORDER_RECORDED_NEWEST_FIRST:
      return storage::EventOrder::kRecordedNewestFirst;
    default:
      return storage::InvalidField("order", "UNKNOWN_VALUE",
                                   fmt::format("{} is no EventOrder", int{order}));
  }
}

absl::Status CheckView(annals::v1::EventView view) {
  FieldChecker check;
  check.Value("view", view, false);
  return check.status();
}

void ApplyView(annals::v1::EventView view, annals::v1::Event* event) {
  if (view != annals::v1::EVENT_VIEW_BASIC) return;
  event->clear_description();
  event->clear_claims();
  event->clear_links();
  event->clear_codes();
  event->clear_details();
}

void TakeEvents(const storage::EventQuery& query, annals::v1::EventView view,
                storage::EventPage* page,
                google::protobuf::RepeatedPtrField<annals::v1::Event>* events) {
  const bool may_be_uncertain = !query.occurred.unbounded() || query.area || query.regions;
  for (std::size_t i = 0; i < page->events.size(); ++i) {
    annals::v1::Event& event = page->events[i];
    ApplyView(view, &event);
    if (may_be_uncertain) event.set_match(static_cast<annals::v1::MatchMode>(page->strengths[i]));
    *events->Add() = std::move(event);
  }
}

}  // namespace annals::service

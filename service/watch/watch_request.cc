#include "service/watch/watch_request.h"

#include <utility>

#include "fmt/format.h"
#include "service/read_request.h"
#include "service/watch/watch_messages.h"
#include "storage/error.h"

namespace annals::service {
namespace {

using annals::v1::WatchEventsRequest;

absl::StatusOr<storage::ChangeCursor> TakeOrigin(const Backend& backend,
                                                 const storage::CallContext& context,
                                                 annals::v1::WatchOrigin origin) {
  switch (origin) {
    case annals::v1::WATCH_ORIGIN_UNSPECIFIED:
    case annals::v1::WATCH_ORIGIN_NOW: {
      const auto newest = CurrentPosition(backend, context);
      if (!newest.ok()) return newest.status();
      return storage::ChangeCursor{*newest};
    }
    case annals::v1::WATCH_ORIGIN_BEGINNING:
      return storage::ChangeCursor{};
    default:
      return storage::InvalidField("origin", "UNKNOWN_VALUE",
                                   fmt::format("{} is no WatchOrigin", int{origin}));
  }
}

// A position that a watch was told knows what that was about, purged feeds among it. Any other is
// compared with the purges since.
absl::Status CheckHistory(const Backend& backend, const storage::CallContext& context,
                          const WatchPosition& start, const WatchFilter& filter) {
  if (start.scope) {
    const bool same = filter.ScopeUntil(start.scope->feeds_until) == *start.scope;
    return same ? absl::OkStatus() : ScopeChanged();
  }
  const auto purge = backend.changes->LastPurge(context, filter.query().feeds);
  if (!purge.ok()) return purge.status();
  if (*purge <= start.cursor.position) return absl::OkStatus();
  return storage::Error(absl::StatusCode::kOutOfRange, "HISTORY_PURGED",
                        "a feed was deleted with its events since; list anew and watch from there",
                        "position");
}

absl::StatusOr<storage::ChangeCursor> TakePosition(const Backend& backend,
                                                   const storage::CallContext& context,
                                                   const std::string& position,
                                                   const WatchFilter& filter) {
  const auto start = backend.tokens->OpenWatchPosition(position, "position");
  if (!start.ok()) return start.status();
  const auto newest = CurrentPosition(backend, context);
  if (!newest.ok()) return newest.status();
  if (start->cursor.position > *newest) {
    return storage::Error(absl::StatusCode::kOutOfRange, "POSITION_AHEAD",
                          "the record has not come to this position", "position");
  }
  const absl::Status checked = CheckHistory(backend, context, *start, filter);
  if (!checked.ok()) return checked;
  return start->cursor;
}

}  // namespace

absl::StatusOr<WatchStart> TakeWatchStart(const Backend& backend, const Call& call,
                                          const WatchEventsRequest& request) {
  const storage::CallContext context = call.StoreContext();
  const absl::Status view = CheckView(request.view());
  if (!view.ok()) return view;
  auto catalog = backend.catalog_cache->Get(context);
  if (!catalog.ok()) return catalog.status();
  auto filter = WatchFilter::Compile(*backend.gazetteer, *std::move(catalog), call.principal(),
                                     request.filter());
  if (!filter.ok()) return filter.status();
  const auto cursor = request.has_position()
                          ? TakePosition(backend, context, request.position(), **filter)
                          : TakeOrigin(backend, context, request.origin());
  if (!cursor.ok()) return cursor.status();
  return WatchStart{*cursor, *std::move(filter)};
}

}  // namespace annals::service

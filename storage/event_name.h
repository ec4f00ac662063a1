// Names of things, and the numbers derived from them. A number derived here is stored: it never
// changes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace annals::storage {

// `feeds/{feed}/events/{event}`, taken apart.
struct EventName {
  std::string feed;   // feed id, [a-z0-9][a-z0-9-]{0,62}
  std::string event;  // event id, [A-Za-z0-9._~-]{1,128}
  bool operator==(const EventName&) const = default;

  [[nodiscard]] std::string ToString() const;
  // The event's number in every store: the first 63 bits of SHA-256 of its name. It identifies
  // rows, and breaks ties in every order, so that the same record has the same order on every
  // server.
  [[nodiscard]] std::int64_t Id() const;
};

// INVALID_ARGUMENT, reason BAD_NAME, where `name` is no event's name. The error has no field: the
// caller knows where the name stood.
[[nodiscard]] absl::StatusOr<EventName> ParseEventName(std::string_view name);

// NOT_FOUND: EVENT_NOT_FOUND, and FEED_NOT_FOUND for a feed's id.
[[nodiscard]] absl::Status EventNotFoundError(const EventName& name);
[[nodiscard]] absl::Status FeedNotFoundError(std::string_view feed);

// The id in `feeds/{id}` or `actors/{id}`; `collection` is "feeds" or "actors". BAD_NAME otherwise.
[[nodiscard]] absl::StatusOr<std::string> ParseCatalogName(std::string_view collection,
                                                           std::string_view name);

// The code in `regions/{code}`: [A-Za-z0-9][A-Za-z0-9-]{0,62}. BAD_NAME otherwise.
[[nodiscard]] absl::StatusOr<std::string> ParseRegionName(std::string_view name);

// The number by which participants are found: of a catalogued actor (`actor_id` as in
// actors/{actor_id}) ...
[[nodiscard]] std::int64_t ActorKey(std::string_view actor_id);
// ... and of a label, folded by FoldName (storage/name_fold.h) so that spelling in case and accents
// is one.
[[nodiscard]] std::int64_t LabelKey(std::string_view label);

// The number by which a region is found where it stands beside keys of cells (never negative).
[[nodiscard]] std::int64_t RegionKey(std::string_view code);
// The number of a URL that NormalizeUrl (storage/source_url.h) made comparable.
[[nodiscard]] std::int64_t UrlKey(std::string_view normal_url);

}  // namespace annals::storage

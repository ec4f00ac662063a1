#include "storage/event_name.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "fmt/format.h"
#include "openssl/sha.h"
#include "storage/error.h"
#include "storage/name_fold.h"

namespace annals::storage {
namespace {

constexpr std::size_t kEventIdMax = 128;
constexpr std::size_t kCatalogIdMax = 63;

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsEventId(std::string_view id) {
  return !id.empty() && id.size() <= kEventIdMax && std::ranges::all_of(id, [](char c) {
    return IsLower(c) || IsUpper(c) || IsDigit(c) || c == '.' || c == '_' || c == '~' || c == '-';
  });
}

bool IsCatalogId(std::string_view id) {
  return !id.empty() && id.size() <= kCatalogIdMax && id.front() != '-' &&
         std::ranges::all_of(id, [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; });
}

bool IsRegionCode(std::string_view code) {
  return !code.empty() && code.size() <= kCatalogIdMax && code.front() != '-' &&
         std::ranges::all_of(
             code, [](char c) { return IsLower(c) || IsUpper(c) || IsDigit(c) || c == '-'; });
}

absl::Status BadName(std::string_view name, std::string_view shape) {
  return Error(absl::StatusCode::kInvalidArgument, "BAD_NAME",
               fmt::format("\"{}\" does not have the form {}", name.substr(0, 200), shape));
}

// Takes `prefix` off the front of `text`; false where it is not there.
bool Consume(std::string_view prefix, std::string_view* text) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

// The first 63 bits of SHA-256, so that the number is positive in SQL.
std::int64_t Hash63(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | digest[static_cast<std::size_t>(i)];
  return static_cast<std::int64_t>(number >> 1);
}

}  // namespace

std::string EventName::ToString() const { return fmt::format("feeds/{}/events/{}", feed, event); }

std::int64_t EventName::Id() const { return Hash63(ToString()); }

absl::StatusOr<EventName> ParseEventName(std::string_view name) {
  constexpr std::string_view kShape = "feeds/{feed}/events/{event}";
  constexpr std::string_view kMiddle = "/events/";
  std::string_view rest = name;
  if (!Consume("feeds/", &rest)) return BadName(name, kShape);
  const auto middle = rest.find(kMiddle);
  if (middle == std::string_view::npos) return BadName(name, kShape);
  const std::string_view feed = rest.substr(0, middle);
  const std::string_view event = rest.substr(middle + kMiddle.size());
  if (!IsCatalogId(feed)) {
    return BadName(name, fmt::format("{} with a feed id of [a-z0-9][a-z0-9-]{{0,62}}", kShape));
  }
  if (!IsEventId(event)) {
    return BadName(name, fmt::format("{} with an event id of [A-Za-z0-9._~-]{{1,128}}", kShape));
  }
  return EventName{std::string(feed), std::string(event)};
}

absl::Status EventNotFoundError(const EventName& name) {
  return Error(absl::StatusCode::kNotFound, "EVENT_NOT_FOUND",
               fmt::format("there is no event {}", name.ToString()));
}

absl::Status FeedNotFoundError(std::string_view feed) {
  return Error(absl::StatusCode::kNotFound, "FEED_NOT_FOUND",
               fmt::format("there is no feed feeds/{}", feed));
}

absl::StatusOr<std::string> ParseCatalogName(std::string_view collection, std::string_view name) {
  std::string_view rest = name;
  if (!Consume(collection, &rest) || !Consume("/", &rest) || !IsCatalogId(rest)) {
    return BadName(name,
                   fmt::format("{}/{{id}} with an id of [a-z0-9][a-z0-9-]{{0,62}}", collection));
  }
  return std::string(rest);
}

absl::StatusOr<std::string> ParseRegionName(std::string_view name) {
  std::string_view rest = name;
  if (!Consume("regions/", &rest) || !IsRegionCode(rest)) {
    return BadName(name, "regions/{code}, such as regions/RU-KRS");
  }
  return std::string(rest);
}

std::int64_t ActorKey(std::string_view actor_id) {
  return Hash63(fmt::format("actors/{}", actor_id));
}

std::int64_t LabelKey(std::string_view label) {
  return Hash63(fmt::format("label:{}", FoldName(label)));
}

std::int64_t RegionKey(std::string_view code) { return Hash63(fmt::format("regions/{}", code)); }

std::int64_t UrlKey(std::string_view normal_url) {
  return Hash63(fmt::format("url:{}", normal_url));
}

}  // namespace annals::storage

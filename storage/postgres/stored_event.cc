#include "storage/postgres/stored_event.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "storage/offer_path.h"
#include "storage/postgres/event_record.h"
#include "storage/postgres/sql_value.h"

namespace annals::storage {
std::optional<std::int64_t> OptionalNumber(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional(field.as<std::int64_t>());
}

absl::Status StoredEvent::ReadAddedSteps(std::vector<annals::v1::OfferStep>* steps) const {
  if (offer.empty()) return absl::OkStatus();
  annals::v1::Event event;
  if (auto parsed = ParseRecord(offer, &event); !parsed.ok()) return parsed;
  *steps = AddedSteps(event);
  return absl::OkStatus();
}

std::unordered_map<std::int64_t, StoredEvent> ReadCurrent(Transaction& transaction,
                                                          const std::vector<std::int64_t>& ids) {
  std::unordered_map<std::int64_t, StoredEvent> stored;
  static const std::string kSql =
      fmt::format("SELECT e.id, f.feed, e.event, e.content_hash, e.source_version, e.revision, {},"
                  " e.state, CASE WHEN e.kind = {} THEN e.record END"
                  " FROM event e JOIN feed f ON f.id = e.feed_id WHERE e.id = ANY ($1::bigint[])",
                  MicrosOf("e.create_time"), int{annals::v1::EVENT_KIND_EXCHANGE_OFFER});
  const auto rows = transaction.RunPrepared(kSql, {ArrayText(ids)});
  for (const auto& row : rows) {
    StoredEvent& event = stored[row[0].as<std::int64_t>()];
    event.name = {row[1].c_str(), row[2].c_str()};
    event.current = {ReadHash(row[3].c_str()), OptionalNumber(row[4]), row[5].as<std::int64_t>(),
                     row[6].as<Micros>(), static_cast<annals::v1::EventState>(row[7].as<int>())};
    event.offer = row[8].c_str();
  }
  return stored;
}

absl::StatusOr<std::vector<StagedEvent>> ReadRecords(Transaction& transaction,
                                                     std::span<const std::int64_t> ids) {
  std::vector<StagedEvent> events;
  const auto rows = transaction.Run(
      "SELECT record, feed_id, source_version, content_hash FROM event WHERE id = ANY "
      "($1::bigint[])",
      {ArrayText(ids)});
  for (const auto& row : rows) {
    StagedEvent& staged = events.emplace_back();
    if (auto parsed = ParseRecord(row[0].c_str(), &staged.event); !parsed.ok()) return parsed;
    staged.feed_id = row[1].as<std::int32_t>();
    staged.source_version = OptionalNumber(row[2]);
    staged.content_hash = ReadHash(row[3].c_str());
  }
  return events;
}

absl::StatusOr<StagedEvent> ReadRecord(Transaction& transaction, const SeenFeeds& feeds,
                                       const EventName& name) {
  if (feeds.Find(name.feed) == nullptr) return EventNotFoundError(name);
  const std::array<std::int64_t, 1> id = {name.Id()};
  auto found = ReadRecords(transaction, id);
  if (!found.ok()) return found.status();
  if (found->empty() || found->front().event.name() != name.ToString()) {
    return EventNotFoundError(name);
  }
  return std::move(found->front());
}

}  // namespace annals::storage

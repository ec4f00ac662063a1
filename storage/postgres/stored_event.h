// What is stored of events now, as writes need it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/event_name.h"
#include "storage/postgres/feed_directory.h"
#include "storage/postgres/staging.h"
#include "storage/postgres/transaction.h"
#include "storage/upsert_decision.h"

namespace annals::storage {

struct StoredEvent {
  EventName name;
  CurrentEvent current;
  std::string offer;  // its record, as PostgreSQL answers it, where it is an exchange offer

  // The steps that were added to it (storage/offer_path.h). RECORD_DAMAGED.
  [[nodiscard]] absl::Status ReadAddedSteps(std::vector<annals::v1::OfferStep>* steps) const;
};

// By EventName::Id(); those that do not exist are left out.
[[nodiscard]] std::unordered_map<std::int64_t, StoredEvent> ReadCurrent(
    Transaction& transaction, const std::vector<std::int64_t>& ids);

[[nodiscard]] std::optional<std::int64_t> OptionalNumber(const pqxx::field& field);

// The current rows of events as they would be stored again. Fewer than asked where some do not
// exist. RECORD_DAMAGED.
[[nodiscard]] absl::StatusOr<std::vector<StagedEvent>> ReadRecords(
    Transaction& transaction, std::span<const std::int64_t> ids);

// That of one event, which the caller sees: EVENT_NOT_FOUND otherwise.
[[nodiscard]] absl::StatusOr<StagedEvent> ReadRecord(Transaction& transaction,
                                                     const SeenFeeds& feeds, const EventName& name);

}  // namespace annals::storage

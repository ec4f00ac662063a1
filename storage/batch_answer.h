// What a store remembers of a batch that its sender gave a name (UpsertOptions::batch_id).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/event_columns.h"
#include "storage/event_store.h"

namespace annals::storage {

// What of a row tells its batch from another of the same name; whether it was refused does not.
struct SentRow {
  std::string_view name;  // of the event
  ContentHash content{};
  std::optional<std::int64_t> source_version;
  bool reinstate = false;
};
using BatchHash = std::array<std::uint8_t, 32>;
[[nodiscard]] BatchHash HashBatch(std::span<const SentRow> rows);

// Whether the answer is kept: not where a batch was refused as a whole, which may go in later.
[[nodiscard]] bool IsRemembered(const UpsertOptions& options, const UpsertReceipt& receipt);

// INVALID_ARGUMENT (BATCH_ID_REUSED).
[[nodiscard]] absl::Status BatchIdReusedError(std::string_view batch_id);

// A receipt as bytes (annals.internal.BatchAnswer), and back. INTERNAL (RECORD_DAMAGED).
[[nodiscard]] std::string WriteReceipt(const UpsertReceipt& receipt);
[[nodiscard]] absl::StatusOr<UpsertReceipt> ReadReceipt(std::string_view bytes);

}  // namespace annals::storage

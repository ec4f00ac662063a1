// What a store remembers of a batch that its sender gave a name (UpsertOptions::batch_id).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/event_columns.h"
#include "storage/event_store.h"

namespace annals::storage {

// Of what was sent, by which another batch of the same name is told: names, contents (`contents`,
// one a row), source versions and whether to reinstate; not whether a row was refused.
using BatchHash = std::array<std::uint8_t, 32>;
[[nodiscard]] BatchHash HashBatch(std::span<const UpsertRow> rows,
                                  std::span<const ContentHash> contents);

// Whether the answer is kept: not where a batch was refused as a whole, which may go in later.
[[nodiscard]] bool IsRemembered(const UpsertOptions& options, const UpsertReceipt& receipt);

// INVALID_ARGUMENT (BATCH_ID_REUSED).
[[nodiscard]] absl::Status BatchIdReusedError(std::string_view batch_id);

// A receipt as bytes (annals.internal.BatchAnswer), and back. INTERNAL (RECORD_DAMAGED).
[[nodiscard]] std::string WriteReceipt(const UpsertReceipt& receipt);
[[nodiscard]] absl::StatusOr<UpsertReceipt> ReadReceipt(std::string_view bytes);

}  // namespace annals::storage

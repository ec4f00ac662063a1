// Records as they are read back.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "annals/v1/events.pb.h"
#include "storage/event_columns.h"
#include "storage/event_name.h"

namespace annals::storage {

// Parses a record as PostgreSQL answers a bytea. INTERNAL (RECORD_DAMAGED) where it cannot be read.
[[nodiscard]] absl::Status ParseRecord(std::string_view text, annals::v1::Event* event);

// A content hash as PostgreSQL answers a bytea.
[[nodiscard]] ContentHash ReadHash(std::string_view text);

[[nodiscard]] absl::Status NameHashTakenError(const EventName& name);  // NAME_HASH_TAKEN

}  // namespace annals::storage

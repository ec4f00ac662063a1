#include "storage/postgres/event_record.h"

#include <algorithm>

#include "fmt/format.h"
#include "storage/error.h"
#include "storage/postgres/sql_value.h"

namespace annals::storage {

absl::Status ParseRecord(std::string_view text, annals::v1::Event* event) {
  if (event->ParseFromString(DecodeBytea(text)) && !event->name().empty()) return absl::OkStatus();
  return Error(absl::StatusCode::kInternal, "RECORD_DAMAGED", "a stored record cannot be read");
}

ContentHash ReadHash(std::string_view text) {
  ContentHash hash{};
  const std::string bytes = DecodeBytea(text);
  std::copy_n(bytes.begin(), std::min(bytes.size(), hash.size()), hash.begin());
  return hash;
}

absl::Status NameHashTakenError(const EventName& name) {
  return Error(absl::StatusCode::kFailedPrecondition, "NAME_HASH_TAKEN",
               fmt::format("{} has the same number as another event's name: choose another id",
                           name.ToString()));
}

}  // namespace annals::storage

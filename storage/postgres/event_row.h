// The one place where a record becomes a row of event, of event_revision or of staged_event.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "annals/v1/events.pb.h"
#include "storage/event_columns.h"
#include "storage/position.h"
#include "storage/postgres/binary_copy.h"

namespace annals::storage {

// A revision to be stored: complete, as it will be answered.
struct StagedEvent {
  annals::v1::Event event;
  std::int32_t feed_id = 0;
  std::optional<std::int64_t> source_version;
  ContentHash content_hash{};
};

// "record, content_hash, …": the columns that WriteEventRow fills; with a prefix such as "e."
// before each.
[[nodiscard]] std::string EventColumnList(std::string_view prefix = {});
// "column = row.column, …" of all but those left out.
[[nodiscard]] std::string EventAssignments(std::string_view row,
                                           const std::set<std::string_view>& left_out);

// `columns` are those of the event. REQUIRES: `copy` is into EventColumnList().
void WriteEventRow(const StagedEvent& staged, const EventColumns& columns, Position position,
                   BinaryCopy* copy);

// Whether the window has access paths of its own (kShortWindowMax).
[[nodiscard]] bool IsLong(const EventColumns& columns);

}  // namespace annals::storage

#include "storage/postgres/event_row.h"

#include <array>
#include <vector>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "storage/geo/cell.h"
#include "storage/postgres/sql_value.h"

namespace annals::storage {
namespace {

// In the order of WriteEventRow.
constexpr std::array<std::string_view, 40> kColumns = {"record",
                                                       "content_hash",
                                                       "id",
                                                       "revision",
                                                       "position",
                                                       "create_time",
                                                       "update_time",
                                                       "occurred_start",
                                                       "occurred_end",
                                                       "reported_time",
                                                       "source_version",
                                                       "lon",
                                                       "lat",
                                                       "persons_low",
                                                       "persons_best",
                                                       "persons_high",
                                                       "fatalities_low",
                                                       "fatalities_best",
                                                       "fatalities_high",
                                                       "feed_id",
                                                       "cell_8",
                                                       "cell_12",
                                                       "kind",
                                                       "state",
                                                       "is_long",
                                                       "event",
                                                       "region",
                                                       "point_region",
                                                       "actor_keys",
                                                       "actor_roles",
                                                       "verification",
                                                       "radius_m",
                                                       "place_uncertainty_m",
                                                       "area_region",
                                                       "reach_keys",
                                                       "reach_regions",
                                                       "beyond_regions",
                                                       "circle",
                                                       "source_keys",
                                                       "words"};

void WriteCounts(const CountColumns& counts, BinaryCopy* copy) {
  copy->Int64(counts.low);
  copy->Int64(counts.best);
  copy->Int64(counts.high);
}

void WriteCells(const std::optional<LonLat>& point, BinaryCopy* copy) {
  for (const int level : {kCoarseCellLevel, kFineCellLevel}) {
    if (point) {
      copy->Int32(static_cast<std::int32_t>(CellOf(*point, level)));
    } else {
      copy->Null();
    }
  }
}

void WriteParticipants(const std::vector<ParticipantColumns>& participants, BinaryCopy* copy) {
  std::vector<std::int64_t> keys;
  std::vector<int> roles;
  for (const ParticipantColumns& participant : participants) {
    keys.push_back(participant.key);
    roles.push_back(participant.role);
  }
  copy->Int64Array(keys);
  copy->Int16Array(roles);
}

void WriteCircle(const CircleColumns* circle, BinaryCopy* copy) {
  if (circle == nullptr) {
    for (int i = 0; i < 4; ++i) copy->Null();
    return;
  }
  copy->Int64Array(circle->keys);
  copy->TextArray(circle->regions);
  copy->Bool(circle->beyond_regions);
  copy->Bytes(PolygonEwkb(circle->circle.polygon));
}

}  // namespace

std::string EventColumnList(std::string_view prefix) {
  std::string list;
  for (const std::string_view column : kColumns) {
    list += fmt::format("{}{}{}", list.empty() ? "" : ", ", prefix, column);
  }
  return list;
}

std::string EventAssignments(std::string_view row, const std::set<std::string_view>& left_out) {
  std::vector<std::string> assignments;
  for (const std::string_view column : kColumns) {
    if (left_out.contains(column)) continue;
    assignments.push_back(fmt::format("{0} = {1}.{0}", column, row));
  }
  return fmt::format("{}", fmt::join(assignments, ", "));
}

bool IsLong(const EventColumns& columns) {
  return columns.occurred.end - columns.occurred.start > kShortWindowMax;
}

void WriteEventRow(const StagedEvent& staged, const EventColumns& columns, Position position,
                   BinaryCopy* copy) {
  const annals::v1::Event& event = staged.event;
  copy->BeginRow(static_cast<std::int16_t>(kColumns.size()));
  copy->Bytes(event.SerializeAsString());
  copy->Bytes(
      {reinterpret_cast<const char*>(staged.content_hash.data()), staged.content_hash.size()});
  copy->Int64(columns.id);
  copy->Int64(event.revision());
  copy->Int64(position.value);
  copy->Timestamp(ToMicros(event.create_time()));
  copy->Timestamp(ToMicros(event.update_time()));
  copy->Timestamp(columns.occurred.start);
  copy->Timestamp(columns.occurred.end);
  copy->Timestamp(columns.reported);
  copy->Int64(staged.source_version);
  copy->Double(columns.point ? std::optional(columns.point->lon) : std::nullopt);
  copy->Double(columns.point ? std::optional(columns.point->lat) : std::nullopt);
  WriteCounts(columns.persons, copy);
  WriteCounts(columns.fatalities, copy);
  copy->Int32(staged.feed_id);
  WriteCells(columns.point, copy);
  copy->Int16(columns.kind);
  copy->Int16(event.state());
  copy->Bool(IsLong(columns));
  copy->Text(columns.event);
  copy->TextOrNull(columns.region);
  copy->TextOrNull(columns.point_region);
  WriteParticipants(columns.participants, copy);
  copy->Int16(columns.verification);
  copy->Double(columns.radius_m);
  copy->Double(columns.place_uncertainty_m);
  copy->TextOrNull(columns.area_region);
  WriteCircle(columns.circle.get(), copy);
  copy->Int64Array(columns.source_keys);
  copy->Lexemes(columns.words);
}

}  // namespace annals::storage

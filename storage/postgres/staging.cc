#include "storage/postgres/staging.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "storage/geo/cell.h"
#include "storage/postgres/event_record.h"
#include "storage/postgres/sql_value.h"

namespace annals::storage {
namespace {

constexpr std::size_t kBatchMax = 5'000;  // rows a COPY

// The columns of event, of event_revision and of staged_event, in the order of MakeRow.
const std::array<std::string, 30> kColumns = {"record",
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
                                              "actor_roles"};
using Row = std::array<std::optional<std::string>, kColumns.size()>;

std::string Number(std::int64_t value) { return fmt::format("{}", value); }

std::optional<std::string> Number(const std::optional<std::int64_t>& value) {
  return value ? std::optional(fmt::format("{}", *value)) : std::nullopt;
}

std::optional<std::string> TextOrNull(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::string_view BytesOf(const ContentHash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

Row MakeRow(const StagedEvent& staged, Position position) {
  const annals::v1::Event& event = staged.event;
  const EventColumns columns = DeriveColumns(event);
  std::optional<std::string> lon, lat, cell_8, cell_12, reported;
  if (columns.point) {
    lon = DoubleText(columns.point->lon);
    lat = DoubleText(columns.point->lat);
    cell_8 = Number(CellOf(*columns.point, kCoarseCellLevel));
    cell_12 = Number(CellOf(*columns.point, kFineCellLevel));
  }
  if (columns.reported) reported = TimestampText(*columns.reported);
  std::vector<std::int64_t> keys, roles;
  for (const ParticipantColumns& participant : columns.participants) {
    keys.push_back(participant.key);
    roles.push_back(participant.role);
  }
  const bool is_long = columns.occurred.end - columns.occurred.start > kShortWindowMax;
  return {ByteaText(event.SerializeAsString()),
          ByteaText(BytesOf(staged.content_hash)),
          Number(columns.id),
          Number(event.revision()),
          Number(position.value),
          TimestampText(ToMicros(event.create_time())),
          TimestampText(ToMicros(event.update_time())),
          TimestampText(columns.occurred.start),
          TimestampText(columns.occurred.end),
          reported,
          Number(staged.source_version),
          lon,
          lat,
          Number(columns.persons.low),
          Number(columns.persons.best),
          Number(columns.persons.high),
          Number(columns.fatalities.low),
          Number(columns.fatalities.best),
          Number(columns.fatalities.high),
          Number(std::int64_t{staged.feed_id}),
          cell_8,
          cell_12,
          Number(columns.kind),
          Number(event.state()),
          is_long ? "t" : "f",
          columns.event,
          TextOrNull(columns.region),
          TextOrNull(columns.point_region),
          ArrayText(keys),
          ArrayText(roles)};
}

std::string ColumnList() { return fmt::format("{}", fmt::join(kColumns, ", ")); }

// What was current becomes history.
void MoveToHistory(Transaction& transaction, Position position, Micros time) {
  transaction.Run(fmt::format("INSERT INTO event_revision ({0}, until_position, end_time)"
                              " SELECT {0}, $1::bigint, $2::timestamptz FROM event"
                              " WHERE id IN (SELECT s.id FROM staged_event s WHERE s.revision > 1)",
                              ColumnList()),
                  {Number(position.value), TimestampText(time)});
}

void RemoveActors(Transaction& transaction) {
  transaction.Run(
      "DELETE FROM event_actor a USING"
      " (SELECT e.id, e.occurred_start, unnest(e.actor_keys) AS actor_key FROM event e"
      "  WHERE e.id IN (SELECT s.id FROM staged_event s) AND e.state = 1) AS old"
      " WHERE a.actor_key = old.actor_key AND a.occurred_start = old.occurred_start"
      " AND a.event_id = old.id");
}

void PutCurrent(Transaction& transaction) {
  std::vector<std::string> assignments;
  for (const std::string& column : kColumns) {
    if (column != "id") assignments.push_back(fmt::format("{0} = EXCLUDED.{0}", column));
  }
  transaction.Run(
      fmt::format("INSERT INTO event ({0}) SELECT {0} FROM staged_event"
                  " ON CONFLICT (id) DO UPDATE SET {1}",
                  ColumnList(), fmt::join(assignments, ", ")));
}

void PutActors(Transaction& transaction) {
  transaction.Run(
      "INSERT INTO event_actor (actor_key, occurred_start, event_id, is_long)"
      " SELECT DISTINCT p.actor_key, s.occurred_start, s.id, s.is_long FROM staged_event s"
      " CROSS JOIN LATERAL unnest(s.actor_keys) AS p(actor_key) WHERE s.state = 1");
}

void PutParticipants(Transaction& transaction, const std::vector<StagedEvent>& events) {
  std::set<std::pair<std::int64_t, std::int32_t>> known;
  std::vector<std::int64_t> keys;
  std::vector<std::int32_t> feeds;
  std::vector<std::string> texts;
  for (const StagedEvent& staged : events) {
    for (const ParticipantColumns& participant : DeriveColumns(staged.event).participants) {
      if (!known.emplace(participant.key, staged.feed_id).second) continue;
      keys.push_back(participant.key);
      feeds.push_back(staged.feed_id);
      texts.push_back(participant.text);
    }
  }
  transaction.Run(
      "INSERT INTO participant (actor_key, feed_id, text)"
      " SELECT p.actor_key, p.feed_id, p.text"
      " FROM unnest($1::bigint[], $2::int[], $3::text[]) AS p(actor_key, feed_id, text)"
      " ON CONFLICT (actor_key, feed_id) DO NOTHING",
      {ArrayText(keys), ArrayText(feeds), ArrayText(texts)});
}

}  // namespace

std::int64_t& FeedChange::Of(annals::v1::EventState state) {
  switch (state) {
    case annals::v1::EVENT_STATE_RETRACTED:
      return retracted;
    case annals::v1::EVENT_STATE_MERGED:
      return merged;
    default:
      return active;
  }
}

ContentHash ReadHash(const pqxx::field& bytea) {
  ContentHash hash{};
  const std::string bytes = DecodeBytea(bytea.c_str());
  std::copy_n(bytes.begin(), std::min(bytes.size(), hash.size()), hash.begin());
  return hash;
}

std::optional<std::int64_t> OptionalNumber(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional(field.as<std::int64_t>());
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
    staged.content_hash = ReadHash(row[3]);
  }
  return events;
}

std::string StagingSetup() {
  return "CREATE TEMPORARY TABLE staged_event (LIKE event) ON COMMIT DELETE ROWS";
}

RevisionWriter::RevisionWriter(Transaction* transaction, Position position, Micros time)
    : transaction_(*transaction), position_(position), time_(time) {}

void RevisionWriter::Add(StagedEvent event, std::optional<annals::v1::EventState> was) {
  FeedChange& change = changes_[event.feed_id];
  if (was) {
    ++change.superseded;
    --change.Of(*was);
  }
  ++change.Of(event.event.state());
  waiting_.push_back(std::move(event));
  if (waiting_.size() == kBatchMax) Flush();
}

void RevisionWriter::Replace(const std::vector<StagedEvent>& revisions) {
  std::vector<Row> rows;
  rows.reserve(revisions.size());
  for (const StagedEvent& staged : revisions) rows.push_back(MakeRow(staged, position_));
  transaction_.Copy("staged_event", kColumns, rows);
  RemoveActors(transaction_);
  std::vector<std::string> assignments;
  for (const std::string& column : kColumns) {
    if (column == "id" || column == "revision" || column == "position") continue;
    assignments.push_back(fmt::format("{0} = s.{0}", column));
  }
  for (const std::string_view table : {"event", "event_revision"}) {
    transaction_.Run(
        fmt::format("UPDATE {} AS e SET {} FROM staged_event s"
                    " WHERE e.id = s.id AND e.revision = s.revision",
                    table, fmt::join(assignments, ", ")));
  }
  transaction_.Run("DELETE FROM staged_event");
}

void RevisionWriter::Flush() {
  if (waiting_.empty()) return;
  std::vector<Row> rows;
  rows.reserve(waiting_.size());
  bool supersedes = false;
  for (const StagedEvent& staged : waiting_) {
    rows.push_back(MakeRow(staged, position_));
    supersedes = supersedes || staged.event.revision() > 1;
  }
  transaction_.Copy("staged_event", kColumns, rows);
  if (supersedes) {
    MoveToHistory(transaction_, position_, time_);
    RemoveActors(transaction_);
  }
  PutCurrent(transaction_);
  PutActors(transaction_);
  PutParticipants(transaction_, waiting_);
  transaction_.Run("DELETE FROM staged_event");  // for a next batch of the same transaction
  waiting_.clear();
}

}  // namespace annals::storage

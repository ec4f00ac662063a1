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
const std::array<std::string, 40> kColumns = {"record",
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
using Row = std::array<std::optional<std::string>, kColumns.size()>;

std::string Number(std::int64_t value) { return fmt::format("{}", value); }

std::optional<std::string> Number(const std::optional<std::int64_t>& value) {
  return value ? std::optional(fmt::format("{}", *value)) : std::nullopt;
}

std::optional<std::string> Number(const std::optional<double>& value) {
  return value ? std::optional(DoubleText(*value)) : std::nullopt;
}

std::string BoolText(bool value) { return value ? "t" : "f"; }

std::optional<std::string> TextOrNull(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::string_view BytesOf(const ContentHash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::string WordsText(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += LexemeText(word) + " ";
  return text;
}

Row MakeRow(const StagedEvent& staged, const EventColumns& columns, Position position) {
  const annals::v1::Event& event = staged.event;
  std::optional<std::string> lon, lat, cell_8, cell_12, reported;
  std::optional<std::string> reach_keys, reach_regions, beyond_regions, circle;
  if (columns.circle) {
    reach_keys = ArrayText(columns.circle->keys);
    reach_regions = ArrayText(columns.circle->regions);
    beyond_regions = BoolText(columns.circle->beyond_regions);
    circle = PolygonText(columns.circle->circle.polygon);
  }
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
          BoolText(is_long),
          columns.event,
          TextOrNull(columns.region),
          TextOrNull(columns.point_region),
          ArrayText(keys),
          ArrayText(roles),
          Number(columns.verification),
          Number(columns.radius_m),
          Number(columns.place_uncertainty_m),
          TextOrNull(columns.area_region),
          reach_keys,
          reach_regions,
          beyond_regions,
          circle,
          ArrayText(columns.source_keys),
          WordsText(columns.words)};
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

// Of events e with a row s of staged_event, where `condition` on both holds.
void RemovePostings(Transaction& transaction, std::string_view condition) {
  transaction.Run(fmt::format(
      "DELETE FROM event_posting a USING"
      " (SELECT e.id, e.occurred_start, {} AS key FROM event e"
      "  JOIN staged_event s ON s.id = e.id WHERE {} AND e.state = 1) AS old"
      " WHERE a.key = old.key AND a.occurred_start = old.occurred_start AND a.event_id = old.id",
      PostingKeysOf("e"), condition));
}

// "column = row.column, …" of all but those left out.
std::string Assignments(std::string_view row, const std::set<std::string_view>& left_out) {
  std::vector<std::string> assignments;
  for (const std::string& column : kColumns) {
    if (left_out.contains(column)) continue;
    assignments.push_back(fmt::format("{0} = {1}.{0}", column, row));
  }
  return fmt::format("{}", fmt::join(assignments, ", "));
}

void PutCurrent(Transaction& transaction) {
  transaction.Run(
      fmt::format("INSERT INTO event ({0}) SELECT {0} FROM staged_event"
                  " ON CONFLICT (id) DO UPDATE SET {1}",
                  ColumnList(), Assignments("EXCLUDED", {"id"})));
}

// Of the rows s in `from`.
void PutPostings(Transaction& transaction, std::string_view from) {
  transaction.Run(
      fmt::format("INSERT INTO event_posting (key, occurred_start, event_id, is_long)"
                  " SELECT DISTINCT {}, s.occurred_start, s.id, s.is_long FROM {}"
                  " WHERE s.state = 1",
                  PostingKeysOf("s"), from));
}

void PutParticipants(Transaction& transaction, const std::vector<StagedEvent>& events,
                     const std::vector<EventColumns>& columns) {
  std::set<std::pair<std::int64_t, std::int32_t>> known;
  std::vector<std::int64_t> keys;
  std::vector<std::int32_t> feeds;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < events.size(); ++i) {
    for (const ParticipantColumns& participant : columns[i].participants) {
      if (!known.emplace(participant.key, events[i].feed_id).second) continue;
      keys.push_back(participant.key);
      feeds.push_back(events[i].feed_id);
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

std::string PostingKeysOf(std::string_view row) {
  return fmt::format("unnest({0}.actor_keys || {0}.source_keys || {0}.reach_keys)", row);
}

std::string StagingSetup() {
  return "CREATE TEMPORARY TABLE staged_event (LIKE event) ON COMMIT DELETE ROWS";
}

void RefreshRevisions(Transaction& transaction, const Gazetteer& gazetteer,
                      const std::vector<StagedEvent>& revisions) {
  std::vector<Row> rows;
  rows.reserve(revisions.size());
  for (const StagedEvent& staged : revisions) {
    rows.push_back(MakeRow(staged, DeriveColumns(gazetteer, staged.event), {}));
  }
  transaction.Copy("staged_event", kColumns, rows);
  constexpr std::string_view kCurrent = "s.revision = e.revision";
  RemovePostings(transaction, kCurrent);
  for (const std::string_view table : {"event", "event_revision"}) {
    transaction.Run(
        fmt::format("UPDATE {} AS e SET {} FROM staged_event s WHERE e.id = s.id AND {}", table,
                    Assignments("s", {"id", "revision", "position"}), kCurrent));
  }
  PutPostings(transaction,
              fmt::format("staged_event s JOIN event e ON e.id = s.id AND {}", kCurrent));
  transaction.Run("DELETE FROM staged_event");
}

RevisionWriter::RevisionWriter(Transaction* transaction, const Gazetteer* gazetteer,
                               Position position, Micros time)
    : transaction_(*transaction), gazetteer_(*gazetteer), position_(position), time_(time) {}

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
  RefreshRevisions(transaction_, gazetteer_, revisions);
}

void RevisionWriter::Flush() {
  if (waiting_.empty()) return;
  std::vector<Row> rows;
  rows.reserve(waiting_.size());
  std::vector<EventColumns> columns;
  bool supersedes = false;
  for (const StagedEvent& staged : waiting_) {
    columns.push_back(DeriveColumns(gazetteer_, staged.event));
    rows.push_back(MakeRow(staged, columns.back(), position_));
    supersedes = supersedes || staged.event.revision() > 1;
  }
  transaction_.Copy("staged_event", kColumns, rows);
  if (supersedes) {
    MoveToHistory(transaction_, position_, time_);
    RemovePostings(transaction_, "s.revision > 1");
  }
  PutCurrent(transaction_);
  PutPostings(transaction_, "staged_event s");
  PutParticipants(transaction_, waiting_, columns);
  transaction_.Run("DELETE FROM staged_event");  // for a next batch of the same transaction
  waiting_.clear();
}

}  // namespace annals::storage

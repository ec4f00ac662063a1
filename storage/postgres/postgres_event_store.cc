#include "storage/postgres/postgres_event_store.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "storage/error.h"
#include "storage/gazetteer.h"
#include "storage/postgres/event_record.h"
#include "storage/postgres/question_planner.h"
#include "storage/postgres/sql_value.h"
#include "storage/postgres/statements.h"
#include "storage/postgres/transaction.h"
#include "storage/time_bucket.h"

namespace annals::storage {
namespace {

// The position that a read answers for. POSITION_AHEAD where the record has not come so far.
absl::StatusOr<Position> Resolve(const Transaction& transaction, const Snapshot& snapshot) {
  if (!snapshot.as_of) return transaction.head();
  if (*snapshot.as_of > transaction.head()) {
    return Error(absl::StatusCode::kOutOfRange, "POSITION_AHEAD",
                 "the record has not come to this position");
  }
  return *snapshot.as_of;
}

// Absent where `position` is the newest: history need not be looked at.
std::optional<Position> PastPosition(const Transaction& transaction, Position position) {
  return position == transaction.head() ? std::nullopt : std::optional(position);
}

// "$1::bigint" parameters of statements that are fixed but for them.
std::string Number(std::int64_t value) { return fmt::format("{}", value); }

QuestionPlan Plan(Transaction& transaction, const EventQuery& query) {
  std::optional<std::int64_t> actor_events;
  if (NeedsActorEvents(query)) {
    std::vector<std::int64_t> keys;
    for (const ActorTerm& term : *query.actors) keys.push_back(term.key);
    actor_events = transaction
                       .Run(
                           "SELECT count(*) FROM (SELECT 1 FROM event_posting WHERE key ="
                           " ANY ($1::bigint[]) LIMIT $2::bigint) AS counted",
                           {ArrayText(keys), Number(kRareActorEventsMax + 1)})[0][0]
                       .as<std::int64_t>();
  }
  return PlanQuestion(query, actor_events);
}

Cursor CursorOf(const annals::v1::Event& event, EventOrder order, std::int64_t position) {
  const auto name = ParseEventName(event.name());
  return {order == EventOrder::kRecordedNewestFirst ? position : ToMicros(event.occurred().start()),
          name.ok() ? name->Id() : 0};
}

// Cuts the rows of a PageStatement to the page.
absl::Status FillPage(const pqxx::result& rows, const PageSpec& spec, const SeenFeeds& feeds,
                      EventPage* page) {
  std::int64_t bytes = 0;
  std::int64_t last_position = 0;
  for (const auto& row : rows) {
    annals::v1::Event event;
    if (auto parsed = ParseRecord(row[0].c_str(), &event); !parsed.ok()) return parsed;
    bytes += static_cast<std::int64_t>(event.ByteSizeLong());
    const bool full = std::ssize(page->events) == spec.limit || bytes > spec.bytes_max;
    if (!page->events.empty() && full) {
      page->next = CursorOf(page->events.back(), spec.order, last_position);
      return absl::OkStatus();
    }
    last_position = row[1].as<std::int64_t>();
    feeds.Conceal(&event);
    page->events.push_back(std::move(event));
    page->strengths.push_back(static_cast<MatchMode>(row[2].as<int>()));
  }
  return absl::OkStatus();
}

// From `column` on: event_count, then (low, best, high, known_count) of persons and of fatalities.
Totals ReadTotals(const pqxx::row& row, pqxx::row::size_type column) {
  const auto count = [&](CountTotals* totals) {
    totals->low = row[column++].as<std::int64_t>();
    totals->best = row[column++].as<std::int64_t>();
    totals->high = row[column++].as<std::int64_t>();
    totals->known_count = row[column++].as<std::int64_t>();
  };
  Totals totals;
  totals.event_count = row[column++].as<std::int64_t>();
  count(&totals.persons);
  count(&totals.fatalities);
  return totals;
}

void Add(const CountTotals& from, CountTotals* to) {
  to->low += from.low;
  to->best += from.best;
  to->high += from.high;
  to->known_count += from.known_count;
}

void Add(const Totals& from, Totals* to) {
  to->event_count += from.event_count;
  Add(from.persons, &to->persons);
  Add(from.fatalities, &to->fatalities);
}

std::string KeyOf(const pqxx::field& field, Dimension::Kind kind) {
  switch (kind) {
    case Dimension::Kind::kKind:
      return annals::v1::EventKind_Name(field.as<int>());
    case Dimension::Kind::kVerification:
      return annals::v1::Verification_Name(field.as<int>());
    case Dimension::Kind::kActor:
    case Dimension::Kind::kRegion:
    case Dimension::Kind::kCountry:
    case Dimension::Kind::kFeed:
      return field.c_str();
    default:
      return BucketKey(kind, field.as<Micros>());
  }
}

absl::Status FillSummary(Transaction& transaction, const Question& question,
                         const Gazetteer& gazetteer, const std::vector<Dimension>& dimensions,
                         Summary* summary) {
  for (const auto& row : transaction.Run(TotalsStatement(question, gazetteer, dimensions))) {
    const Totals totals = ReadTotals(row, 1);
    Add(totals, &summary->totals);
    if (!row[0].as<bool>()) summary->remainder_count += totals.event_count;
  }
  if (dimensions.empty()) return absl::OkStatus();
  // Two participants may share a text (a label may read like an actor's name): their groups are
  // one.
  std::map<std::vector<std::string>, Totals> groups;
  for (const auto& row : transaction.Run(GroupsStatement(question, gazetteer, dimensions))) {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < dimensions.size(); ++i) {
      keys.push_back(KeyOf(row[static_cast<pqxx::row::size_type>(i)], dimensions[i].kind));
    }
    Add(ReadTotals(row, static_cast<pqxx::row::size_type>(dimensions.size())), &groups[keys]);
  }
  if (std::ssize(groups) > kGroupsMax) {
    return Error(absl::StatusCode::kInvalidArgument, "TOO_MANY_GROUPS",
                 fmt::format("the answer has more than {} groups", kGroupsMax));
  }
  for (auto& [keys, totals] : groups) summary->groups.push_back({keys, totals});
  return absl::OkStatus();
}

// The last row of feed_count of each feed $1 at or before position $2, as c.
constexpr char kFeedCounts[] =
    " FROM unnest($1::int[]) AS f(id) CROSS JOIN LATERAL"
    " (SELECT n.position, n.active_count, n.retracted_count, n.merged_count, n.superseded_count"
    "  FROM feed_count n WHERE n.feed_id = f.id AND n.position <= $2::bigint ORDER BY n.position "
    "DESC LIMIT 1) AS c";

// ACTIVE events of all that the caller sees, at a position.
std::int64_t RecordCount(Transaction& transaction, const SeenFeeds& feeds, Position position) {
  return transaction
      .Run(fmt::format("SELECT coalesce(sum(c.active_count), 0)::bigint{}", kFeedCounts),
           {ArrayText(feeds.seen_ids()), Number(position.value)})[0][0]
      .as<std::int64_t>();
}

annals::v1::AuditEntry ReadAudit(const pqxx::row& row, pqxx::row::size_type column) {
  if (row[column].is_null()) return {};  // older than the audit
  const Caller caller{row[column].c_str(), row[column + 1].c_str(), row[column + 2].c_str(),
                      row[column + 3].c_str()};
  return MakeAudit(caller, row[column + 5].as<Micros>(), row[column + 4].c_str());
}

}  // namespace

PostgresEventStore::PostgresEventStore(ConnectionPool* pool, const Gazetteer* gazetteer,
                                       std::function<void(Position)> committed)
    : pool_(*pool),
      gazetteer_(*gazetteer),
      writer_(pool->options().connection_string, gazetteer, &feeds_, std::move(committed)) {}

absl::StatusOr<FoundEvents> PostgresEventStore::GetEvents(const CallContext& context,
                                                          const std::vector<EventName>& names,
                                                          const Snapshot& snapshot) {
  FoundEvents found;
  const auto read = [&](Transaction& transaction) -> absl::Status {
    const auto position = Resolve(transaction, snapshot);
    if (!position.ok()) return position.status();
    found = {std::vector<std::optional<annals::v1::Event>>(names.size()), *position};
    const SeenFeeds feeds = feeds_.Look(transaction, context.visibility);
    std::vector<std::int64_t> ids;
    for (const EventName& name : names) ids.push_back(name.Id());
    const auto rows = transaction.Run(
        "SELECT i.place, e.record FROM unnest($1::bigint[]) WITH ORDINALITY AS i(id, place)"
        " JOIN event e ON e.id = i.id AND e.position <= $2::bigint"
        " UNION ALL "
        "SELECT i.place, r.record FROM unnest($1::bigint[]) WITH ORDINALITY AS i(id, place)"
        " JOIN event_revision r ON r.id = i.id"
        " AND r.position <= $2::bigint AND r.until_position > $2::bigint",
        {ArrayText(ids), Number(position->value)});
    for (const auto& row : rows) {
      const auto place = row[0].as<std::size_t>() - 1;
      annals::v1::Event event;
      if (auto parsed = ParseRecord(row[1].c_str(), &event); !parsed.ok()) return parsed;
      if (event.name() != names[place].ToString() || feeds.Find(names[place].feed) == nullptr) {
        continue;
      }
      feeds.Conceal(&event);
      found.events[place] = std::move(event);
    }
    return absl::OkStatus();
  };
  if (auto done = RunTransaction(pool_, TransactionMode::kRead, context.deadline, read);
      !done.ok()) {
    return done;
  }
  return found;
}

absl::StatusOr<EventPage> PostgresEventStore::ListEvents(const CallContext& context,
                                                         const EventQuery& query,
                                                         const PageSpec& page,
                                                         const Snapshot& snapshot) {
  EventPage answer;
  const auto read = [&](Transaction& transaction) -> absl::Status {
    const auto position = Resolve(transaction, snapshot);
    if (!position.ok()) return position.status();
    answer = {{}, {}, std::nullopt, *position};
    const QuestionPlan plan = Plan(transaction, query);
    if (plan.access == Access::kNothing) return absl::OkStatus();
    const SeenFeeds feeds = feeds_.Look(transaction, context.visibility);
    const Question question{query, plan, PastPosition(transaction, *position), feeds};
    return FillPage(transaction.Run(PageStatement(question, page)), page, feeds, &answer);
  };
  if (auto done = RunTransaction(pool_, TransactionMode::kRead, context.deadline, read);
      !done.ok()) {
    return done;
  }
  return answer;
}

absl::StatusOr<Summary> PostgresEventStore::SummarizeEvents(
    const CallContext& context, const EventQuery& query, const std::vector<Dimension>& dimensions,
    const Snapshot& snapshot) {
  Summary summary;
  const auto read = [&](Transaction& transaction) -> absl::Status {
    const auto position = Resolve(transaction, snapshot);
    if (!position.ok()) return position.status();
    summary = {};
    summary.position = *position;
    const SeenFeeds feeds = feeds_.Look(transaction, context.visibility);
    summary.record_count = RecordCount(transaction, feeds, *position);
    const QuestionPlan plan = Plan(transaction, query);
    if (plan.access == Access::kNothing) return absl::OkStatus();
    const Question question{query, plan, PastPosition(transaction, *position), feeds};
    return FillSummary(transaction, question, gazetteer_, dimensions, &summary);
  };
  if (auto done = RunTransaction(pool_, TransactionMode::kRead, context.deadline, read);
      !done.ok()) {
    return done;
  }
  return summary;
}

absl::StatusOr<RevisionPage> PostgresEventStore::ListRevisions(
    const CallContext& context, const EventName& name, std::optional<std::int64_t> from_revision,
    int limit) {
  RevisionPage page;
  const auto read = [&](Transaction& transaction) -> absl::Status {
    page = {{}, std::nullopt, transaction.head()};
    const SeenFeeds feeds = feeds_.Look(transaction, context.visibility);
    const StoredFeed* feed = feeds.Find(name.feed);
    if (feed == nullptr) return EventNotFoundError(name);
    const auto known = transaction.Run(
        "SELECT 1 FROM event WHERE id = $1::bigint AND feed_id = $2::int AND event = $3",
        {Number(name.Id()), Number(feed->id), name.event});
    if (known.empty()) return EventNotFoundError(name);
    const auto rows = transaction.Run(
        fmt::format("SELECT r.record, r.position, r.end_time, r.revision, a.principal, a.address,"
                    " a.method, a.request_id, a.reason, {} FROM"
                    " (SELECT record, position, NULL::bigint AS end_time, revision FROM event"
                    "  WHERE id = $1::bigint AND revision <= $2::bigint"
                    "  UNION ALL "
                    "  SELECT record, position, {}, revision FROM event_revision"
                    "  WHERE id = $1::bigint AND revision <= $2::bigint"
                    "  ORDER BY revision DESC LIMIT $3::bigint) AS r"
                    " LEFT JOIN audit a ON a.position = r.position ORDER BY r.revision DESC",
                    MicrosOf("a.change_time"), MicrosOf("end_time")),
        {Number(name.Id()),
         Number(from_revision.value_or(std::numeric_limits<std::int64_t>::max())),
         Number(limit + 1)});
    for (const auto& row : rows) {
      if (std::ssize(page.revisions) == limit) {
        page.next_revision = row[3].as<std::int64_t>();
        break;
      }
      auto& revision = page.revisions.emplace_back();
      if (auto parsed = ParseRecord(row[0].c_str(), &revision.event); !parsed.ok()) return parsed;
      revision.position = Position{row[1].as<std::int64_t>()};
      if (!row[2].is_null()) revision.end_time = row[2].as<Micros>();
      revision.audit = ReadAudit(row, 4);
      feeds.Conceal(&revision.event);
    }
    return absl::OkStatus();
  };
  if (auto done = RunTransaction(pool_, TransactionMode::kRead, context.deadline, read);
      !done.ok()) {
    return done;
  }
  return page;
}

absl::StatusOr<Position> PostgresEventStore::PositionAt(const CallContext& context,
                                                        absl::Time time) {
  Position position;
  const auto read = [&](Transaction& transaction) -> absl::Status {
    const auto rows = transaction.Run(
        "SELECT position FROM commit_log WHERE commit_time <= $1::timestamptz"
        " ORDER BY commit_time DESC LIMIT 1",
        {TimestampText(ToMicros(time))});
    position = Position{rows.empty() ? 0 : rows[0][0].as<std::int64_t>()};
    return absl::OkStatus();
  };
  if (auto done = RunTransaction(pool_, TransactionMode::kRead, context.deadline, read);
      !done.ok()) {
    return done;
  }
  return position;
}

absl::StatusOr<StoreInfo> PostgresEventStore::Info(const CallContext& context) {
  StoreInfo info;
  const auto read = [&](Transaction& transaction) -> absl::Status {
    const SeenFeeds feeds = feeds_.Look(transaction, context.visibility);
    const auto row = transaction.Run(
        fmt::format("SELECT s.store_id, split_part(current_setting('server_version'), ' ', 1),"
                    " (SELECT extversion FROM pg_extension WHERE extname = 'postgis'),"
                    " (SELECT {} FROM commit_log l WHERE l.position = t.position),"
                    " t.active_count, t.retracted_count, t.superseded_count, t.merged_count"
                    " FROM store s,"
                    " (SELECT max(c.position) AS position,"
                    "  coalesce(sum(c.active_count), 0)::bigint AS active_count,"
                    "  coalesce(sum(c.retracted_count), 0)::bigint AS retracted_count,"
                    "  coalesce(sum(c.merged_count), 0)::bigint AS merged_count,"
                    "  coalesce(sum(c.superseded_count), 0)::bigint AS superseded_count{}) AS t",
                    MicrosOf("l.commit_time"), kFeedCounts),
        {ArrayText(feeds.seen_ids()), Number(transaction.head().value)})[0];
    info.store_id = row[0].c_str();
    info.position = transaction.head();
    info.feed_count = std::ssize(feeds.seen_ids());
    info.engine = fmt::format("PostgreSQL {}, PostGIS {}", row[1].c_str(), row[2].c_str());
    if (!row[3].is_null()) info.last_change = row[3].as<Micros>();
    info.event_count = row[4].as<std::int64_t>();
    info.retracted_count = row[5].as<std::int64_t>();
    info.superseded_revision_count = row[6].as<std::int64_t>();
    info.merged_count = row[7].as<std::int64_t>();
    return absl::OkStatus();
  };
  if (auto done = RunTransaction(pool_, TransactionMode::kRead, context.deadline, read);
      !done.ok()) {
    return done;
  }
  return info;
}

absl::StatusOr<RetractReceipt> PostgresEventStore::RetractEvent(const CallContext& context,
                                                                const EventName& name,
                                                                std::string_view reason,
                                                                std::string_view etag,
                                                                bool validate_only) {
  return writer_.Retract(context, name, reason, etag, validate_only);
}

absl::StatusOr<AdvanceReceipt> PostgresEventStore::AdvanceOffer(const CallContext& context,
                                                                const EventName& name,
                                                                const annals::v1::OfferStep& step,
                                                                std::string_view etag,
                                                                bool validate_only) {
  return writer_.Advance(context, name, step, etag, validate_only);
}

absl::StatusOr<ReleaseReceipt> PostgresEventStore::RetractAbsent(
    const CallContext& context, std::string_view feed, const std::vector<std::int64_t>& kept_ids,
    std::string_view reason, double share_max, bool validate_only) {
  return writer_.RetractAbsent(context, feed, kept_ids, reason, share_max, validate_only);
}

}  // namespace annals::storage

#include "storage/postgres/postgres_catalog_store.h"

#include "fmt/format.h"
#include "storage/error.h"
#include "storage/event_name.h"
#include "storage/postgres/catalog_change.h"
#include "storage/postgres/event_record.h"
#include "storage/postgres/sql_value.h"
#include "storage/postgres/transaction.h"

namespace annals::storage {
namespace {

constexpr char kNewTokenKey[] =
    "INSERT INTO token_key (key, create_time) VALUES (sha256(uuid_send(gen_random_uuid())"
    " || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), clock_timestamp())";

std::string BooleanText(bool value) { return value ? "t" : "f"; }

std::string ForbiddenText(annals::v1::Redistribution redistribution) {
  return BooleanText(redistribution == annals::v1::REDISTRIBUTION_FORBIDDEN);
}

annals::v1::Redistribution ReadRedistribution(const pqxx::field& forbidden) {
  return forbidden.as<bool>() ? annals::v1::REDISTRIBUTION_FORBIDDEN
                              : annals::v1::REDISTRIBUTION_ALLOWED;
}

// Feeds that satisfy `condition` with their coverage.
std::string FeedsQuery(std::string_view condition) {
  return fmt::format(
      "SELECT f.feed, f.title, f.licence, f.attribution, f.reliability, {}, c.event_count, {}, {},"
      " f.restricted, array_to_string(f.readers, ' '), f.redistribution_forbidden"
      " FROM feed f CROSS JOIN LATERAL (SELECT count(*) AS event_count,"
      "  min(e.occurred_start) AS first_start, max(e.occurred_end) AS last_end"
      "  FROM event e WHERE e.feed_id = f.id AND e.state = 1) AS c WHERE {}",
      MicrosOf("f.create_time"), MicrosOf("c.first_start"), MicrosOf("c.last_end"), condition);
}

annals::v1::Feed ReadFeed(const pqxx::row& row) {
  annals::v1::Feed feed;
  feed.set_name(fmt::format("feeds/{}", row[0].c_str()));
  feed.set_title(row[1].c_str());
  feed.set_licence(row[2].c_str());
  feed.set_attribution(row[3].c_str());
  feed.set_reliability(row[4].c_str());
  *feed.mutable_create_time() = ToTimestamp(row[5].as<Micros>());
  feed.set_event_count(row[6].as<std::int64_t>());
  if (feed.event_count() > 0) {
    *feed.mutable_coverage()->mutable_start() = ToTimestamp(row[7].as<Micros>());
    *feed.mutable_coverage()->mutable_end() = ToTimestamp(row[8].as<Micros>());
  }
  SetAccess(ReadAccess(row[0].c_str(), row[9], row[10]), &feed);
  feed.set_redistribution(ReadRedistribution(row[11]));
  return feed;
}

absl::Status ReadOneFeed(Transaction& transaction, std::string_view id, annals::v1::Feed* feed) {
  const auto rows = transaction.Run(FeedsQuery("f.feed = $1"), {std::string(id)});
  if (rows.empty()) return FeedNotFoundError(id);
  *feed = ReadFeed(rows[0]);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::int64_t> PostgresCatalogStore::CatalogVersion(const CallContext& context) {
  std::int64_t version = 0;
  const auto status = RunTransaction(pool_, TransactionMode::kRead, context.deadline,
                                     [&](Transaction& transaction) {
                                       version = transaction.catalog_version();
                                       return absl::OkStatus();
                                     });
  if (!status.ok()) return status;
  return version;
}

absl::StatusOr<std::vector<annals::v1::Feed>> PostgresCatalogStore::ListFeeds(
    const CallContext& context, std::string_view after_feed, int limit) {
  std::vector<annals::v1::Feed> feeds;
  const auto status = RunTransaction(
      pool_, TransactionMode::kRead, context.deadline, [&](Transaction& transaction) {
        feeds.clear();
        const auto seen = feeds_.Look(transaction, context.visibility).seen_ids();
        const auto rows =
            transaction.Run(FeedsQuery("f.feed > $1 AND f.id = ANY ($3::int[])"
                                       " ORDER BY f.feed LIMIT $2::bigint"),
                            {std::string(after_feed), fmt::format("{}", limit), ArrayText(seen)});
        for (const auto& row : rows) feeds.push_back(ReadFeed(row));
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return feeds;
}

absl::StatusOr<annals::v1::Feed> PostgresCatalogStore::GetFeed(const CallContext& context,
                                                               std::string_view feed) {
  annals::v1::Feed found;
  const auto status = RunTransaction(pool_, TransactionMode::kRead, context.deadline,
                                     [&](Transaction& transaction) -> absl::Status {
                                       const SeenFeeds feeds =
                                           feeds_.Look(transaction, context.visibility);
                                       if (feeds.Find(std::string(feed)) == nullptr)
                                         return FeedNotFoundError(feed);
                                       return ReadOneFeed(transaction, feed, &found);
                                     });
  if (!status.ok()) return status;
  return found;
}

absl::StatusOr<annals::v1::Feed> PostgresCatalogStore::CreateFeed(const CallContext& context,
                                                                  const annals::v1::Feed& feed) {
  const auto id = ParseCatalogName("feeds", feed.name());
  if (!id.ok()) return id.status();
  const FeedAccess access = AccessOf(feed);
  annals::v1::Feed created;
  const auto status = RunTransaction(
      pool_, TransactionMode::kWrite, context.deadline,
      [&](Transaction& transaction) -> absl::Status {
        const auto inserted = transaction.Run(
            "INSERT INTO feed (feed, title, licence, attribution, reliability, restricted, readers,"
            " redistribution_forbidden, create_time) VALUES ($1, $2, $3, $4, $5, $6::boolean,"
            " $7::text[], $8::boolean, clock_timestamp())"
            " ON CONFLICT (feed) DO NOTHING RETURNING id",
            {*id, feed.title(), feed.licence(), feed.attribution(), feed.reliability(),
             BooleanText(access.restricted), ArrayText(access.readers),
             ForbiddenText(ChangedRedistribution({}, feed))});
        if (inserted.empty()) {
          return Error(absl::StatusCode::kAlreadyExists, "FEED_EXISTS",
                       fmt::format("there is a {} already", feed.name()), "feed.name");
        }
        EndCatalogChange(transaction, context.caller, feed.name(), "");
        return ReadOneFeed(transaction, *id, &created);
      });
  if (!status.ok()) return status;
  return created;
}

absl::StatusOr<annals::v1::Feed> PostgresCatalogStore::UpdateFeed(const CallContext& context,
                                                                  const annals::v1::Feed& feed) {
  const auto id = ParseCatalogName("feeds", feed.name());
  if (!id.ok()) return id.status();
  annals::v1::Feed updated;
  const auto status = RunTransaction(
      pool_, TransactionMode::kWrite, context.deadline,
      [&](Transaction& transaction) -> absl::Status {
        // Others' changes of the feed wait from here on.
        const auto locked = transaction.Run(
            "SELECT restricted, array_to_string(readers, ' '), redistribution_forbidden FROM feed"
            " WHERE feed = $1 FOR UPDATE",
            {*id});
        if (locked.empty()) return FeedNotFoundError(*id);
        const FeedAccess before = ReadAccess(*id, locked[0][0], locked[0][1]);
        if (!context.visibility.Sees(before)) return FeedNotFoundError(*id);
        const FeedAccess access = ChangedAccess(before, feed);
        const absl::Status allowed = CheckAccessChange(context.visibility, before, access);
        if (!allowed.ok()) return allowed;
        transaction.Run(
            "UPDATE feed SET title = $2, licence = $3, attribution = $4, reliability = $5,"
            " restricted = $6::boolean, readers = $7::text[],"
            " redistribution_forbidden = $8::boolean WHERE feed = $1",
            {*id, feed.title(), feed.licence(), feed.attribution(), feed.reliability(),
             BooleanText(access.restricted), ArrayText(access.readers),
             ForbiddenText(ChangedRedistribution(ReadRedistribution(locked[0][2]), feed))});
        EndCatalogChange(transaction, context.caller, feed.name(), "");
        return ReadOneFeed(transaction, *id, &updated);
      });
  if (!status.ok()) return status;
  return updated;
}

absl::StatusOr<std::vector<annals::v1::Actor>> PostgresCatalogStore::ListActors(
    const CallContext& context) {
  std::vector<annals::v1::Actor> actors;
  const auto status = RunTransaction(
      pool_, TransactionMode::kRead, context.deadline,
      [&](Transaction& transaction) -> absl::Status {
        actors.clear();
        for (const auto& row : transaction.Run("SELECT record FROM actor ORDER BY actor")) {
          if (!actors.emplace_back().ParseFromString(DecodeBytea(row[0].c_str()))) {
            return Error(absl::StatusCode::kInternal, "RECORD_DAMAGED",
                         "a stored actor cannot be read");
          }
        }
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return actors;
}

absl::StatusOr<annals::v1::Actor> PostgresCatalogStore::CreateActor(
    const CallContext& context, const annals::v1::Actor& actor) {
  const auto id = ParseCatalogName("actors", actor.name());
  if (!id.ok()) return id.status();
  const auto status = RunTransaction(
      pool_, TransactionMode::kWrite, context.deadline,
      [&](Transaction& transaction) -> absl::Status {
        const auto inserted = transaction.Run(
            "INSERT INTO actor (actor, record) VALUES ($1, $2::bytea)"
            " ON CONFLICT (actor) DO NOTHING RETURNING actor",
            {*id, ByteaText(actor.SerializeAsString())});
        if (inserted.empty()) {
          return Error(absl::StatusCode::kAlreadyExists, "ACTOR_EXISTS",
                       fmt::format("there is a {} already", actor.name()), "actor.name");
        }
        EndCatalogChange(transaction, context.caller, actor.name(), "");
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return actor;
}

absl::StatusOr<std::vector<std::string>> PostgresCatalogStore::TokenKeys(
    const CallContext& context) {
  std::vector<std::string> keys;
  const auto status = RunTransaction(
      pool_, TransactionMode::kRead, context.deadline, [&](Transaction& transaction) {
        keys.clear();
        for (const auto& row :
             transaction.Run("SELECT key FROM token_key ORDER BY create_time DESC, key")) {
          keys.push_back(DecodeBytea(row[0].c_str()));
        }
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return keys;
}

absl::Status PostgresCatalogStore::RotateTokenKeys(const CallContext& context, bool forget_older) {
  return RunTransaction(pool_, TransactionMode::kWrite, context.deadline,
                        [&](Transaction& transaction) {
                          if (forget_older) transaction.Run("DELETE FROM token_key");
                          transaction.Run(kNewTokenKey);
                          return absl::OkStatus();
                        });
}

}  // namespace annals::storage

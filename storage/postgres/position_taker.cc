#include "storage/postgres/position_taker.h"

#include <openssl/rand.h>

#include <array>
#include <cstdlib>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "spdlog/spdlog.h"
#include "storage/postgres/sql_value.h"

namespace annals::storage {
namespace {

constexpr std::string_view kLock =
    "SELECT pg_advisory_xact_lock(hashtextextended('annals.write', 0));";
// Writes join a few rows with large tables by their keys. Plans are kept, maybe from when the
// tables were small: never one that reads them whole.
constexpr std::string_view kByKeys =
    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;"
    "SET LOCAL enable_seqscan = off;";

std::string RandomId() {
  std::array<unsigned char, 16> bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    spdlog::critical("no random bytes");
    std::abort();
  }
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

}  // namespace

WriteStart LockRecord(Transaction& transaction) {
  // Each statement sees what was committed before it began: the last one, all before the lock.
  static const std::string kScript = fmt::format(
      "{}{}SELECT coalesce(l.position, 0), {}, s.catalog_version FROM store s LEFT JOIN LATERAL"
      " (SELECT position, commit_time FROM commit_log ORDER BY position DESC LIMIT 1) AS l ON true",
      kByKeys, kLock,
      MicrosOf("greatest(clock_timestamp(), l.commit_time + interval '1 microsecond')"));
  const auto head = transaction.RunScript(kScript)[0];
  return {Position{head[0].as<std::int64_t>()}, head[1].as<Micros>(), head[2].as<std::int64_t>(),
          RandomId()};
}

void LockOnly(Transaction& transaction) { transaction.RunScript(kLock); }

void TakePositions(Transaction& transaction, const std::string& writer_id,
                   const std::vector<TakenPosition>& taken) {
  std::vector<std::int64_t> positions;
  std::vector<std::string> times, principals, addresses, methods, requests, reasons, subjects;
  std::vector<std::int32_t> feeds;
  std::vector<std::int64_t> at, active, retracted, superseded, merged;
  for (const TakenPosition& write : taken) {
    positions.push_back(write.position.value);
    times.push_back(TimestampText(write.time));
    principals.push_back(write.caller->principal);
    addresses.push_back(write.caller->address);
    methods.push_back(write.caller->method);
    requests.push_back(write.caller->request_id);
    reasons.emplace_back(write.reason);
    subjects.push_back(write.subject);
    for (const auto& [feed_id, change] : write.changes) {
      feeds.push_back(feed_id);
      at.push_back(write.position.value);
      active.push_back(change.active);
      retracted.push_back(change.retracted);
      superseded.push_back(change.superseded);
      merged.push_back(change.merged);
    }
  }
  transaction.RunPrepared(
      "WITH taken AS (SELECT w.* FROM unnest($1::bigint[], $2::timestamptz[], $3::text[],"
      "  $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) AS w(position, time,"
      "  principal, address, method, request_id, reason, subject)),"
      " committed AS (INSERT INTO commit_log (position, commit_time, request_id)"
      "  SELECT position, time, $9 FROM taken ORDER BY position),"
      " noted AS (INSERT INTO audit (position, change_time, principal, address, method,"
      "  request_id, reason, subject) SELECT position, time, principal, address, method,"
      "  request_id, reason, nullif(subject, '') FROM taken ORDER BY position)"
      " INSERT INTO feed_count (feed_id, position, active_count, retracted_count,"
      " superseded_count, merged_count) SELECT d.feed_id, d.position,"
      " coalesce(l.active_count, 0) + sum(d.active) OVER before,"
      " coalesce(l.retracted_count, 0) + sum(d.retracted) OVER before,"
      " coalesce(l.superseded_count, 0) + sum(d.superseded) OVER before,"
      " coalesce(l.merged_count, 0) + sum(d.merged) OVER before"
      " FROM unnest($10::int[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],"
      " $15::bigint[]) AS d(feed_id, position, active, retracted, superseded, merged)"
      " LEFT JOIN LATERAL (SELECT c.active_count, c.retracted_count, c.superseded_count,"
      "  c.merged_count FROM feed_count c WHERE c.feed_id = d.feed_id"
      "  ORDER BY c.position DESC LIMIT 1) AS l ON true"
      " WINDOW before AS (PARTITION BY d.feed_id ORDER BY d.position)",
      {ArrayText(positions), ArrayText(times), ArrayText(principals), ArrayText(addresses),
       ArrayText(methods), ArrayText(requests), ArrayText(reasons), ArrayText(subjects), writer_id,
       ArrayText(feeds), ArrayText(at), ArrayText(active), ArrayText(retracted),
       ArrayText(superseded), ArrayText(merged)});
}

}  // namespace annals::storage

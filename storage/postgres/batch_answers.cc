#include "storage/postgres/batch_answers.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "storage/postgres/sql_value.h"

namespace annals::storage {
namespace {

constexpr absl::Duration kSweepInterval = absl::Minutes(1);
constexpr int kSweptMax = 10'000;

// SQL: the time before which answers are forgotten.
std::string KeptSince() {
  return fmt::format("now() - interval '{} seconds'", absl::ToInt64Seconds(kBatchAnswersKept));
}

std::string_view BytesOf(const BatchHash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace

BatchAnswers ReadBatchAnswers(Transaction& transaction, const std::vector<BatchKey>& keys) {
  static const std::string kSql = fmt::format(
      "SELECT b.principal, b.batch_id, b.batch_hash, b.answer"
      " FROM unnest($1::text[], $2::text[]) AS k(principal, batch_id)"
      " JOIN batch_answer b ON b.principal = k.principal AND b.batch_id = k.batch_id"
      " WHERE b.create_time >= {}",
      KeptSince());
  std::vector<std::string> principals, batch_ids;
  for (const BatchKey& key : keys) {
    principals.push_back(key.first);
    batch_ids.push_back(key.second);
  }
  BatchAnswers answers;
  for (const auto& row :
       transaction.RunPrepared(kSql, {ArrayText(principals), ArrayText(batch_ids)})) {
    BatchAnswer& answer = answers[{row[0].c_str(), row[1].c_str()}];
    const std::string hash = DecodeBytea(row[2].c_str());
    std::copy_n(hash.begin(), std::min(hash.size(), answer.hash.size()), answer.hash.begin());
    answer.answer = DecodeBytea(row[3].c_str());
  }
  return answers;
}

void PutBatchAnswers(Transaction& transaction, const std::vector<NewBatchAnswer>& answers,
                     absl::Time* swept) {
  std::vector<std::string> principals, batch_ids, hashes, bodies;
  for (const auto& [key, answer] : answers) {
    principals.push_back(key.first);
    batch_ids.push_back(key.second);
    hashes.push_back(ByteaText(BytesOf(answer.hash)));
    bodies.push_back(ByteaText(answer.answer));
  }
  transaction.RunPrepared(
      "INSERT INTO batch_answer (principal, batch_id, create_time, batch_hash, answer)"
      " SELECT a.principal, a.batch_id, now(), a.batch_hash, a.answer"
      " FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[])"
      " AS a(principal, batch_id, batch_hash, answer)"
      " ON CONFLICT (principal, batch_id) DO UPDATE SET create_time = EXCLUDED.create_time,"
      " batch_hash = EXCLUDED.batch_hash, answer = EXCLUDED.answer",
      {ArrayText(principals), ArrayText(batch_ids), ArrayText(hashes), ArrayText(bodies)});
  if (absl::Now() - *swept < kSweepInterval) return;
  *swept = absl::Now();
  transaction.Run(fmt::format(
      "DELETE FROM batch_answer WHERE ctid = ANY (ARRAY"
      " (SELECT ctid FROM batch_answer WHERE create_time < {} ORDER BY create_time LIMIT {}))",
      KeptSince(), kSweptMax));
}

}  // namespace annals::storage

// The answers to batches that their senders gave a name: the table batch_answer.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "storage/batch_answer.h"
#include "storage/postgres/transaction.h"

namespace annals::storage {

using BatchKey = std::pair<std::string, std::string>;  // principal and batch id
struct BatchAnswer {
  BatchHash hash{};
  std::string answer;  // WriteReceipt
};
using BatchAnswers = std::map<BatchKey, BatchAnswer>;
using NewBatchAnswer = std::pair<BatchKey, BatchAnswer>;

// Those there are, given within kBatchAnswersKept.
[[nodiscard]] BatchAnswers ReadBatchAnswers(Transaction& transaction,
                                            const std::vector<BatchKey>& keys);
// Each key once. From time to time deletes some of the older ones: `swept` is when that was last
// done.
void PutBatchAnswers(Transaction& transaction, const std::vector<NewBatchAnswer>& answers,
                     absl::Time* swept);

}  // namespace annals::storage

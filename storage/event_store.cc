#include "storage/event_store.h"

#include <future>
#include <utility>

namespace annals::storage {

absl::StatusOr<UpsertReceipt> EventStore::UpsertEvents(const CallContext& context,
                                                       std::vector<UpsertRow> rows,
                                                       const UpsertOptions& options) {
  std::promise<absl::StatusOr<UpsertReceipt>> answer;
  StartUpsert(context, std::move(rows), options,
              [&](absl::StatusOr<UpsertReceipt> receipt) { answer.set_value(std::move(receipt)); });
  return answer.get_future().get();
}

}  // namespace annals::storage

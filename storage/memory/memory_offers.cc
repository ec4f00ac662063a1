// What MemoryStore does with exchange offers.
#include <utility>

#include "storage/memory/memory_store.h"

namespace annals::storage {

absl::StatusOr<AdvanceReceipt> MemoryStore::AdvanceOffer(const CallContext& context,
                                                         const EventName& name,
                                                         const annals::v1::OfferStep& step,
                                                         std::string_view etag,
                                                         bool validate_only) {
  std::lock_guard lock(mutex_);
  History* const history = FindHistory(context, name);
  if (history == nullptr) return EventNotFoundError(name);
  const Micros time = NextCommitTime();
  Revision advanced = history->back();
  const auto changed = StampAdvanced(step, etag, time, &advanced.event);
  if (!changed.ok()) return changed.status();
  AdvanceReceipt receipt{Seen(context, advanced.event), head()};
  if (!*changed || validate_only) return receipt;
  advanced.columns = DeriveColumns(*gazetteer_, advanced.event);
  advanced.position = Position{head().value + 1};
  advanced.update_time = time;
  advanced.audit = MakeAudit(context.caller, time, "");
  history->push_back(std::move(advanced));
  Commit(time);
  receipt.position = head();
  return receipt;
}

}  // namespace annals::storage

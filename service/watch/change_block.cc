#include "service/watch/change_block.h"

#include <utility>

namespace annals::service {
namespace {

RevisionFacts FactsOf(const storage::Gazetteer& gazetteer, const annals::v1::Event& event) {
  return {storage::DeriveColumns(gazetteer, event), storage::ToMicros(event.update_time()),
          event.state(), event.redacted()};
}

}  // namespace

ChangeBlock MakeChangeBlock(const storage::Gazetteer& gazetteer, const storage::ChangeCursor& after,
                            storage::ChangePage page) {
  ChangeBlock block{.after = after, .through = page.through, .changes = {}};
  block.changes.reserve(page.changes.size());
  for (storage::RecordChange& change : page.changes) {
    WatchedChange& watched = block.changes.emplace_back();
    watched.now = FactsOf(gazetteer, change.event);
    watched.cursor = {change.position, watched.now.columns.id};
    watched.commit_time = change.commit_time;
    if (change.before) watched.before = FactsOf(gazetteer, *change.before);
    block.has_redacted |= watched.now.redacted;
    block.byte_count += static_cast<std::int64_t>(change.event.ByteSizeLong());
    watched.event = std::move(change.event);
  }
  return block;
}

}  // namespace annals::service

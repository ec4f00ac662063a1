// Makes the messages of one watch: the changes of each atomic write together, in parts where they
// are many. Keeps the watch's place in the log. Not thread-safe.
//
// A part is finished only when it is known whether more of its write follows, so that what a client
// gets depends on its filter alone, never on how the log was read.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "annals/v1/event_service.pb.h"
#include "service/token_codec.h"
#include "service/watch/change_block.h"
#include "service/watch/watch_filter.h"
#include "service/watch/watch_options.h"

namespace annals::service {

class WatchMessages {
 public:
  // What it is made of must outlive it.
  WatchMessages(const TokenCodec* tokens, const WatchOptions* options)
      : tokens_(tokens), options_(options) {}

  // Begins behind `start`.
  void Begin(const storage::ChangeCursor& start, std::shared_ptr<const WatchFilter> filter,
             annals::v1::EventView view);

  // What was looked at: everything up to here.
  [[nodiscard]] const storage::ChangeCursor& cursor() const { return cursor_; }
  [[nodiscard]] const WatchFilter& filter() const { return *filter_; }

  // Looks with another filter from now on. ABORTED (SCOPE_CHANGED) where it is about something else
  // than the one before.
  [[nodiscard]] absl::Status Change(std::shared_ptr<const WatchFilter> filter);

  // Looks at a block from the cursor on; true where that finished a message. REQUIRES: the cursor
  // is not before block.after.
  [[nodiscard]] bool Take(const ChangeBlock& block);
  // The message that was finished.
  [[nodiscard]] annals::v1::WatchEventsResponse Message();

  // Whether a checkpoint may be told here: not within a write of which a part was told or is kept.
  [[nodiscard]] bool MayCheckpoint() const { return !continues_ && part_.changes().empty(); }
  [[nodiscard]] annals::v1::WatchEventsResponse Checkpoint() const;

 private:
  void Finish(const storage::ChangeCursor& told, bool continues);
  [[nodiscard]] std::string Seal(const storage::ChangeCursor& cursor) const;

  const TokenCodec* const tokens_;
  const WatchOptions* const options_;
  std::shared_ptr<const WatchFilter> filter_;
  WatchScope scope_;
  annals::v1::EventView view_ = annals::v1::EVENT_VIEW_UNSPECIFIED;
  storage::ChangeCursor cursor_;
  annals::v1::WatchEventsResponse part_;  // changes of one write, not finished yet
  storage::ChangeCursor part_end_;        // the last of them
  std::int64_t part_bytes_ = 0;
  bool continues_ = false;  // the message before said that more follows
  annals::v1::WatchEventsResponse message_;
};

// ABORTED (SCOPE_CHANGED).
[[nodiscard]] absl::Status ScopeChanged();

}  // namespace annals::service

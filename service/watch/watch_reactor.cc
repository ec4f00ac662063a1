#include "service/watch/watch_reactor.h"

#include <memory>
#include <mutex>
#include <utility>

#include "absl/time/clock.h"
#include "annals/v1/event_service.pb.h"
#include "service/call.h"
#include "service/grpc_status.h"
#include "service/watch/change_tail.h"
#include "service/watch/watch_messages.h"
#include "service/watch/watch_request.h"
#include "storage/error.h"

namespace annals::service {
namespace {

using annals::v1::WatchEventsRequest;
using annals::v1::WatchEventsResponse;

absl::Status SlowConsumer() {
  return WithRetryDelay(
      storage::Error(absl::StatusCode::kResourceExhausted, "SLOW_CONSUMER",
                     "what was told was not taken; resume with the last position"),
      absl::Seconds(1));
}

absl::Status WentAway() { return absl::CancelledError("the client went away"); }

// Whether the store may answer the same question a moment later.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsUnknown(status) || absl::IsResourceExhausted(status);
}

// One step at a time: a task on a thread that may block, a look at the ring by the tail's thread,
// or a write. `mutex_` guards who is next, all else belongs to whoever has the step.
class WatchReactor final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                           public LongCall,
                           public Follower {
 public:
  WatchReactor(const Backend& backend, grpc::CallbackServerContext* context,
               grpc::ByteBuffer request_bytes)
      : backend_(backend),
        tail_(*backend.tail),
        context_(context),
        call_(backend.gate, "annals.v1.EventService/WatchEvents", context),
        request_bytes_(std::move(request_bytes)),
        messages_(backend.tokens, &tail_.options()) {}

  // Lives until OnDone.
  static WatchReactor* Start(std::shared_ptr<WatchReactor> watch) {
    watch->self_ = watch;
    absl::Status begun = watch->call_.admitted();
    if (begun.ok()) begun = watch->backend_.gate->BeginLong(watch.get());
    watch->begun_ = begun.ok();
    const auto begin = [watch] { watch->Begin(); };
    if (begun.ok() && !watch->backend_.executor->TrySubmit(begin)) begun = QueueFull();
    if (!begun.ok()) watch->End(begun);
    return watch.get();
  }

  void OnWriteDone(bool ok) override {
    {
      const std::lock_guard lock(mutex_);
      if (state_ == State::kEnded) return;
      state_ = State::kStepping;
      if (!ok && ending_.ok()) ending_ = WentAway();
    }
    // Most often nothing has come meanwhile.
    if (own_block_ == nullptr) {
      const WhatFollows next = tail_.After(messages_.cursor());
      if (!next.behind && next.block == nullptr && Rest()) return;
    }
    Submit();
  }

  void OnCancel() override { EndWith(WentAway()); }

  void OnDone() override {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    if (begun_) backend_.gate->EndLong(this);
    tail_.Leave(this);
    // Whoever still holds it lets it go; nothing of the call is used any more.
    const std::shared_ptr<WatchReactor> last = std::move(self_);
  }

  [[nodiscard]] const Identity& identity() const override { return call_.identity(); }

  // A client that takes nothing, so that it cannot be told, is cut.
  void Revoke(const absl::Status& why) override {
    {
      const std::lock_guard lock(mutex_);
      if (++revoked_count_ > 1 && state_ == State::kWriting && !done_) context_->TryCancel();
      if (ending_.ok()) ending_ = why;
      if (state_ != State::kResting) return;
      state_ = State::kStepping;
    }
    Submit();
  }

  void EndWith(const absl::Status& why) override {
    {
      const std::lock_guard lock(mutex_);
      if (ending_.ok()) ending_ = why;
      if (state_ != State::kResting) return;
      state_ = State::kStepping;
    }
    End(why);
  }

  void Wake() override {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
      if (state_ != State::kResting) return;
      state_ = State::kStepping;
    }
    Advance(MayRead::kNo);
  }

  void Tick(absl::Time now) override {
    {
      const std::lock_guard lock(mutex_);
      if (state_ == State::kWriting || state_ == State::kEnded) return CutWhereSlow(now);
      if (state_ != State::kResting) return;
      if (!waits_for_store_ && !CheckpointIsDue(now)) return;
      state_ = State::kStepping;
    }
    if (waits_for_store_) return Submit();
    Write(messages_.Checkpoint());
  }

 private:
  enum class State { kStepping, kResting, kWriting, kEnded };
  enum class MayRead { kNo, kYes };
  // What a look at the log came to.
  enum class Look { kMessage, kCheckpoint, kNothing, kMustRead, kAgain };

  // Goes on on a thread that may block. As all below but CutWhereSlow: REQUIRES the step.
  void Submit() {
    if (!tail_.Submit([watch = self_] { watch->Advance(MayRead::kYes); })) End(QueueFull());
  }

  void Begin() {
    const absl::Status begun = Guarded([this] {
      absl::Status wanted = call_.StillWanted();
      if (wanted.ok()) wanted = ParseWholeMessage(request_bytes_, &request_);
      if (!wanted.ok()) return wanted;
      request_bytes_.Clear();
      auto start = TakeWatchStart(backend_, call_, request_);
      if (!start.ok()) return start.status();
      messages_.Begin(start->cursor, std::move(start->filter), request_.view());
      return tail_.Follow(self_);
    });
    if (!begun.ok()) return End(begun);
    Write(messages_.Checkpoint());
  }

  // Looks on until there is something to write, or nothing more.
  void Advance(MayRead may_read) {
    for (;;) {
      absl::Status status = GoOn();
      Look look = Look::kNothing;
      if (status.ok()) status = Guarded([&] { return LookOn(may_read, &look); });
      if (!status.ok()) return End(status);
      if (look == Look::kMessage) return Write(messages_.Message());
      if (look == Look::kCheckpoint) return Write(messages_.Checkpoint());
      if (look == Look::kMustRead) return Submit();
      if (look == Look::kNothing && Rest()) return;
    }
  }

  // Whether it is to go on; why not.
  absl::Status GoOn() {
    const std::lock_guard lock(mutex_);
    woken_ = false;
    return ending_;
  }

  absl::Status LookOn(MayRead may_read, Look* look) {
    waits_for_store_ = false;
    if (own_block_ != nullptr) {
      *look = TakeOwn();
      return absl::OkStatus();
    }
    const WhatFollows next = tail_.After(messages_.cursor());
    const absl::Status same = TakeCatalog(next.catalog);
    if (!same.ok()) return same;
    if (next.behind) {
      *look = Look::kMustRead;
      return may_read == MayRead::kYes ? ReadOwn(look) : absl::OkStatus();
    }
    if (next.block != nullptr) {
      *look = messages_.Take(*next.block) ? Look::kMessage : Look::kAgain;
    }
    return absl::OkStatus();
  }

  // Its own page stays until all of it was told; then others have their turn before the next.
  Look TakeOwn() {
    if (messages_.Take(*own_block_)) return Look::kMessage;
    own_block_ = nullptr;
    if (CheckpointIsDue(absl::Now())) return Look::kCheckpoint;
    return tail_.After(messages_.cursor()).behind ? Look::kMustRead : Look::kAgain;
  }

  absl::Status ReadOwn(Look* look) {
    std::shared_ptr<const CatalogSnapshot> catalog;
    const absl::Status read = tail_.ReadAfter(messages_.cursor(), &own_block_, &catalog);
    waits_for_store_ = MayPass(read);
    *look = waits_for_store_ ? Look::kNothing : Look::kAgain;
    if (!read.ok()) return waits_for_store_ ? absl::OkStatus() : read;
    return TakeCatalog(catalog);
  }

  absl::Status TakeCatalog(const std::shared_ptr<const CatalogSnapshot>& catalog) {
    if (catalog == nullptr || catalog->version() <= messages_.filter().catalog_version()) {
      return absl::OkStatus();
    }
    auto filter =
        WatchFilter::Compile(*backend_.gazetteer, catalog, call_.principal(), request_.filter());
    return filter.ok() ? messages_.Change(*std::move(filter)) : ScopeChanged();
  }

  // False where something has come meanwhile.
  bool Rest() {
    const std::lock_guard lock(mutex_);
    if (!ending_.ok() || (woken_ && !waits_for_store_)) return false;
    state_ = State::kResting;
    return true;
  }

  bool CheckpointIsDue(absl::Time now) const {
    return now - last_write_ >= tail_.options().checkpoint_interval && messages_.MayCheckpoint();
  }

  void Write(const WatchEventsResponse& message) {
    absl::Status wanted = call_.StillWanted();
    if (wanted.ok()) message_bytes_ = ToByteBuffer(message);
    {
      const std::lock_guard lock(mutex_);
      if (wanted.ok()) wanted = ending_;
      if (wanted.ok()) {
        state_ = State::kWriting;
        last_write_ = absl::Now();
        // Reactions to it come on other threads.
        return StartWrite(&message_bytes_);
      }
    }
    End(wanted);
  }

  void End(const absl::Status& why) {
    const std::lock_guard lock(mutex_);
    FinishOnce(why);
  }

  // REQUIRES: mutex_ held.
  void FinishOnce(const absl::Status& why) {
    if (state_ == State::kEnded) return;
    state_ = State::kEnded;
    end_time_ = absl::Now();
    Finish(call_.End(why));
  }

  // REQUIRES: mutex_ held. What is being written is told before the end, where it is taken yet.
  void CutWhereSlow(absl::Time now) {
    const absl::Duration patience = tail_.options().slow_consumer_time;
    if (state_ == State::kWriting && now - last_write_ >= patience) FinishOnce(SlowConsumer());
    if (state_ == State::kEnded && !done_ && now - end_time_ >= patience) context_->TryCancel();
  }

  const Backend& backend_;
  ChangeTail& tail_;
  grpc::CallbackServerContext* const context_;
  const Call call_;
  std::shared_ptr<WatchReactor> self_;  // until OnDone
  bool begun_ = false;
  grpc::ByteBuffer request_bytes_;
  WatchEventsRequest request_;
  WatchMessages messages_;
  std::shared_ptr<const ChangeBlock> own_block_;  // read by itself, not looked through yet
  bool waits_for_store_ = false;                  // which did not answer
  grpc::ByteBuffer message_bytes_;
  absl::Time last_write_ = absl::InfinitePast();

  std::mutex mutex_;
  State state_ = State::kStepping;  // all below: guarded by mutex_
  bool woken_ = false;              // since the step began to look
  bool done_ = false;
  int revoked_count_ = 0;
  absl::Status ending_;  // why it is to end
  absl::Time end_time_ = absl::InfiniteFuture();
};

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* StartWatch(const Backend& backend,
                                                       grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer& request_bytes) {
  return WatchReactor::Start(std::make_shared<WatchReactor>(backend, context, request_bytes));
}

}  // namespace annals::service

#include "service/ingest_reactor.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "annals/v1/ingest_service.pb.h"
#include "service/call.h"
#include "service/ingest_session.h"
#include "service/message_parser.h"

namespace annals::service {
namespace {

// Messages overlap: the next is read and prepared while those before are committed. What there is
// to know of the stream:
//
//   input_    what goes on about the next message: kPaused, nothing; kReading, gRPC waits for it;
//             kTaking, a task on the executor parses and starts it (never two tasks, so that the
//             store gets batches in their order); kHeld, it is a release end and waits until
//             coming_ is 0.
//   places_   one for each message that was started and is not answered, in their order. An answer
//             waits in its place until it is the first and the write before is done.
//   writing_  whether the answer of the first place is being written.
//   coming_   answers that the session still owes, also those of messages without a place.
//   end_      how the stream ends once the places are empty; set by the client's last message, a
//             failure or Revoke. From then on nothing more is read or started.
//
// A message that fails takes its place and those after it out, whatever becomes of their rows, and
// sets end_. Whatever changes any of these holds the lock, and then calls Advance, which does all
// that has become possible. gRPC is told of the end when nothing but a read is under way: no task,
// no write, no answer to come. So no callback outlives the reactor.
class IngestReactor final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                            public LongCall {
 public:
  IngestReactor(const Backend& backend, grpc::CallbackServerContext* context)
      : backend_(backend),
        context_(context),
        call_(backend.gate, "annals.v1.IngestService/IngestEvents", context),
        session_(backend, call_) {
    absl::Status begun = call_.admitted();
    if (begun.ok()) begun = backend_.gate->BeginLong(this);
    begun_ = begun.ok();
    std::unique_lock lock(mutex_);
    if (!begun_) end_ = begun;
    Advance(std::move(lock));
  }

  void OnReadDone(bool ok) override {
    const absl::Status last = ok ? absl::OkStatus() : call_.StillWanted();
    std::unique_lock lock(mutex_);
    input_ = Input::kPaused;
    if (!end_ && ok) Take();
    if (!ok) EndWith(last);
    Advance(std::move(lock));
  }

  void OnWriteDone(bool ok) override {
    std::unique_lock lock(mutex_);
    writing_ = false;
    if (ok) {
      places_.pop_front();
    } else {
      places_.clear();
      if (!end_ || end_->ok()) end_ = absl::CancelledError("the client went away");
    }
    Advance(std::move(lock));
  }

  void OnDone() override {
    if (begun_) backend_.gate->EndLong(this);
    delete this;
  }

  [[nodiscard]] const Identity& identity() const override { return call_.identity(); }

  void Revoke(const absl::Status& why) override {
    std::unique_lock lock(mutex_);
    EndWith(why);
    // A write that does not go through until the next call is the client's own doing.
    if (writing_ && ++revoked_while_writing_ > 1) context_->TryCancel();
    Advance(std::move(lock));
  }

 private:
  enum class Input { kPaused, kReading, kTaking, kHeld };

  struct Place {
    std::size_t request_bytes = 0;
    bool answered = false;
    grpc::ByteBuffer response_bytes;
  };

  // All three: REQUIRES mutex_ held. Advance lets it go; the reactor may be gone when it returns.
  void Advance(std::unique_lock<std::mutex> lock) {
    if (!writing_ && !places_.empty() && places_.front()->answered) {
      writing_ = true;
      StartWrite(&places_.front()->response_bytes);
    }
    if (!end_ && input_ == Input::kHeld && coming_ == 0) Take();
    if (!end_ && input_ == Input::kPaused && HasRoom()) {
      input_ = Input::kReading;
      StartRead(&request_bytes_);
    }
    const bool at_rest = places_.empty() && coming_ == 0 && input_ != Input::kTaking;
    if (!end_ || !at_rest || std::exchange(finished_, true)) return;
    const absl::Status end = *end_;
    // OnDone may come at once, from another thread.
    lock.unlock();
    Finish(call_.End(end));
  }

  void EndWith(const absl::Status& status) {
    if (!end_) end_ = status;
  }

  void Take() {
    input_ = Input::kTaking;
    if (backend_.executor->TrySubmit([this] { TakeMessage(); })) return;
    input_ = Input::kPaused;
    EndWith(QueueFull());
  }

  // REQUIRES: mutex_ held.
  [[nodiscard]] bool HasRoom() const {
    std::size_t bytes = 0;
    for (const auto& place : places_) bytes += place->request_bytes;
    return places_.size() < kMessagesUnderWay && bytes < kBytesUnderWay;
  }

  // The task.
  void TakeMessage() {
    bool held = false;
    const absl::Status status = Guarded([&] { return StartMessage(&held); });
    std::unique_lock lock(mutex_);
    input_ = held ? Input::kHeld : Input::kPaused;
    if (!status.ok()) EndWith(status);
    Advance(std::move(lock));
  }

  // Fails with what keeps the message from having a place. `held`: it must come again.
  absl::Status StartMessage(bool* held) {
    const absl::Status wanted = call_.StillWanted();
    if (!wanted.ok()) return wanted;
    annals::v1::IngestEventsRequest request;
    std::vector<std::string> malformed_fields;
    const absl::Status parsed = ParseMessage(request_bytes_, &request, &malformed_fields);
    if (!parsed.ok()) return parsed;
    const auto place = std::make_shared<Place>();
    {
      const std::lock_guard lock(mutex_);
      if (end_) return absl::OkStatus();
      *held = request.has_release_end() && coming_ > 0;
      if (*held) return absl::OkStatus();
      place->request_bytes = request_bytes_.Length();
      places_.push_back(place);
      ++coming_;
    }
    request_bytes_.Clear();
    const absl::Status started = Guarded([&] {
      return session_.Start(
          malformed_fields, &request,
          [this, place](const absl::StatusOr<annals::v1::IngestEventsResponse>& response) {
            Answer(place, response);
          });
    });
    if (!started.ok()) Answer(place, started);
    return absl::OkStatus();
  }

  void Answer(const std::shared_ptr<Place>& place,
              const absl::StatusOr<annals::v1::IngestEventsResponse>& response) {
    grpc::ByteBuffer bytes;
    const absl::Status status = Guarded([&] {
      if (response.ok()) bytes = ToByteBuffer(*response);
      return response.status();
    });
    std::unique_lock lock(mutex_);
    --coming_;
    const auto found = std::ranges::find(places_, place);
    if (found != places_.end() && status.ok()) {
      place->response_bytes = bytes;
      place->answered = true;
    } else if (found != places_.end()) {
      places_.erase(found, places_.end());
      end_ = status;
    }
    Advance(std::move(lock));
  }

  const Backend& backend_;
  grpc::CallbackServerContext* const context_;
  const Call call_;
  IngestSession session_;           // used by the task alone
  grpc::ByteBuffer request_bytes_;  // gRPC's while kReading, the task's while kTaking
  bool begun_ = false;

  std::mutex mutex_;  // guards all below
  Input input_ = Input::kPaused;
  std::deque<std::shared_ptr<Place>> places_;
  bool writing_ = false;
  int coming_ = 0;
  std::optional<absl::Status> end_;
  bool finished_ = false;
  int revoked_while_writing_ = 0;
};

}  // namespace

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StartIngest(
    const Backend& backend, grpc::CallbackServerContext* context) {
  return new IngestReactor(backend, context);
}

}  // namespace annals::service

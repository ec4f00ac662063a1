#include "service/ingest_reactor.h"

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "annals/v1/ingest_service.pb.h"
#include "service/call.h"
#include "service/ingest_session.h"
#include "service/message_parser.h"

namespace annals::service {
namespace {

// One step at a time: a read, a task on the executor or a write is under way, never two. Revoke may
// come at any time from another thread, so that what begins or ends a step does so under the lock.
// Finish is called without it: OnDone may come at once, from another thread, and takes the lock
// away with the call.
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
    if (begun_) {
      Read();
    } else {
      End(begun);
    }
  }

  void OnReadDone(bool ok) override {
    if (!BeginStep()) return;
    if (!ok) return End(call_.StillWanted());
    const bool accepted = backend_.executor->TrySubmit([this] {
      const absl::Status status = Guarded([this] { return AnswerMessage(); });
      if (!status.ok()) return End(status);
      Write();
    });
    if (!accepted) End(QueueFull());
  }

  void OnWriteDone(bool ok) override {
    if (!BeginStep()) return;
    if (!ok) return End(absl::CancelledError("the client went away"));
    Read();
  }

  void OnDone() override {
    if (begun_) backend_.gate->EndLong(this);
    delete this;
  }

  [[nodiscard]] const Identity& identity() const override { return call_.identity(); }

  void Revoke(const absl::Status& why) override {
    {
      const std::lock_guard lock(mutex_);
      // A write that goes through is followed by a read, and the next call ends that. One that does
      // not is the client's own doing.
      if (state_ == State::kWriting && ++revoked_while_writing_ > 1) context_->TryCancel();
      if (state_ != State::kReading) return;
      state_ = State::kEnded;
    }
    Finish(call_.End(why));
  }

 private:
  enum class State { kWorking, kReading, kWriting, kEnded };

  // Whether the call still goes on.
  bool BeginStep() {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kEnded) return false;
    state_ = State::kWorking;
    return true;
  }

  void Read() {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kEnded) return;
    state_ = State::kReading;
    StartRead(&request_bytes_);
  }

  void Write() {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kEnded) return;
    state_ = State::kWriting;
    StartWrite(&response_bytes_);
  }

  void End(const absl::Status& status) {
    if (BeginEnd()) Finish(call_.End(status));
  }

  // Whether nobody else ends the call.
  bool BeginEnd() {
    const std::lock_guard lock(mutex_);
    return std::exchange(state_, State::kEnded) != State::kEnded;
  }

  absl::Status AnswerMessage() {
    const absl::Status wanted = call_.StillWanted();
    if (!wanted.ok()) return wanted;
    annals::v1::IngestEventsRequest request;
    annals::v1::IngestEventsResponse response;
    std::vector<std::string> malformed_fields;
    const absl::Status parsed = ParseMessage(request_bytes_, &request, &malformed_fields);
    if (!parsed.ok()) return parsed;
    request_bytes_.Clear();
    const absl::Status answered = session_.Answer(malformed_fields, &request, &response);
    if (!answered.ok()) return answered;
    response_bytes_ = ToByteBuffer(response);
    return absl::OkStatus();
  }

  const Backend& backend_;
  grpc::CallbackServerContext* const context_;
  const Call call_;
  IngestSession session_;
  grpc::ByteBuffer request_bytes_;
  grpc::ByteBuffer response_bytes_;
  bool begun_ = false;
  std::mutex mutex_;
  State state_ = State::kWorking;  // guarded by mutex_
  int revoked_while_writing_ = 0;  // guarded by mutex_
};

}  // namespace

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StartIngest(
    const Backend& backend, grpc::CallbackServerContext* context) {
  return new IngestReactor(backend, context);
}

}  // namespace annals::service

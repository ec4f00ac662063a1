#include "service/ingest_reactor.h"

#include <string>
#include <vector>

#include "annals/v1/ingest_service.pb.h"
#include "service/call.h"
#include "service/ingest_session.h"
#include "service/message_parser.h"

namespace annals::service {
namespace {

// One step at a time: a read, a task on the executor or a write is under way, never two, so that
// nothing here needs a lock.
class IngestReactor final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  IngestReactor(const Backend& backend, grpc::CallbackServerContext* context)
      : backend_(backend), call_("IngestEvents", context), session_(backend) {
    StartRead(&request_bytes_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(call_.End(call_.StillWanted()));
    const bool accepted = backend_.executor->TrySubmit([this] {
      const absl::Status status = Guarded([this] { return AnswerMessage(); });
      if (!status.ok()) return Finish(call_.End(status));
      StartWrite(&response_bytes_);
    });
    if (!accepted) Finish(call_.End(QueueFull()));
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(call_.End(absl::CancelledError("the client went away")));
    StartRead(&request_bytes_);
  }

  void OnDone() override { delete this; }

 private:
  absl::Status AnswerMessage() {
    const absl::Status wanted = call_.StillWanted();
    if (!wanted.ok()) return wanted;
    annals::v1::IngestEventsRequest request;
    annals::v1::IngestEventsResponse response;
    std::vector<std::string> malformed_fields;
    const absl::Status parsed = ParseMessage(request_bytes_, &request, &malformed_fields);
    if (!parsed.ok()) return parsed;
    request_bytes_.Clear();
    const absl::Status answered =
        session_.Answer(call_.StoreContext(), malformed_fields, &request, &response);
    if (!answered.ok()) return answered;
    response_bytes_ = ToByteBuffer(response);
    return absl::OkStatus();
  }

  const Backend& backend_;
  const Call call_;
  IngestSession session_;
  grpc::ByteBuffer request_bytes_;
  grpc::ByteBuffer response_bytes_;
};

}  // namespace

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StartIngest(
    const Backend& backend, grpc::CallbackServerContext* context) {
  return new IngestReactor(backend, context);
}

}  // namespace annals::service

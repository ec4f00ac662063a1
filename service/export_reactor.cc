#include "service/export_reactor.h"

#include <atomic>
#include <utility>

#include "annals/v1/event_service.pb.h"
#include "service/call.h"
#include "service/read_request.h"
#include "service/redistribution.h"

namespace annals::service {
namespace {

using annals::v1::ExportEventsRequest;
using annals::v1::ExportEventsResponse;

// One step at a time: either a task on the executor or a write is under way, never both, so that
// nothing here needs a lock; Revoke alone comes from another thread.
class ExportReactor final : public grpc::ServerWriteReactor<grpc::ByteBuffer>, public LongCall {
 public:
  ExportReactor(const Backend& backend, grpc::CallbackServerContext* context,
                grpc::ByteBuffer request_bytes)
      : backend_(backend),
        context_(context),
        call_(backend.gate, "annals.v1.EventService/ExportEvents", context),
        request_bytes_(std::move(request_bytes)) {
    absl::Status begun = call_.admitted();
    if (begun.ok()) begun = backend_.gate->BeginLong(this);
    begun_ = begun.ok();
    if (begun_) {
      Submit([this] { return Begin(); });
    } else {
      Finish(call_.End(begun));
    }
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(call_.End(absl::CancelledError("the client went away")));
    if (token_.done) return Finish(call_.End(absl::OkStatus()));
    Submit([this] { return NextPage(); });
  }

  void OnDone() override {
    if (begun_) backend_.gate->EndLong(this);
    delete this;
  }

  [[nodiscard]] const Identity& identity() const override { return call_.identity(); }

  // The next step says why the call ends. A client that takes nothing, so that there is none, is
  // cut.
  void Revoke(const absl::Status& /*why*/) override {
    if (++revoked_count_ > 1) context_->TryCancel();
  }

 private:
  // Runs a step on the executor; where it fails, the stream ends.
  template <typename Step>
  void Submit(Step step) {
    const bool accepted = backend_.executor->TrySubmit([this, step] {
      const absl::Status status = Guarded([&] {
        const absl::Status wanted = call_.StillWanted();
        return wanted.ok() ? step() : wanted;
      });
      if (!status.ok()) return Finish(call_.End(status));
      StartWrite(&message_bytes_);
    });
    if (!accepted) Finish(call_.End(QueueFull()));
  }

  absl::Status Begin() {
    ExportEventsRequest request;
    absl::Status parsed = ParseWholeMessage(request_bytes_, &request);
    if (!parsed.ok()) return parsed;
    request_bytes_.Clear();
    const absl::Status taken = Take(request);
    return taken.ok() ? NextPage() : taken;
  }

  absl::Status Take(const ExportEventsRequest& request) {
    const storage::CallContext context = call_.StoreContext();
    const auto order = TakeOrder(request.order());
    if (!order.ok()) return order.status();
    page_.order = *order;
    page_.limit = kPageSizeMax;
    page_.bytes_max = kPageBytesMax;
    const absl::Status view = CheckView(request.view());
    if (!view.ok()) return view;
    view_ = request.view();
    const absl::Status token = TakeToken(request);
    if (!token.ok()) return token;
    auto query = TakeFilter(backend_, context, request.filter());
    if (!query.ok()) return query.status();
    query_ = *std::move(query);
    const absl::Status allowed = CheckRedistribution(backend_, call_, context, query_.feeds);
    if (!allowed.ok()) return allowed;
    return Pin(context, request);
  }

  absl::Status TakeToken(const ExportEventsRequest& request) {
    token_.kind = PageKind::kExportEvents;
    token_.request = HashRequest(call_.principal().id, request, {"resume_token", "min_position"});
    if (request.resume_token().empty()) return absl::OkStatus();
    auto token = backend_.tokens->OpenPage(request.resume_token(), "resume_token", token_.kind,
                                           token_.request);
    if (!token.ok()) return token.status();
    token_ = *std::move(token);
    return absl::OkStatus();
  }

  // Settles the position of the whole export: that of the token, or as asked, or the newest.
  absl::Status Pin(const storage::CallContext& context, const ExportEventsRequest& request) {
    const auto snapshot =
        TakeSnapshot(backend_, context, request.has_as_of() ? &request.as_of() : nullptr,
                     request.min_position());
    if (!snapshot.ok()) return snapshot.status();
    if (!token_.pinned) token_.pinned = snapshot->as_of;
    if (token_.pinned) return absl::OkStatus();
    const auto newest = CurrentPosition(backend_, context);
    if (!newest.ok()) return newest.status();
    token_.pinned = *newest;
    return absl::OkStatus();
  }

  // Reads the next page into `message_bytes_` and moves the token behind it.
  absl::Status NextPage() {
    ExportEventsResponse message;
    if (!token_.done) {
      page_.after = token_.cursor;
      auto page = backend_.events->ListEvents(call_.StoreContext(), query_, page_,
                                              storage::Snapshot{token_.pinned});
      if (!page.ok()) return page.status();
      TakeEvents(query_, view_, &*page, message.mutable_events());
      token_.cursor = page->next;
      token_.done = !page->next;
    }
    message.set_resume_token(backend_.tokens->SealPage(token_));
    message.set_position(backend_.tokens->SealPosition(*token_.pinned));
    message_bytes_ = ToByteBuffer(message);
    return absl::OkStatus();
  }

  const Backend& backend_;
  grpc::CallbackServerContext* const context_;
  const Call call_;
  bool begun_ = false;
  std::atomic<int> revoked_count_ = 0;
  grpc::ByteBuffer request_bytes_;
  storage::EventQuery query_;
  storage::PageSpec page_;
  annals::v1::EventView view_ = annals::v1::EVENT_VIEW_UNSPECIFIED;
  PageToken token_;
  grpc::ByteBuffer message_bytes_;
};

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* StartExport(const Backend& backend,
                                                        grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer& request_bytes) {
  return new ExportReactor(backend, context, request_bytes);
}

}  // namespace annals::service

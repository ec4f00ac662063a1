// What every call has in common: it is let in or not, has a request id, a deadline, its work on the
// executor, an answer that never lets an exception out, and one line in the log.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "service/auth/gate.h"
#include "service/backend.h"
#include "service/message_parser.h"
#include "storage/event_store.h"

namespace annals::service {

// Longest that one step of a call may take in the store, whatever deadline the client set.
inline constexpr absl::Duration kStepTimeMax = absl::Minutes(5);

// One call from its arrival to its end.
class Call {
 public:
  // Gives the call a request id, which the client reads in the trailing metadata
  // `annals-request-id`, and asks the gate. `method` is the full name
  // ("annals.v1.EventService/GetEvent") and must live as long as the process, the gate as long as
  // the call.
  Call(Gate* gate, std::string_view method, grpc::CallbackServerContext* context);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Why the call was not let in, as Gate::Admit says. REQUIRES of all below: OK.
  [[nodiscard]] const absl::Status& admitted() const { return admitted_; }
  [[nodiscard]] const Identity& identity() const { return identity_; }
  [[nodiscard]] const Principal& principal() const { return *identity_.principal; }

  // For the store: on the caller's behalf, until the client's deadline, at most kStepTimeMax from
  // now.
  [[nodiscard]] storage::CallContext StoreContext() const;
  // CANCELLED or DEADLINE_EXCEEDED where nobody waits for the answer any more, UNAUTHENTICATED
  // where the caller may go on no longer.
  [[nodiscard]] absl::Status StillWanted() const;
  // As Gate::TakeRows.
  [[nodiscard]] absl::Status TakeRows(std::int64_t rows) const;
  // Logs the call's end and makes what the client reads. For calls that were not let in as well.
  [[nodiscard]] grpc::Status End(const absl::Status& status) const;

 private:
  Gate* gate_;
  std::string_view method_;
  grpc::CallbackServerContext* context_;
  std::string request_id_;
  absl::Time start_;
  absl::Time deadline_;
  absl::Status admitted_;
  Identity identity_;
};

// RESOURCE_EXHAUSTED (QUEUE_FULL), to be tried again: the executor has no room.
[[nodiscard]] absl::Status QueueFull();

// Answers what `work` answers (a Status or StatusOr); an exception becomes INTERNAL. The one place
// where the service catches what it does not know.
template <typename Work>
[[nodiscard]] std::invoke_result_t<Work> Guarded(Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  }
}

// What a handler that answers later is given to answer with: called once, from any thread.
template <typename Response>
using Respond = std::function<void(absl::StatusOr<Response>)>;

// Runs `handler`, absl::Status (const Call&, Request&&, Respond<Response>), on the executor. Where
// it answers OK, it has called what it was given or will, and no longer knows the Call when it has;
// what it fails with answers the call as well.
template <typename Request, typename Response, typename Handler>
grpc::ServerUnaryReactor* RunUnaryLater(const Backend& backend, std::string_view method,
                                        grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request_bytes,
                                        grpc::ByteBuffer* response_bytes, Handler handler) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const auto call =
      std::make_shared<std::optional<Call>>(std::in_place, backend.gate, method, context);
  const auto finish = [=](const absl::Status& status) {
    const grpc::Status end = (*call)->End(status);
    // The server may be gone as soon as gRPC knows, and the Call leaves its gate.
    call->reset();
    reactor->Finish(end);
  };
  if (!(*call)->admitted().ok()) {
    finish((*call)->admitted());
    return reactor;
  }
  const bool accepted = backend.executor->TrySubmit([=] {
    const absl::Status status = Guarded([&] {
      Request request;
      absl::Status step = (*call)->StillWanted();
      if (step.ok()) step = ParseWholeMessage(*request_bytes, &request);
      if (!step.ok()) return step;
      return handler(**call, std::move(request), [=](absl::StatusOr<Response> response) {
        finish(Guarded([&] {
          if (response.ok()) *response_bytes = ToByteBuffer(*response);
          return response.status();
        }));
      });
    });
    if (!status.ok()) finish(status);
  });
  if (!accepted) finish(QueueFull());
  return reactor;
}

// The same with a handler of `service`, absl::Status (const Call&, Request, Response*), that has
// answered when it returns. `Request` is a message by reference: const, or && where the handler
// takes it apart.
template <typename Service, typename Request, typename Response>
grpc::ServerUnaryReactor* RunUnary(const Backend& backend, std::string_view method,
                                   grpc::CallbackServerContext* context,
                                   const grpc::ByteBuffer* request_bytes,
                                   grpc::ByteBuffer* response_bytes, const Service* service,
                                   absl::Status (Service::*handler)(const Call&, Request, Response*)
                                       const) {
  using Message = std::remove_cvref_t<Request>;
  return RunUnaryLater<Message, Response>(
      backend, method, context, request_bytes, response_bytes,
      [=](const Call& call, Message&& request, const Respond<Response>& respond) {
        Response response;
        const absl::Status status =
            (service->*handler)(call, static_cast<Request>(request), &response);
        if (status.ok()) respond(std::move(response));
        return status;
      });
}

}  // namespace annals::service

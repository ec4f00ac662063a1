#include "service/call.h"

#include <algorithm>
#include <array>

#include "fmt/ranges.h"
#include "openssl/rand.h"
#include "service/grpc_status.h"
#include "service/log.h"
#include "service/peer.h"
#include "storage/error.h"

namespace annals::service {
namespace {

constexpr char kRequestIdKey[] = "annals-request-id";
constexpr absl::Duration kQueueDelay = absl::Seconds(1);

std::string NewRequestId() {
  std::array<unsigned char, 8> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

bool IsOurFault(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kDataLoss;
}

}  // namespace

Call::Call(Gate* gate, std::string_view method, grpc::CallbackServerContext* context)
    : gate_(gate),
      method_(method),
      context_(context),
      request_id_(NewRequestId()),
      start_(absl::Now()),
      deadline_(absl::FromChrono(context->deadline())) {
  context->AddTrailingMetadata(kRequestIdKey, request_id_);
  auto identity = gate->Admit(method, CredentialsOf(*context));
  admitted_ = identity.status();
  if (identity.ok()) identity_ = *std::move(identity);
}

Call::~Call() {
  if (admitted_.ok()) gate_->Leave(identity_);
}

storage::CallContext Call::StoreContext() const {
  return {.visibility = principal().Sight(),
          .deadline = std::min(deadline_, absl::Now() + kStepTimeMax),
          .caller = {principal().name(), AddressOf(*context_), std::string(method_), request_id_}};
}

absl::Status Call::StillWanted() const {
  if (context_->IsCancelled()) return absl::CancelledError("cancelled before it began");
  if (absl::Now() >= deadline_) return absl::DeadlineExceededError("passed before it began");
  return gate_->Recheck(identity_);
}

absl::Status Call::TakeRows(std::int64_t rows) const { return gate_->TakeRows(identity_, rows); }

grpc::Status Call::End(const absl::Status& status) const {
  const double elapsed_ms = absl::ToDoubleMilliseconds(absl::Now() - start_);
  const std::string code = absl::StatusCodeToString(status.code());
  Log(LogLevel::kInfo, "call",
      {{"method", std::string(method_)},
       {"code", code},
       {"reason", status.ok() ? "OK" : ReasonOf(status)},
       {"caller", admitted_.ok() ? principal().name() : AddressOf(*context_)},
       {"ms", fmt::format("{:.2f}", elapsed_ms)},
       {"request_id", request_id_}});
  if (IsOurFault(status.code())) {
    Log(LogLevel::kError, "call failed",
        {{"method", std::string(method_)},
         {"code", code},
         {"error", std::string(status.message())},
         {"request_id", request_id_}});
  }
  return ToGrpcStatus(status, request_id_);
}

absl::Status QueueFull() {
  return WithRetryDelay(storage::Error(absl::StatusCode::kResourceExhausted, "QUEUE_FULL",
                                       "too many calls wait for the database; try again"),
                        kQueueDelay);
}

}  // namespace annals::service

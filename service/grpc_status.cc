#include "service/grpc_status.h"

#include <optional>

#include "absl/strings/cord.h"
#include "fmt/format.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "service/validate/text.h"
#include "storage/error.h"

namespace annals::service {
namespace {

constexpr char kBadRequestUrl[] = "type.googleapis.com/google.rpc.BadRequest";
constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";
constexpr char kDomain[] = "annals";
constexpr absl::Duration kUnavailableDelay = absl::Seconds(1);
constexpr absl::Duration kWriteQueueFullDelay = absl::Seconds(1);
constexpr absl::Duration kDatabaseFullDelay = absl::Seconds(10);  // somebody must make room

template <typename Message>
std::optional<Message> PayloadOf(const absl::Status& status, const char* url) {
  const auto payload = status.GetPayload(url);
  Message message;
  if (!payload || !message.ParseFromString(std::string(*payload))) return std::nullopt;
  return message;
}

// Valid UTF-8 of at most `bytes_max` bytes and a mark that more was left off.
std::string Shortened(std::string text, std::size_t bytes_max) {
  if (text.size() > bytes_max) text = text.substr(0, bytes_max) + "...";
  ReplaceMalformed(text.data(), text.size());
  return text;
}

// What is said in place of a message that may hold what a driver said; none where the message may
// pass.
std::optional<std::string> FixedSentence(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInternal:
      return "annalsd failed; its log tells more under the request id";
    case absl::StatusCode::kUnknown:
      return "it is not known whether the change was made; send it again, which is safe";
    case absl::StatusCode::kUnavailable:
      if (storage::ErrorReason(status) == "NOT_YET") {
        return "the record has not come as far as min_position yet; try again";
      }
      return "the record cannot be reached at present; try again";
    case absl::StatusCode::kDeadlineExceeded:
      return "the deadline passed before the answer was ready";
    case absl::StatusCode::kCancelled:
      return "the call was cancelled";
    default:
      return std::nullopt;
  }
}

google::rpc::RetryInfo RetryAfter(absl::Duration delay) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(delay));
  info.mutable_retry_delay()->set_nanos(
      static_cast<int>(absl::ToInt64Nanoseconds(delay % absl::Seconds(1))));
  return info;
}

// The delay of an error that carries none; none where it is not known that trying again helps.
std::optional<google::rpc::RetryInfo> UsualRetry(const absl::Status& status) {
  if (absl::IsUnavailable(status)) return RetryAfter(kUnavailableDelay);
  // Made in storage, which knows of no delays.
  const std::string reason = storage::ErrorReason(status);
  if (reason == "DATABASE_FULL") return RetryAfter(kDatabaseFullDelay);
  if (reason == "WRITE_QUEUE_FULL") return RetryAfter(kWriteQueueFullDelay);
  return std::nullopt;
}

}  // namespace

absl::Status WithViolations(const absl::Status& first,
                            const std::vector<absl::Status>& violations) {
  google::rpc::BadRequest request;
  std::size_t bytes = 0;
  std::size_t listed = 0;
  for (const absl::Status& violation : violations) {
    const std::string field = storage::ErrorField(violation);
    const std::string message = Shortened(std::string(violation.message()), kMessageBytesMax);
    bytes += field.size() + message.size();
    if (listed > 0 && bytes > kViolationBytesMax) break;
    ++listed;
    auto* entry = request.add_field_violations();
    entry->set_field(field);
    entry->set_description(message);
  }
  const std::string_view said(first.message().data(), first.message().size());
  const std::string more =
      violations.size() > 1 ? fmt::format(" (and {} more)", violations.size() - 1) : "";
  absl::Status status = storage::Error(first.code(), storage::ErrorReason(first),
                                       Shortened(std::string(said), kMessageBytesMax) + more,
                                       storage::ErrorField(first));
  status.SetPayload(kBadRequestUrl, absl::Cord(request.SerializeAsString()));
  return status;
}

absl::Status WithRetryDelay(const absl::Status& status, absl::Duration delay) {
  absl::Status with = status;
  with.SetPayload(kRetryInfoUrl, absl::Cord(RetryAfter(delay).SerializeAsString()));
  return with;
}

std::string ReasonOf(const absl::Status& status) {
  const std::string reason = storage::ErrorReason(status);
  return reason.empty() ? absl::StatusCodeToString(status.code()) : reason;
}

grpc::Status ToGrpcStatus(const absl::Status& status, std::string_view request_id) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message =
      FixedSentence(status).value_or(Shortened(std::string(status.message()), kMessageBytesMax));

  google::rpc::ErrorInfo info;
  info.set_reason(ReasonOf(status));
  info.set_domain(kDomain);
  (*info.mutable_metadata())["request_id"] = std::string(request_id);
  const std::string field = storage::ErrorField(status);
  if (!field.empty()) (*info.mutable_metadata())["field"] = field;

  google::rpc::Status rich;
  rich.set_code(static_cast<int>(status.code()));
  rich.set_message(message);
  rich.add_details()->PackFrom(info);
  auto bad_request = PayloadOf<google::rpc::BadRequest>(status, kBadRequestUrl);
  if (!bad_request && !field.empty() && absl::IsInvalidArgument(status)) {
    auto* violation = bad_request.emplace().add_field_violations();
    violation->set_field(field);
    violation->set_description(message);
  }
  if (bad_request) rich.add_details()->PackFrom(*bad_request);
  auto retry = PayloadOf<google::rpc::RetryInfo>(status, kRetryInfoUrl);
  if (!retry) retry = UsualRetry(status);
  if (retry) rich.add_details()->PackFrom(*retry);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), message,
                      rich.SerializeAsString());
}

}  // namespace annals::service

#include "clients/cpp/status.h"

#include <algorithm>
#include <optional>

#include "absl/strings/cord.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace annals::client {
namespace {

constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kBadRequestUrl[] = "type.googleapis.com/google.rpc.BadRequest";
constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";

bool IsKept(const std::string& url) {
  return url == kErrorInfoUrl || url == kBadRequestUrl || url == kRetryInfoUrl;
}

template <typename Message>
Message Payload(const absl::Status& status, const char* url) {
  Message message;
  const absl::optional<absl::Cord> payload = status.GetPayload(url);
  if (payload && !message.ParseFromString(std::string(*payload))) message.Clear();
  return message;
}

}  // namespace

absl::Status FromGrpcStatus(const grpc::Status& status) {
  // The two code enumerations share their numbers by design of google.rpc.
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status details;
  if (status.ok()) return result;
  // A server's own INTERNAL says why in its details. One without comes from a proxy whose server
  // went away in the middle of the answer.
  if (status.error_code() == grpc::StatusCode::INTERNAL && status.error_details().empty()) {
    return absl::UnavailableError(status.error_message());
  }
  if (!details.ParseFromString(status.error_details())) return result;
  for (const google::protobuf::Any& any : details.details()) {
    if (IsKept(any.type_url())) result.SetPayload(any.type_url(), absl::Cord(any.value()));
  }
  return result;
}

std::string ErrorReason(const absl::Status& status) {
  return Payload<google::rpc::ErrorInfo>(status, kErrorInfoUrl).reason();
}

std::string ErrorField(const absl::Status& status) {
  const auto info = Payload<google::rpc::ErrorInfo>(status, kErrorInfoUrl);
  const auto field = info.metadata().find("field");
  return field == info.metadata().end() ? std::string() : field->second;
}

std::vector<FieldViolation> FieldViolations(const absl::Status& status) {
  std::vector<FieldViolation> violations;
  const auto request = Payload<google::rpc::BadRequest>(status, kBadRequestUrl);
  for (const auto& violation : request.field_violations()) {
    violations.push_back({violation.field(), violation.description()});
  }
  return violations;
}

std::optional<absl::Duration> RetryDelay(const absl::Status& status) {
  const auto info = Payload<google::rpc::RetryInfo>(status, kRetryInfoUrl);
  if (!info.has_retry_delay()) return std::nullopt;
  const auto& delay = info.retry_delay();
  return std::max(absl::ZeroDuration(),
                  absl::Seconds(delay.seconds()) + absl::Nanoseconds(delay.nanos()));
}

}  // namespace annals::client

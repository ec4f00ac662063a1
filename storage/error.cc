#include "storage/error.h"

#include <optional>

#include "absl/strings/cord.h"
#include "fmt/format.h"
#include "google/rpc/error_details.pb.h"

namespace annals::storage {
namespace {

constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kField[] = "field";

std::optional<google::rpc::ErrorInfo> InfoOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kErrorInfoUrl);
  google::rpc::ErrorInfo info;
  if (!payload || !info.ParseFromString(std::string(*payload))) return std::nullopt;
  return info;
}

absl::Status WithInfo(absl::StatusCode code, std::string_view message,
                      const google::rpc::ErrorInfo& info) {
  absl::Status status(code, absl::string_view(message.data(), message.size()));
  status.SetPayload(kErrorInfoUrl, absl::Cord(info.SerializeAsString()));
  return status;
}

}  // namespace

absl::Status Error(absl::StatusCode code, std::string_view reason, std::string_view message,
                   std::string_view field) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain("annals");
  if (!field.empty()) (*info.mutable_metadata())[kField] = std::string(field);
  return WithInfo(code, message, info);
}

absl::Status InvalidField(std::string_view field, std::string_view reason,
                          std::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, fmt::format("{}: {}", field, message),
               field);
}

absl::Status PrefixField(const absl::Status& status, std::string_view prefix) {
  auto info = InfoOf(status);
  if (prefix.empty() || !info || !info->metadata().contains(kField)) return status;
  std::string& field = (*info->mutable_metadata())[kField];
  std::string_view message(status.message().data(), status.message().size());
  const std::string said = fmt::format("{}: ", field);
  field = fmt::format("{}.{}", prefix, field);
  if (!message.starts_with(said)) return WithInfo(status.code(), message, *info);
  message.remove_prefix(said.size());
  return WithInfo(status.code(), fmt::format("{}: {}", field, message), *info);
}

std::string ErrorReason(const absl::Status& status) {
  const auto info = InfoOf(status);
  return info ? info->reason() : std::string();
}

std::string ErrorField(const absl::Status& status) {
  const auto info = InfoOf(status);
  if (!info) return {};
  const auto field = info->metadata().find(kField);
  return field == info->metadata().end() ? std::string() : field->second;
}

}  // namespace annals::storage

#include "service/auth/gate.h"

#include "fmt/format.h"
#include "service/auth/policy.h"
#include "storage/error.h"

namespace annals::service {
namespace {

absl::Status RoleTooLow(std::string_view method, const Principal& principal) {
  const auto needed = RoleNeeded(method);
  return storage::Error(absl::StatusCode::kPermissionDenied, "ROLE_TOO_LOW",
                        fmt::format("{} is for the role {} and above; {} has the role {}", method,
                                    needed ? RoleWord(*needed) : "of nobody", principal.name(),
                                    RoleWord(principal.role)));
}

}  // namespace

absl::StatusOr<Identity> Gate::Admit(std::string_view method, const Credentials& credentials) {
  if (authenticator_ == nullptr) {
    static const auto kLocal = std::make_shared<const Principal>(Principal::Local());
    return Identity{kLocal, {}, {}};
  }
  auto identity = authenticator_->Authenticate(credentials);
  if (!identity.ok()) return identity;
  const Principal& principal = *identity->principal;
  // A request that is refused is one, too.
  absl::Status within = limits_.TakeRequest(principal.id);
  if (!within.ok()) return within;
  const auto needed = RoleNeeded(method);
  if (!needed || principal.role < *needed) return RoleTooLow(method, principal);
  within = limits_.OpenCall(principal.id);
  if (!within.ok()) return within;
  return identity;
}

void Gate::Leave(const Identity& identity) {
  if (authenticator_ != nullptr) limits_.CloseCall(identity.principal->id);
}

absl::Status Gate::Recheck(const Identity& identity) const {
  return authenticator_ == nullptr ? absl::OkStatus() : authenticator_->Recheck(identity);
}

absl::Status Gate::TakeRows(const Identity& identity, std::int64_t rows) {
  if (authenticator_ == nullptr) return absl::OkStatus();
  return limits_.TakeRows(identity.principal->id, rows);
}

absl::Status Gate::BeginLong(LongCall* call) {
  if (authenticator_ == nullptr) return absl::OkStatus();
  const absl::Status within = limits_.OpenStream(call->identity().principal->id);
  if (within.ok()) authenticator_->Remember(call);
  return within;
}

void Gate::EndLong(LongCall* call) {
  if (authenticator_ == nullptr) return;
  authenticator_->Forget(call);
  limits_.CloseStream(call->identity().principal->id);
}

}  // namespace annals::service

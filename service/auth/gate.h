// What every call passes before anything is done for it: who calls, whether that role may call this
// method, and whether it has had its share. Thread-safe.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/auth/authenticator.h"
#include "service/auth/call_limits.h"

namespace annals::service {

class Gate {
 public:
  // `authenticator` must outlive the gate. Where it is null there is no access control: everyone is
  // Principal::Local(), without limits.
  Gate(Authenticator* authenticator, const LimitOptions& limits)
      : authenticator_(authenticator), limits_(limits) {}

  // Who calls. Those of Authenticator::Authenticate, CallLimits::TakeRequest and OpenCall;
  // PERMISSION_DENIED (ROLE_TOO_LOW). `method` is its full name. What was admitted leaves once.
  [[nodiscard]] absl::StatusOr<Identity> Admit(std::string_view method,
                                               const Credentials& credentials);
  void Leave(const Identity& identity);
  // Whether the identity is still good.
  [[nodiscard]] absl::Status Recheck(const Identity& identity) const;
  [[nodiscard]] absl::Status TakeRows(const Identity& identity, std::int64_t rows);

  // Between the two `call` counts as one of its caller's streams, and is told when its caller may
  // go on no longer. RESOURCE_EXHAUSTED (TOO_MANY_STREAMS): it has not begun.
  [[nodiscard]] absl::Status BeginLong(LongCall* call);
  void EndLong(LongCall* call);

 private:
  Authenticator* const authenticator_;
  CallLimits limits_;
};

}  // namespace annals::service

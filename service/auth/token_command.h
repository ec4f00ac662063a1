// `annalsd token create|list|revoke`: writes the file that --auth names.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace annals::service {

struct TokenCommand {
  enum class Action { kCreate, kList, kRevoke };
  Action action = Action::kList;
  std::string auth_file;
  std::string principal;           // create: whose
  std::string role;                // create: empty keeps what a known principal has
  std::vector<std::string> feeds;  // create: ids; as role
  std::string expires = "90d";     // create: `45s`, `30m`, `12h`, `90d` or `never`
  std::string certificate;         // create: a certificate's name in place of a token
  std::string id;                  // revoke: of a token, or a certificate's name
};

// Does it. What is asked for (the new token, the list) goes to `out`, the rest to `err`. All errors
// leave the file as it was: INVALID_ARGUMENT (BAD_PRINCIPAL, BAD_ROLE, ROLE_NEEDED, FEEDS_NEEDED,
// FEEDS_NOT_TAKEN, BAD_FEED, BAD_DURATION, BAD_CERTIFICATE), FAILED_PRECONDITION (TOO_MANY_TOKENS:
// two have not expired), ALREADY_EXISTS (CERTIFICATE_TAKEN), NOT_FOUND (TOKEN_NOT_FOUND), and those
// of service/auth/auth_file.h.
[[nodiscard]] absl::Status RunTokenCommand(const TokenCommand& command, absl::Time now,
                                           std::ostream& out, std::ostream& err);

}  // namespace annals::service

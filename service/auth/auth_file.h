// The file that --auth names: who may call, with which tokens and client certificates.
//
//   {"version": 1,
//    "principals": [
//      {"principal": "newsroom", "role": "contributor", "feeds": ["newsroom"],
//       "tokens": [{"id": "5f0c1e9ab2d4", "secret_sha256": "<64 hexadecimal digits>",
//                   "create_time": "2026-01-01T00:00:00Z", "expire_time": "2026-04-01T00:00:00Z"}],
//       "certificates": ["newsroom.example.org"]}]}
//
// A token is `annals_{id}_{secret}`, the secret being 256 random bits in base64url: the file holds
// only its SHA-256, and reading the file lets nobody in. A certificate is named by its common name
// or one of its subject alternative names (DNS or URI). `annalsd token` writes the file; it may be
// edited by hand. Unknown members are refused, and members that stand twice.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/auth/principal.h"

namespace annals::service {

// Tokens of one principal that have not expired: one in use, and one to change to.
inline constexpr std::size_t kLiveTokensMax = 2;

using SecretHash = std::array<std::uint8_t, 32>;

struct TokenEntry {
  std::string id;  // 12 hexadecimal digits
  SecretHash secret_sha256{};
  absl::Time create_time;
  absl::Time expire_time = absl::InfiniteFuture();  // not valid from then on
};

struct PrincipalEntry {
  Principal principal;
  std::vector<TokenEntry> tokens;
  std::vector<std::string> certificates;
};

struct AuthFile {
  std::vector<PrincipalEntry> principals;  // each id once, each token id once
};

// INVALID_ARGUMENT (BAD_AUTH_FILE) naming the place at fault ("principals[2].role").
[[nodiscard]] absl::StatusOr<AuthFile> ParseAuthFile(std::string_view text);
[[nodiscard]] std::string FormatAuthFile(const AuthFile& file);

// NOT_FOUND (NO_FILE), FAILED_PRECONDITION (CANNOT_READ), and those of ParseAuthFile.
[[nodiscard]] absl::StatusOr<AuthFile> ReadAuthFile(const std::string& path);

// Reads the file (none is as an empty one), lets `change` alter it, and puts it back whole by
// rename: readable by its owner alone where it is new, else of the owner and mode that it had.
// Changes by several processes follow one another. Those of ReadAuthFile, of `change`, and
// FAILED_PRECONDITION (CANNOT_WRITE), which leave the file as it was.
[[nodiscard]] absl::Status ChangeAuthFile(const std::string& path,
                                          absl::FunctionRef<absl::Status(AuthFile&)> change);

// A token as a client holds it, taken apart.
struct Token {
  std::string id;
  std::string secret;
};
[[nodiscard]] std::optional<Token> ParseToken(std::string_view text);
// A new one with a random id and secret.
[[nodiscard]] Token NewToken();
[[nodiscard]] std::string FormatToken(const Token& token);
[[nodiscard]] SecretHash HashSecret(std::string_view secret);

}  // namespace annals::service

// As whom a client calls, and how its connection is kept private: values and pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace annals::client {

// TLS as a client speaks it. PEM texts, not names of files.
struct TlsOptions {
  // The authorities that may vouch for the server; empty for the system's.
  std::string ca_pem = {};
  // The client's own certificate and its key, for a server that asks for one. Both or neither.
  std::string certificate_pem = {};
  std::string key_pem = {};
};

// Whether what is sent to `server` stays on this machine: "unix:PATH", or "HOST:PORT" with
// localhost, 127.0.0.0/8 or ::1 as its host. Anything that cannot be read as one of these is not
// local.
[[nodiscard]] bool IsLocal(std::string_view server);

// Whether `text` can be sent as a bearer token: 1 to kTokenBytesMax visible ASCII characters.
[[nodiscard]] bool IsToken(std::string_view text);

inline constexpr std::size_t kTokenBytesMax = 4'096;

// Whether a PEM text holds a certificate or a private key that can be read. A key under a
// passphrase cannot.
[[nodiscard]] bool HoldsCertificate(const std::string& pem);
[[nodiscard]] bool HoldsKey(const std::string& pem);

// INVALID_ARGUMENT where a text of `tls` does not hold what it should, or the certificate and the
// key do not belong together. gRPC itself would only say that no address can be reached.
[[nodiscard]] absl::Status CheckTls(const TlsOptions& tls);

}  // namespace annals::client

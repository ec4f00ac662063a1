// TLS from files that may be replaced while it serves.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/security/server_credentials.h"

namespace annals::service {

// PEM files; empty where not given.
struct TlsFiles {
  std::string certificate;  // the server's, with the chain to its root
  std::string key;          // of the certificate
  std::string client_ca;    // clients must show a certificate that one of these signed
  [[nodiscard]] bool given() const { return !certificate.empty(); }
};

// Credentials that follow the files, and must outlive the server: what was replaced is served to
// connections made from then on, while files that are wrong or do not belong together (one of two
// was replaced so far) leave those before in force and are logged; connections that stand stay.
// INVALID_ARGUMENT (BAD_TLS_FILE) names a file that cannot be read, holds no PEM of its kind, or a
// key of another certificate.
[[nodiscard]] absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeTlsCredentials(
    const TlsFiles& files);

}  // namespace annals::service

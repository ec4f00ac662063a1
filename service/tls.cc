#include "service/tls.h"

#include <cerrno>
#include <cstring>

#include "fmt/format.h"
#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "openssl/pem.h"
#include "openssl/x509.h"
#include "storage/error.h"

namespace annals::service {
namespace {

constexpr unsigned kReloadSeconds = 1;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

absl::Status BadFile(std::string_view field, const std::string& path, std::string_view why) {
  return storage::Error(absl::StatusCode::kInvalidArgument, "BAD_TLS_FILE",
                        fmt::format("--{} {}: {}", field, path, why), field);
}

absl::StatusOr<Bio> Open(std::string_view field, const std::string& path) {
  Bio bio(BIO_new_file(path.c_str(), "r"), BIO_free);
  if (bio == nullptr) return BadFile(field, path, std::strerror(errno));
  return bio;
}

absl::StatusOr<Certificate> ReadCertificate(std::string_view field, const std::string& path) {
  const auto bio = Open(field, path);
  if (!bio.ok()) return bio.status();
  Certificate certificate(PEM_read_bio_X509(bio->get(), nullptr, nullptr, nullptr), X509_free);
  if (certificate == nullptr) return BadFile(field, path, "holds no certificate in PEM");
  return certificate;
}

// Else OpenSSL would ask at the terminal.
int NoPassPhrase(char* /*phrase*/, int /*size*/, int /*writing*/, void* /*context*/) { return -1; }

// What gRPC would only tell clients, as failed handshakes.
absl::Status CheckFiles(const TlsFiles& files) {
  const auto certificate = ReadCertificate("tls-cert", files.certificate);
  if (!certificate.ok()) return certificate.status();
  const auto bio = Open("tls-key", files.key);
  if (!bio.ok()) return bio.status();
  const Key key(PEM_read_bio_PrivateKey(bio->get(), nullptr, NoPassPhrase, nullptr), EVP_PKEY_free);
  if (key == nullptr) {
    return BadFile("tls-key", files.key, "holds no private key in PEM that needs no pass phrase");
  }
  if (X509_check_private_key(certificate->get(), key.get()) != 1) {
    return BadFile("tls-key", files.key, "is not the key of the certificate");
  }
  if (files.client_ca.empty()) return absl::OkStatus();
  return ReadCertificate("tls-client-ca", files.client_ca).status();
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeTlsCredentials(const TlsFiles& files) {
  const absl::Status checked = CheckFiles(files);
  if (!checked.ok()) return checked;
  namespace tls = grpc::experimental;
  const bool asks_clients = !files.client_ca.empty();
  const auto provider = asks_clients
                            ? std::make_shared<tls::FileWatcherCertificateProvider>(
                                  files.key, files.certificate, files.client_ca, kReloadSeconds)
                            : std::make_shared<tls::FileWatcherCertificateProvider>(
                                  files.key, files.certificate, kReloadSeconds);
  tls::TlsServerCredentialsOptions options(provider);
  options.watch_identity_key_cert_pairs();
  if (asks_clients) {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  auto credentials = tls::TlsServerCredentials(options);
  if (credentials == nullptr) return absl::InternalError("gRPC made no TLS credentials");
  return credentials;
}

}  // namespace annals::service

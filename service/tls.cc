#include "service/tls.h"

#include <deque>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "grpc/grpc.h"
#include "grpc/grpc_security.h"
#include "openssl/pem.h"
#include "openssl/x509.h"
#include "service/log.h"
#include "service/read_file.h"
#include "storage/error.h"

namespace annals::service {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// What TlsFiles hold.
struct TlsTexts {
  std::string certificate;
  std::string key;
  std::string client_ca;  // empty where clients are not asked
  bool operator==(const TlsTexts&) const = default;
};

absl::Status BadFile(std::string_view field, const std::string& path, std::string_view why) {
  return storage::Error(absl::StatusCode::kInvalidArgument, "BAD_TLS_FILE",
                        fmt::format("--{} {}: {}", field, path, why), field);
}

absl::Status Read(std::string_view field, const std::string& path, std::string* text) {
  auto read = ReadFile(path);
  if (!read.ok()) return BadFile(field, path, std::string(read.status().message()));
  *text = *std::move(read);
  return absl::OkStatus();
}

absl::StatusOr<TlsTexts> ReadAll(const TlsFiles& files) {
  TlsTexts texts;
  absl::Status read = Read("tls-cert", files.certificate, &texts.certificate);
  if (read.ok()) read = Read("tls-key", files.key, &texts.key);
  if (read.ok() && !files.client_ca.empty()) {
    read = Read("tls-client-ca", files.client_ca, &texts.client_ca);
  }
  if (!read.ok()) return read;
  return texts;
}

Bio Open(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

// OpenSSL would ask the terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return 0; }

absl::StatusOr<Certificate> ParseCertificate(std::string_view field, const std::string& path,
                                             const std::string& text) {
  const Bio bio = Open(text);
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr), X509_free);
  if (certificate == nullptr) return BadFile(field, path, "holds no certificate in PEM");
  return certificate;
}

// What gRPC would only tell clients, as failed handshakes.
absl::Status Check(const TlsFiles& files, const TlsTexts& texts) {
  const auto certificate = ParseCertificate("tls-cert", files.certificate, texts.certificate);
  if (!certificate.ok()) return certificate.status();
  const Bio bio = Open(texts.key);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr), EVP_PKEY_free);
  if (key == nullptr) {
    return BadFile("tls-key", files.key, "holds no private key in PEM, or one under a passphrase");
  }
  if (X509_check_private_key(certificate->get(), key.get()) != 1) {
    return BadFile("tls-key", files.key, "is not the key of the certificate");
  }
  if (files.client_ca.empty()) return absl::OkStatus();
  return ParseCertificate("tls-client-ca", files.client_ca, texts.client_ca).status();
}

// Looks at the files whenever a connection is made. gRPC's own watcher takes a certificate and a
// key that do not belong together, and fails every handshake until both have been replaced.
class FileCredentials final : public grpc::ServerCredentials {
 public:
  explicit FileCredentials(TlsFiles files) : files_(std::move(files)) {}

  void SetAuthMetadataProcessor(
      const std::shared_ptr<grpc::AuthMetadataProcessor>& /*processor*/) override {}

 private:
  // What one listening port has seen of the files. gRPC asks for one port at a time.
  struct Port {
    const TlsFiles* files;
    TlsTexts served;
    std::string complaint;  // what was wrong the last time, so that it is told once
  };

  int AddPortToServer(const std::string& address, grpc_server* server) override {
    Port& port = ports_.emplace_back(Port{&files_, {}, {}});
    grpc_server_credentials* const credentials = grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(
            files_.client_ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                     : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY,
            &FileCredentials::Fetch, &port));
    const int bound = grpc_server_add_http2_port(server, address.c_str(), credentials);
    grpc_server_credentials_release(credentials);
    return bound;
  }

  static grpc_ssl_certificate_config_reload_status Fetch(
      void* data, grpc_ssl_server_certificate_config** config) {
    Port& port = *static_cast<Port*>(data);
    auto texts = ReadAll(*port.files);
    if (texts.ok() && *texts == port.served) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const absl::Status good = texts.ok() ? Check(*port.files, *texts) : texts.status();
    if (!good.ok()) {
      const std::string complaint(good.message());
      if (std::exchange(port.complaint, complaint) != complaint) {
        Log(LogLevel::kError, "TLS files not taken; those before stay", {{"error", complaint}});
      }
      return port.served == TlsTexts{} ? GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_FAIL
                                       : GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    }
    port.served = *std::move(texts);
    port.complaint.clear();
    const grpc_ssl_pem_key_cert_pair pair{port.served.key.c_str(), port.served.certificate.c_str()};
    // gRPC 1.51 asserts that there are roots; where clients are not asked, nothing is held to them.
    const std::string& roots =
        port.served.client_ca.empty() ? port.served.certificate : port.served.client_ca;
    *config = grpc_ssl_server_certificate_config_create(roots.c_str(), &pair, 1);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const TlsFiles files_;
  std::deque<Port> ports_;  // stay where they are
};

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeTlsCredentials(const TlsFiles& files) {
  const auto texts = ReadAll(files);
  const absl::Status checked = texts.ok() ? Check(files, *texts) : texts.status();
  if (!checked.ok()) return checked;
  return std::make_shared<FileCredentials>(files);
}

}  // namespace annals::service

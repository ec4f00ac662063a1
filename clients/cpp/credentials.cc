#include "clients/cpp/credentials.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

namespace annals::client {
namespace {

bool IsPort(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return c >= '0' && c <= '9'; });
}

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::unique_ptr<BIO, decltype(&BIO_free)> Reading(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
}

Certificate ReadCertificate(const std::string& pem) {
  Certificate certificate(PEM_read_bio_X509_AUX(Reading(pem).get(), nullptr, nullptr, nullptr),
                          X509_free);
  ERR_clear_error();  // Nobody shall take it for the error of a call of theirs.
  return certificate;
}

Key ReadKey(const std::string& pem) {
  char no_passphrase[] = "";  // Without one OpenSSL would ask for it on the terminal.
  Key key(PEM_read_bio_PrivateKey(Reading(pem).get(), nullptr, nullptr, no_passphrase),
          EVP_PKEY_free);
  ERR_clear_error();
  return key;
}

}  // namespace

bool IsLocal(std::string_view server) {
  if (server.starts_with("unix:")) return true;
  const std::size_t colon = server.rfind(':');
  if (colon == std::string_view::npos || !IsPort(server.substr(colon + 1))) return false;
  const std::string host(server.substr(0, colon));
  if (host.starts_with('[') && host.ends_with(']')) {
    in6_addr v6{};
    return inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6) == 1 &&
           IN6_IS_ADDR_LOOPBACK(&v6);
  }
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  return host == "localhost";
}

bool IsToken(std::string_view text) {
  // gRPC aborts the process over metadata that HTTP/2 cannot carry.
  return !text.empty() && text.size() <= kTokenBytesMax &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

bool HoldsCertificate(const std::string& pem) { return ReadCertificate(pem) != nullptr; }

bool HoldsKey(const std::string& pem) { return ReadKey(pem) != nullptr; }

absl::Status CheckTls(const TlsOptions& tls) {
  if (!tls.ca_pem.empty() && !HoldsCertificate(tls.ca_pem)) {
    return absl::InvalidArgumentError("the authorities hold no certificate in PEM");
  }
  if (tls.certificate_pem.empty() && tls.key_pem.empty()) return absl::OkStatus();
  const Certificate certificate = ReadCertificate(tls.certificate_pem);
  const Key key = ReadKey(tls.key_pem);
  if (!certificate || !key) {
    return absl::InvalidArgumentError("a client certificate and its key go together, both in PEM");
  }
  const bool fit = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!fit) return absl::InvalidArgumentError("the key is not the client certificate's");
  return absl::OkStatus();
}

}  // namespace annals::client

#include "clients/cli/credential_flags.h"

#include <fmt/format.h>

#include <fstream>
#include <string>
#include <string_view>

#include "clients/cli/outcome.h"

namespace annals::cli {
namespace {

// More than every bundle of authorities.
constexpr std::size_t kFileBytesMax = std::size_t{4} << 20;

constexpr std::string_view kSpace = " \t\r\n";

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

absl::Status ReadFile(const std::string& path, std::string_view flag, std::string& content) {
  std::ifstream file(path, std::ios::binary);
  content.resize(kFileBytesMax + 1);
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  // A directory opens, and fails only when read.
  if (!file.is_open() || file.bad()) {
    return UsageError(fmt::format("{}: {} cannot be read", flag, path));
  }
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() > kFileBytesMax) {
    return UsageError(fmt::format("{}: {} has more than {} bytes", flag, path, kFileBytesMax));
  }
  return absl::OkStatus();
}

absl::Status ReadToken(const std::string& path, std::string& token) {
  std::string content;
  if (absl::Status status = ReadFile(path, "--token-file", content); !status.ok()) return status;
  token = Trimmed(std::string_view(content).substr(0, content.find('\n')));
  if (client::IsToken(token)) return absl::OkStatus();
  // What the file holds may be a secret in the wrong place: it is not quoted.
  return UsageError(
      fmt::format("--token-file: the first line of {} holds no token, or not only one", path));
}

absl::Status ReadCertificate(const std::string& path, std::string_view flag, std::string& pem) {
  if (path.empty()) return absl::OkStatus();
  if (absl::Status status = ReadFile(path, flag, pem); !status.ok()) return status;
  if (client::HoldsCertificate(pem)) return absl::OkStatus();
  return UsageError(fmt::format("{}: {} holds no certificate in PEM", flag, path));
}

absl::Status ReadKey(const std::string& path, std::string& pem) {
  if (path.empty()) return absl::OkStatus();
  if (absl::Status status = ReadFile(path, "--tls-key", pem); !status.ok()) return status;
  if (client::HoldsKey(pem)) return absl::OkStatus();
  return UsageError(
      fmt::format("--tls-key: {} holds no private key in PEM, or one under a passphrase", path));
}

const std::string& Given(const std::string& flag, const std::string& environment) {
  return flag.empty() ? environment : flag;
}

}  // namespace

void AddCredentialFlags(CLI::App& app, CredentialFlags& flags) {
  const auto file = [&app](const char* flag, std::string& path, const char* text) {
    app.add_option(flag, path, text)->option_text("FILE");
  };
  file("--token-file", flags.files.token,
       "Its first line is the token that says who you are (ANNALS_TOKEN_FILE)");
  app.add_flag("--tls", flags.tls,
               "Speak TLS, trusting whom the system trusts; always so where the server is neither "
               "loopback nor a UNIX socket")
      ->option_text(" ");
  file("--tls-ca", flags.files.tls_ca,
       "Speak TLS, trusting the authorities in this PEM file alone (ANNALS_TLS_CA)");
  file("--tls-cert", flags.files.tls_certificate,
       "Speak TLS with this client certificate, PEM; needs --tls-key (ANNALS_TLS_CERT)");
  file("--tls-key", flags.files.tls_key, "Its key, PEM (ANNALS_TLS_KEY)");
}

absl::Status ReadCredentials(const CredentialFlags& flags, const CredentialFiles& environment,
                             client::ConnectionOptions& options) {
  const std::string& token = Given(flags.files.token, environment.token);
  const std::string& ca = Given(flags.files.tls_ca, environment.tls_ca);
  const std::string& certificate = Given(flags.files.tls_certificate, environment.tls_certificate);
  const std::string& key = Given(flags.files.tls_key, environment.tls_key);
  if (certificate.empty() != key.empty()) {
    return UsageError("--tls-cert and --tls-key go together");
  }
  if (!token.empty()) {
    if (absl::Status status = ReadToken(token, options.token); !status.ok()) return status;
  }
  const bool asked = flags.tls || !ca.empty() || !certificate.empty();
  if (!asked && client::IsLocal(options.server)) return absl::OkStatus();
  client::TlsOptions& tls = options.tls.emplace();
  absl::Status status = ReadCertificate(ca, "--tls-ca", tls.ca_pem);
  if (status.ok()) status = ReadCertificate(certificate, "--tls-cert", tls.certificate_pem);
  if (status.ok()) status = ReadKey(key, tls.key_pem);
  if (status.ok() && !client::CheckTls(tls).ok()) {
    return UsageError(fmt::format("--tls-key: {} is not the key of {}", key, certificate));
  }
  return status;
}

}  // namespace annals::cli

#include "service/auth/authenticator.h"

#include <sys/stat.h>

#include <chrono>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "openssl/crypto.h"
#include "service/log.h"
#include "storage/error.h"

namespace annals::service {
namespace {

constexpr std::string_view kBearer = "Bearer ";

absl::Status Unauthenticated(std::string_view reason, std::string_view message) {
  return storage::Error(absl::StatusCode::kUnauthenticated, reason, message);
}

absl::Status BadToken() {
  return Unauthenticated("BAD_TOKEN", "the bearer token is none of this server's, or was revoked");
}

absl::Status Expired() { return Unauthenticated("TOKEN_EXPIRED", "the bearer token has expired"); }

absl::Status UnknownCertificate() {
  return Unauthenticated("UNKNOWN_CERTIFICATE", "the client certificate names nobody known here");
}

bool HasScheme(std::string_view authorization) {
  if (authorization.size() < kBearer.size()) return false;
  for (std::size_t i = 0; i < kBearer.size(); ++i) {
    if ((authorization[i] | 0x20) != (kBearer[i] | 0x20)) return false;
  }
  return true;
}

}  // namespace

Authenticator::Authenticator(std::string path, absl::Duration reload_interval)
    : path_(std::move(path)), reload_interval_(reload_interval) {}

absl::StatusOr<std::unique_ptr<Authenticator>> Authenticator::Open(const std::string& path,
                                                                   absl::Duration reload_interval) {
  std::unique_ptr<Authenticator> authenticator(new Authenticator(path, reload_interval));
  const absl::Status read = authenticator->Reload();
  if (!read.ok()) return read;
  authenticator->watcher_ = std::thread([raw = authenticator.get()] { raw->Watch(); });
  return authenticator;
}

Authenticator::~Authenticator() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (watcher_.joinable()) watcher_.join();
}

Authenticator::FileState Authenticator::StateOf(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return {};
  // Not when it was written last: that a file may be read now is a change as well.
  return {status.st_dev, status.st_ino, status.st_size,
          std::int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec};
}

std::shared_ptr<const Authenticator::Table> Authenticator::MakeTable(const AuthFile& file) {
  auto table = std::make_shared<Table>();
  for (const PrincipalEntry& entry : file.principals) {
    const auto principal = std::make_shared<const Principal>(entry.principal);
    for (const TokenEntry& token : entry.tokens) {
      table->tokens[token.id] = {token.secret_sha256, token.expire_time, principal};
    }
    for (const std::string& name : entry.certificates) table->certificates[name] = principal;
  }
  return table;
}

std::shared_ptr<const Authenticator::Table> Authenticator::table() const {
  const std::lock_guard lock(mutex_);
  return table_;
}

absl::Status Authenticator::Reload() {
  // What changes while it is read is read again the next time.
  state_ = StateOf(path_);
  const auto file = ReadAuthFile(path_);
  // What could not be read is tried again: what was revoked in it must not stay in force.
  if (storage::ErrorReason(file.status()) == "CANNOT_READ") state_ = {};
  if (!file.ok()) return file.status();
  if (file->principals.empty()) {
    return storage::Error(
        absl::StatusCode::kFailedPrecondition, "NOBODY_MAY_CALL",
        fmt::format("{} names nobody: make a token with annalsd token create", path_));
  }
  auto table = MakeTable(*file);
  const std::lock_guard lock(mutex_);
  table_ = std::move(table);
  return absl::OkStatus();
}

absl::StatusOr<Identity> Authenticator::AuthenticateToken(std::string_view authorization) {
  if (!HasScheme(authorization)) return BadToken();
  const auto token = ParseToken(authorization.substr(kBearer.size()));
  if (!token) return BadToken();
  // A token may be used as soon as it is made.
  if (!table()->tokens.contains(token->id)) ReloadIfChanged();
  const auto known = table();
  const auto found = known->tokens.find(token->id);
  // An id that is not there takes as long as a secret that is wrong.
  const SecretHash hash = HashSecret(token->secret);
  const SecretHash expected =
      found == known->tokens.end() ? SecretHash{} : found->second.secret_sha256;
  if (CRYPTO_memcmp(hash.data(), expected.data(), hash.size()) != 0) return BadToken();
  if (found == known->tokens.end()) return BadToken();
  if (absl::Now() >= found->second.expire_time) return Expired();
  return Identity{found->second.principal, token->id, {}};
}

absl::StatusOr<Identity> Authenticator::AuthenticateCertificate(
    const std::vector<std::string>& names) {
  for (const bool again : {false, true}) {
    if (again) ReloadIfChanged();
    const auto known = table();
    for (const std::string& name : names) {
      const auto found = known->certificates.find(name);
      if (found != known->certificates.end()) return Identity{found->second, {}, name};
    }
  }
  return UnknownCertificate();
}

absl::StatusOr<Identity> Authenticator::Authenticate(const Credentials& credentials) {
  if (!credentials.authorization.empty()) return AuthenticateToken(credentials.authorization);
  if (!credentials.certificate_names.empty()) {
    return AuthenticateCertificate(credentials.certificate_names);
  }
  return Unauthenticated("NO_CREDENTIALS",
                         "say who calls: a bearer token in the header authorization is needed");
}

absl::Status Authenticator::Recheck(const Identity& identity) const {
  const auto known = table();
  std::shared_ptr<const Principal> principal;
  if (const auto token = known->tokens.find(identity.token_id); token != known->tokens.end()) {
    if (absl::Now() >= token->second.expire_time) return Expired();
    principal = token->second.principal;
  } else if (const auto found = known->certificates.find(identity.certificate);
             found != known->certificates.end()) {
    principal = found->second;
  }
  if (principal == nullptr) {
    return identity.certificate.empty() ? BadToken() : UnknownCertificate();
  }
  if (*principal == *identity.principal) return absl::OkStatus();
  return Unauthenticated("RIGHTS_CHANGED", "what the caller may do has changed; call again");
}

void Authenticator::ReloadIfChanged() {
  const std::lock_guard lock(reload_mutex_);
  if (StateOf(path_) == state_) return;
  const absl::Status status = Reload();
  const std::string failure(status.message());
  if (status.ok() || failure != failure_) {
    Log(status.ok() ? LogLevel::kInfo : LogLevel::kError,
        status.ok() ? "auth file read again" : "auth file not read; the one before stays",
        {{"file", path_}, {"error", failure}});
  }
  failure_ = failure;
}

void Authenticator::Remember(LongCall* call) {
  const std::lock_guard lock(calls_mutex_);
  calls_.insert(call);
}

void Authenticator::Forget(LongCall* call) {
  const std::lock_guard lock(calls_mutex_);
  calls_.erase(call);
}

void Authenticator::RevokeWhatIsOver() {
  const std::lock_guard lock(calls_mutex_);
  for (LongCall* call : calls_) {
    const absl::Status good = Recheck(call->identity());
    if (!good.ok()) call->Revoke(good);
  }
}

void Authenticator::Watch() {
  const auto interval = absl::ToChronoMilliseconds(reload_interval_);
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, interval, [this] { return stopping_; })) {
    lock.unlock();
    ReloadIfChanged();
    RevokeWhatIsOver();
    lock.lock();
  }
}

}  // namespace annals::service

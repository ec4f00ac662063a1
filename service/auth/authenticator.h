// Says who calls, by the file that --auth names, and notices when that changes.
//
// The file is looked at every so often, and when a token or certificate comes that is not known: a
// new one takes effect then, one that cannot be read (it is tried again) or is wrong is logged and
// leaves the one before in force. Thread-safe.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/auth/auth_file.h"

namespace annals::service {

// Twice this after a token was revoked or has expired, nothing is begun for it any more and its
// streams are ended; what is at the database by then is finished.
inline constexpr absl::Duration kReloadInterval = absl::Milliseconds(500);

// What a call brings to show who makes it.
struct Credentials {
  std::string authorization;                   // the header of that name, empty where none came
  std::vector<std::string> certificate_names;  // of a client certificate that was verified
};

// A caller who was let in. Cheap to copy.
struct Identity {
  std::shared_ptr<const Principal> principal;
  std::string token_id;     // or
  std::string certificate;  // its name; both empty where nobody is asked who they are
};

// Something that goes on for long: told when its caller may go on no longer.
class LongCall {
 public:
  virtual ~LongCall() = default;
  [[nodiscard]] virtual const Identity& identity() const = 0;
  // Called after each look at the file until the call is forgotten. Must not block or call back.
  virtual void Revoke(const absl::Status& why) = 0;
};

class Authenticator {
 public:
  // Those of ReadAuthFile; FAILED_PRECONDITION (NOBODY_MAY_CALL) where the file has no principal.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Authenticator>> Open(
      const std::string& path, absl::Duration reload_interval = kReloadInterval);
  ~Authenticator();
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  // UNAUTHENTICATED: NO_CREDENTIALS; BAD_TOKEN (none of ours, or revoked); TOKEN_EXPIRED;
  // UNKNOWN_CERTIFICATE. A bearer token goes before a certificate.
  [[nodiscard]] absl::StatusOr<Identity> Authenticate(const Credentials& credentials);
  // Whether an identity given before is still good, and what it may do unchanged: OK or as above.
  [[nodiscard]] absl::Status Recheck(const Identity& identity) const;

  // Between the two, `call` is told when its identity is no longer good. Forget returns when it is
  // not being told.
  void Remember(LongCall* call);
  void Forget(LongCall* call);

 private:
  struct KnownToken {
    SecretHash secret_sha256{};
    absl::Time expire_time;
    std::shared_ptr<const Principal> principal;
  };
  struct Table {
    std::map<std::string, KnownToken, std::less<>> tokens;  // by id
    std::map<std::string, std::shared_ptr<const Principal>, std::less<>> certificates;
  };
  // Tells one state of the file from another.
  struct FileState {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = -1, change_ns = 0;
    bool operator==(const FileState&) const = default;
  };

  Authenticator(std::string path, absl::Duration reload_interval);
  static FileState StateOf(const std::string& path);
  static std::shared_ptr<const Table> MakeTable(const AuthFile& file);
  [[nodiscard]] std::shared_ptr<const Table> table() const;
  [[nodiscard]] absl::StatusOr<Identity> AuthenticateToken(std::string_view authorization);
  [[nodiscard]] absl::StatusOr<Identity> AuthenticateCertificate(
      const std::vector<std::string>& names);
  absl::Status Reload();
  void ReloadIfChanged();
  void Watch();
  void RevokeWhatIsOver();

  const std::string path_;
  const absl::Duration reload_interval_;
  std::mutex reload_mutex_;
  FileState state_;      // of the file last read; guarded by reload_mutex_
  std::string failure_;  // why it could not be read, as logged; guarded by reload_mutex_

  mutable std::mutex mutex_;
  std::shared_ptr<const Table> table_;  // guarded by mutex_
  bool stopping_ = false;               // guarded by mutex_
  std::condition_variable wake_;
  std::mutex calls_mutex_;
  std::set<LongCall*> calls_;  // guarded by calls_mutex_
  std::thread watcher_;
};

}  // namespace annals::service

#include "service/auth/auth_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <set>
#include <utility>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "nlohmann/json.hpp"
#include "openssl/rand.h"
#include "openssl/sha.h"
#include "service/base64url.h"
#include "service/read_file.h"
#include "storage/error.h"
#include "storage/event_name.h"

namespace annals::service {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr mode_t kFileMode = 0600;
constexpr std::string_view kTokenPrefix = "annals_";
constexpr std::size_t kIdBytes = 6;
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kSecretCharacters = 43;

// What is wrong in the file, and where.
class Malformed : public std::exception {
 public:
  Malformed(std::string_view where, std::string_view what)
      : text_(fmt::format("{}: {}", where.empty() ? "the file" : where, what)) {}
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

std::string Below(std::string_view where, std::string_view member) {
  return where.empty() ? std::string(member) : fmt::format("{}.{}", where, member);
}

void CheckMembers(const Json& object, std::string_view where,
                  std::initializer_list<std::string_view> known) {
  if (!object.is_object()) throw Malformed(where, "must be an object");
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(known, key) == known.end()) {
      throw Malformed(Below(where, key), "is no member that is known");
    }
  }
}

std::string TakeText(const Json& object, std::string_view where, const char* member) {
  const auto found = object.find(member);
  if (found == object.end() || !found->is_string()) {
    throw Malformed(Below(where, member), "must be given, as a string");
  }
  return found->get<std::string>();
}

// The elements of an array that may be absent, each with where it stands.
std::vector<std::pair<std::string, Json>> TakeArray(const Json& object, std::string_view where,
                                                    const char* member) {
  std::vector<std::pair<std::string, Json>> items;
  const auto found = object.find(member);
  if (found == object.end()) return items;
  if (!found->is_array()) throw Malformed(Below(where, member), "must be an array");
  for (const Json& item : *found) {
    items.emplace_back(fmt::format("{}[{}]", Below(where, member), items.size()), item);
  }
  return items;
}

std::vector<std::string> TakeTexts(const Json& object, std::string_view where, const char* member) {
  std::vector<std::string> texts;
  for (const auto& [place, item] : TakeArray(object, where, member)) {
    if (!item.is_string() || item.get<std::string>().empty()) {
      throw Malformed(place, "must be a string that is not empty");
    }
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

absl::Time TakeTime(const Json& object, std::string_view where, const char* member) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, TakeText(object, where, member), &time, &error)) {
    throw Malformed(Below(where, member), "must be a time such as 2026-01-31T12:00:00Z");
  }
  return time;
}

bool IsHex(std::string_view text, std::size_t size) {
  return text.size() == size &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

TokenEntry TakeToken(const Json& json, const std::string& where) {
  CheckMembers(json, where, {"id", "secret_sha256", "create_time", "expire_time"});
  TokenEntry token;
  token.id = TakeText(json, where, "id");
  if (!IsHex(token.id, 2 * kIdBytes)) throw Malformed(where + ".id", "must be 12 digits of hex");
  const std::string hash = TakeText(json, where, "secret_sha256");
  if (!IsHex(hash, 2 * token.secret_sha256.size())) {
    throw Malformed(where + ".secret_sha256", "must be 64 digits of lower-case hex");
  }
  for (std::size_t i = 0; i < token.secret_sha256.size(); ++i) {
    token.secret_sha256[i] =
        static_cast<std::uint8_t>(std::strtoul(hash.substr(2 * i, 2).c_str(), nullptr, 16));
  }
  token.create_time = TakeTime(json, where, "create_time");
  if (json.contains("expire_time")) token.expire_time = TakeTime(json, where, "expire_time");
  return token;
}

PrincipalEntry TakePrincipal(const Json& json, const std::string& where) {
  CheckMembers(json, where, {"principal", "role", "feeds", "tokens", "certificates"});
  PrincipalEntry entry;
  entry.principal.id = TakeText(json, where, "principal");
  if (!IsPrincipalId(entry.principal.id)) {
    throw Malformed(where + ".principal", "must match [a-z0-9][a-z0-9._-]{0,62}");
  }
  entry.principal.role = RoleOfWord(TakeText(json, where, "role"));
  if (entry.principal.role == annals::v1::ROLE_UNSPECIFIED) {
    throw Malformed(where + ".role", "must be reader, contributor, editor or admin");
  }
  for (const std::string& feed : TakeTexts(json, where, "feeds")) {
    if (!storage::ParseCatalogName("feeds", "feeds/" + feed).ok()) {
      throw Malformed(where + ".feeds", fmt::format("'{}' is no feed's id", feed));
    }
    entry.principal.feeds.insert(feed);
  }
  if (!entry.principal.feeds.empty() && !TakesFeeds(entry.principal.role)) {
    throw Malformed(where + ".feeds", "only contributors and editors have feeds");
  }
  for (const auto& [place, token] : TakeArray(json, where, "tokens")) {
    entry.tokens.push_back(TakeToken(token, place));
  }
  entry.certificates = TakeTexts(json, where, "certificates");
  return entry;
}

AuthFile TakeFile(const Json& json) {
  CheckMembers(json, "", {"version", "principals"});
  if (json.value("version", Json()) != Json(kVersion)) throw Malformed("version", "must be 1");
  AuthFile file;
  std::set<std::string> principals, tokens, certificates;
  const auto once = [](std::set<std::string>& seen, const std::string& what,
                       const std::string& where) {
    if (!seen.insert(what).second) throw Malformed(where, fmt::format("{} stands twice", what));
  };
  for (const auto& [place, item] : TakeArray(json, "", "principals")) {
    PrincipalEntry entry = TakePrincipal(item, place);
    once(principals, entry.principal.id, place + ".principal");
    for (const TokenEntry& token : entry.tokens) once(tokens, token.id, place + ".tokens");
    for (const std::string& name : entry.certificates) {
      once(certificates, name, place + ".certificates");
    }
    file.principals.push_back(std::move(entry));
  }
  return file;
}

// Reads JSON, of which a member that stands twice would keep the last value alone.
Json ParseOnce(std::string_view text) {
  std::vector<std::set<std::string>> seen;
  return Json::parse(text, [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) seen.emplace_back();
    if (event == Json::parse_event_t::object_end) seen.pop_back();
    if (event == Json::parse_event_t::key && !seen.back().insert(value.get<std::string>()).second) {
      throw Malformed(value.get<std::string>(), "stands twice in one object");
    }
    return true;
  });
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

absl::Status CannotWrite(const std::string& path) {
  return storage::Error(absl::StatusCode::kFailedPrecondition, "CANNOT_WRITE",
                        fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

// A descriptor that closes itself.
class File {
 public:
  File(const std::string& path, int flags, mode_t mode)
      : fd_(open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

// Gives a new file the mode and owner of the one that it replaces: the server must go on being able
// to read it, whoever changes it.
bool MakeAlike(int fd, const std::string& replaced) {
  struct stat before {};
  if (stat(replaced.c_str(), &before) != 0) return fchmod(fd, kFileMode) == 0;
  struct stat now {};
  if (fstat(fd, &now) != 0) return false;
  const bool owned = now.st_uid == before.st_uid && now.st_gid == before.st_gid;
  return (owned || fchown(fd, before.st_uid, before.st_gid) == 0) &&
         fchmod(fd, before.st_mode & 07777) == 0;
}

absl::Status Replace(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  unlink(fresh.c_str());
  {
    const File file(fresh, O_WRONLY | O_CREAT | O_EXCL, kFileMode);
    if (file.fd() < 0 || !MakeAlike(file.fd(), path)) return CannotWrite(fresh);
    for (std::string_view left = text; !left.empty();) {
      const ssize_t written = write(file.fd(), left.data(), left.size());
      if (written < 0) return CannotWrite(fresh);
      left.remove_prefix(static_cast<std::size_t>(written));
    }
    if (fsync(file.fd()) != 0) return CannotWrite(fresh);
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) return CannotWrite(path);
  // What was revoked stays so when the power fails.
  const std::string folder = std::filesystem::path(path).parent_path();
  const File entries(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY, 0);
  if (entries.fd() >= 0) fsync(entries.fd());
  return absl::OkStatus();
}

std::string RandomBytes(std::size_t size) {
  std::string bytes(size, '\0');
  // A guessable token would be worse than none.
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)) != 1) {
    std::abort();
  }
  return bytes;
}

}  // namespace

absl::StatusOr<AuthFile> ParseAuthFile(std::string_view text) {
  std::string wrong;
  try {
    return TakeFile(ParseOnce(text));
  } catch (const Malformed& malformed) {
    wrong = malformed.what();
  } catch (const Json::exception& error) {
    wrong = error.what();
  }
  return storage::Error(absl::StatusCode::kInvalidArgument, "BAD_AUTH_FILE", wrong);
}

std::string FormatAuthFile(const AuthFile& file) {
  Json principals = Json::array();
  for (const PrincipalEntry& entry : file.principals) {
    Json tokens = Json::array();
    for (const TokenEntry& token : entry.tokens) {
      Json json = {{"id", token.id},
                   {"secret_sha256", fmt::format("{:02x}", fmt::join(token.secret_sha256, ""))},
                   {"create_time", TimeText(token.create_time)}};
      if (token.expire_time != absl::InfiniteFuture()) {
        json["expire_time"] = TimeText(token.expire_time);
      }
      tokens.push_back(std::move(json));
    }
    principals.push_back({{"principal", entry.principal.id},
                          {"role", std::string(RoleWord(entry.principal.role))},
                          {"feeds", entry.principal.feeds},
                          {"tokens", std::move(tokens)},
                          {"certificates", entry.certificates}});
  }
  return Json({{"version", kVersion}, {"principals", std::move(principals)}}).dump(2) + "\n";
}

absl::StatusOr<AuthFile> ReadAuthFile(const std::string& path) {
  const auto text = ReadFile(path);
  if (!text.ok()) return text.status();
  auto file = ParseAuthFile(*text);
  if (file.ok()) return file;
  return storage::Error(file.status().code(), storage::ErrorReason(file.status()),
                        fmt::format("{}: {}", path, std::string(file.status().message())));
}

absl::Status ChangeAuthFile(const std::string& path,
                            absl::FunctionRef<absl::Status(AuthFile&)> change) {
  const File lock(path + ".lock", O_RDWR | O_CREAT, kFileMode);
  if (lock.fd() < 0 || flock(lock.fd(), LOCK_EX) != 0) return CannotWrite(path + ".lock");
  auto file = ReadAuthFile(path);
  if (absl::IsNotFound(file.status())) file = AuthFile{};
  if (!file.ok()) return file.status();
  const absl::Status changed = change(*file);
  return changed.ok() ? Replace(path, FormatAuthFile(*file)) : changed;
}

std::optional<Token> ParseToken(std::string_view text) {
  constexpr std::size_t kIdStart = kTokenPrefix.size();
  constexpr std::size_t kSecretStart = kIdStart + 2 * kIdBytes + 1;
  if (text.size() != kSecretStart + kSecretCharacters || !text.starts_with(kTokenPrefix) ||
      text[kSecretStart - 1] != '_' || !IsHex(text.substr(kIdStart, 2 * kIdBytes), 2 * kIdBytes)) {
    return std::nullopt;
  }
  return Token{std::string(text.substr(kIdStart, 2 * kIdBytes)),
               std::string(text.substr(kSecretStart))};
}

Token NewToken() {
  // 33 bytes are whole groups of base64; 43 of their 44 digits hold 258 random bits.
  std::string secret = ToBase64Url(RandomBytes(kSecretBytes + 1));
  secret.resize(kSecretCharacters);
  std::string id;
  for (const char byte : RandomBytes(kIdBytes)) {
    id += fmt::format("{:02x}", static_cast<std::uint8_t>(byte));
  }
  return {id, secret};
}

std::string FormatToken(const Token& token) {
  return fmt::format("{}{}_{}", kTokenPrefix, token.id, token.secret);
}

SecretHash HashSecret(std::string_view secret) {
  SecretHash hash;
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), hash.data());
  return hash;
}

}  // namespace annals::service

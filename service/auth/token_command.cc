#include "service/auth/token_command.h"

#include <algorithm>
#include <charconv>
#include <ostream>
#include <utility>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "service/auth/auth_file.h"
#include "service/validate/text.h"
#include "storage/error.h"
#include "storage/event_name.h"

namespace annals::service {
namespace {

constexpr std::int64_t kDurationCountMax = 100'000;

absl::Status Wrong(std::string_view reason, std::string_view message) {
  return storage::Error(absl::StatusCode::kInvalidArgument, reason, message);
}

std::string DayText(absl::Time time) {
  if (time == absl::InfiniteFuture()) return "never";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

absl::StatusOr<absl::Duration> ParseDuration(std::string_view text) {
  if (text == "never") return absl::InfiniteDuration();
  std::int64_t count = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit = text.substr(static_cast<std::size_t>(read.ptr - text.data()));
  if (read.ec == std::errc() && count > 0 && count <= kDurationCountMax) {
    if (unit == "s") return absl::Seconds(count);
    if (unit == "m") return absl::Minutes(count);
    if (unit == "h") return absl::Hours(count);
    if (unit == "d") return absl::Hours(24 * count);
  }
  return Wrong("BAD_DURATION",
               fmt::format("--expires {}: must be a number with s, m, h or d, or never", text));
}

// Gives the principal the role and feeds that the command names.
absl::Status SetRights(const TokenCommand& command, bool is_new, Principal* principal) {
  if (!command.role.empty()) {
    principal->role = RoleOfWord(command.role);
    if (principal->role == annals::v1::ROLE_UNSPECIFIED) {
      return Wrong(
          "BAD_ROLE",
          fmt::format("--role {}: must be reader, contributor, editor or admin", command.role));
    }
    if (!TakesFeeds(principal->role)) principal->feeds.clear();
  } else if (is_new) {
    return Wrong("ROLE_NEEDED", fmt::format("{} is new: give --role", principal->id));
  }
  if (!command.feeds.empty()) {
    principal->feeds = {command.feeds.begin(), command.feeds.end()};
    for (const std::string& feed : command.feeds) {
      if (!storage::ParseCatalogName("feeds", "feeds/" + feed).ok()) {
        return Wrong("BAD_FEED", fmt::format("--feed {}: is no feed's id", feed));
      }
    }
  }
  if (TakesFeeds(principal->role) == principal->feeds.empty()) {
    return principal->feeds.empty()
               ? Wrong("FEEDS_NEEDED", fmt::format("the role {} needs --feed, of which it may be",
                                                   RoleWord(principal->role)))
               : Wrong("FEEDS_NOT_TAKEN",
                       fmt::format("the role {} takes no --feed", RoleWord(principal->role)));
  }
  return absl::OkStatus();
}

absl::Status AddCertificate(const std::string& name, const AuthFile& file, PrincipalEntry* entry) {
  if (!CharacterCount(name) || HasControls(name)) {
    return Wrong("BAD_CERTIFICATE", fmt::format("--certificate {}: is no name", Quoted(name)));
  }
  for (const PrincipalEntry& other : file.principals) {
    if (std::ranges::find(other.certificates, name) == other.certificates.end()) continue;
    return storage::Error(absl::StatusCode::kAlreadyExists, "CERTIFICATE_TAKEN",
                          fmt::format("the certificate {} is of {}", name, other.principal.id));
  }
  entry->certificates.push_back(name);
  return absl::OkStatus();
}

std::string TokenIds(const PrincipalEntry& entry) {
  std::vector<std::string> ids;
  for (const TokenEntry& token : entry.tokens) ids.push_back(token.id);
  return fmt::format("{}", fmt::join(ids, ", "));
}

absl::Status AddToken(absl::Duration life, absl::Time now, PrincipalEntry* entry,
                      std::string* text) {
  std::erase_if(entry->tokens, [&](const TokenEntry& token) { return token.expire_time <= now; });
  if (entry->tokens.size() >= kLiveTokensMax) {
    return storage::Error(absl::StatusCode::kFailedPrecondition, "TOO_MANY_TOKENS",
                          fmt::format("{} has {} live tokens ({}): revoke one first",
                                      entry->principal.id, entry->tokens.size(), TokenIds(*entry)));
  }
  const Token token = NewToken();
  entry->tokens.push_back({token.id, HashSecret(token.secret), now, now + life});
  *text = FormatToken(token);
  return absl::OkStatus();
}

absl::Status Create(const TokenCommand& command, absl::Time now, std::ostream& out,
                    std::ostream& err) {
  if (!IsPrincipalId(command.principal)) {
    return Wrong("BAD_PRINCIPAL",
                 fmt::format("{}: must match [a-z0-9][a-z0-9._-]{{0,62}}", command.principal));
  }
  const auto life = ParseDuration(command.expires);
  if (!life.ok()) return life.status();
  PrincipalEntry made;
  std::string token;
  const absl::Status changed = ChangeAuthFile(command.auth_file, [&](AuthFile& file) {
    auto known = std::ranges::find(file.principals, command.principal,
                                   [](const PrincipalEntry& entry) { return entry.principal.id; });
    const bool is_new = known == file.principals.end();
    made = is_new ? PrincipalEntry{} : *known;
    made.principal.id = command.principal;
    absl::Status status = SetRights(command, is_new, &made.principal);
    if (status.ok()) {
      status = command.certificate.empty() ? AddToken(*life, now, &made, &token)
                                           : AddCertificate(command.certificate, file, &made);
    }
    if (!status.ok()) return status;
    if (is_new) known = file.principals.insert(known, PrincipalEntry{});
    *known = made;
    return absl::OkStatus();
  });
  if (!changed.ok()) return changed;
  const Principal& principal = made.principal;
  err << fmt::format("{} ({}{}{}) may call", principal.name(), RoleWord(principal.role),
                     principal.feeds.empty() ? "" : " of ", fmt::join(principal.feeds, ", "));
  if (token.empty()) {
    err << fmt::format(" with the certificate {}\n", command.certificate);
    return absl::OkStatus();
  }
  err << fmt::format(" with this token, which is shown once; it expires: {}\n",
                     DayText(made.tokens.back().expire_time));
  out << token << "\n";
  return absl::OkStatus();
}

absl::Status List(const TokenCommand& command, absl::Time now, std::ostream& out) {
  const auto file = ReadAuthFile(command.auth_file);
  if (!file.ok()) return file.status();
  constexpr std::string_view kRow = "{:<20} {:<12} {:<24} {:<28} {:<20} {}\n";
  out << fmt::format(kRow, "PRINCIPAL", "ROLE", "FEEDS", "TOKEN OR CERTIFICATE", "CREATED",
                     "EXPIRES");
  for (const PrincipalEntry& entry : file->principals) {
    const Principal& principal = entry.principal;
    const std::string feeds = fmt::format("{}", fmt::join(principal.feeds, ","));
    for (const TokenEntry& token : entry.tokens) {
      out << fmt::format(kRow, principal.id, RoleWord(principal.role), feeds, token.id,
                         DayText(token.create_time),
                         DayText(token.expire_time) + (token.expire_time <= now ? " (over)" : ""));
    }
    for (const std::string& name : entry.certificates) {
      out << fmt::format(kRow, principal.id, RoleWord(principal.role), feeds, name, "", "");
    }
  }
  return absl::OkStatus();
}

absl::Status Revoke(const TokenCommand& command, std::ostream& err) {
  std::string principal;
  const absl::Status changed = ChangeAuthFile(command.auth_file, [&](AuthFile& file) {
    for (PrincipalEntry& entry : file.principals) {
      const auto removed =
          std::erase_if(entry.tokens,
                        [&](const TokenEntry& token) { return token.id == command.id; }) +
          std::erase(entry.certificates, command.id);
      if (removed > 0) principal = entry.principal.name();
    }
    return principal.empty()
               ? storage::Error(absl::StatusCode::kNotFound, "TOKEN_NOT_FOUND",
                                fmt::format("there is no token or certificate {}", command.id))
               : absl::OkStatus();
  });
  if (changed.ok()) err << fmt::format("{} of {} is revoked\n", command.id, principal);
  return changed;
}

}  // namespace

absl::Status RunTokenCommand(const TokenCommand& command, absl::Time now, std::ostream& out,
                             std::ostream& err) {
  switch (command.action) {
    case TokenCommand::Action::kCreate:
      return Create(command, now, out, err);
    case TokenCommand::Action::kList:
      return List(command, now, out);
    case TokenCommand::Action::kRevoke:
      return Revoke(command, err);
  }
  return absl::OkStatus();
}

}  // namespace annals::service

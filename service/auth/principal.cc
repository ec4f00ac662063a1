#include "service/auth/principal.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fmt/format.h"
#include "storage/error.h"

namespace annals::service {
namespace {

constexpr std::size_t kIdCharactersMax = 63;

constexpr std::array<std::pair<annals::v1::Role, std::string_view>, 4> kRoles = {{
    {annals::v1::ROLE_READER, "reader"},
    {annals::v1::ROLE_CONTRIBUTOR, "contributor"},
    {annals::v1::ROLE_EDITOR, "editor"},
    {annals::v1::ROLE_ADMIN, "admin"},
}};

bool IsLetterOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

bool Principal::MayWrite(const std::string& feed) const {
  return is_admin() || (role >= annals::v1::ROLE_CONTRIBUTOR && feeds.contains(feed));
}

bool Principal::MayEdit(const std::string& feed) const {
  return is_admin() || (role >= annals::v1::ROLE_EDITOR && feeds.contains(feed));
}

storage::Visibility Principal::Sight() const {
  if (is_admin()) return storage::Visibility::All();
  return storage::Visibility::Of({name(), fmt::format("roles/{}", RoleWord(role))},
                                 TakesFeeds(role) ? feeds : std::set<std::string>());
}

bool TakesFeeds(annals::v1::Role role) {
  return role == annals::v1::ROLE_CONTRIBUTOR || role == annals::v1::ROLE_EDITOR;
}

std::string_view RoleWord(annals::v1::Role role) {
  for (const auto& [known, word] : kRoles) {
    if (known == role) return word;
  }
  return {};
}

annals::v1::Role RoleOfWord(std::string_view word) {
  for (const auto& [role, known] : kRoles) {
    if (known == word) return role;
  }
  return annals::v1::ROLE_UNSPECIFIED;
}

bool IsPrincipalId(std::string_view id) {
  return id != Principal::Local().id && !id.empty() && id.size() <= kIdCharactersMax &&
         IsLetterOrDigit(id[0]) && std::ranges::all_of(id, [](char c) {
           return IsLetterOrDigit(c) || c == '.' || c == '_' || c == '-';
         });
}

absl::Status FeedNotYours(const Principal& principal, std::string_view feed,
                          std::string_view field) {
  return storage::Error(absl::StatusCode::kPermissionDenied, "FEED_NOT_YOURS",
                        fmt::format("{} ({}) may not do this in feeds/{}", principal.name(),
                                    RoleWord(principal.role), feed),
                        field);
}

}  // namespace annals::service

// Who calls, and what that allows.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "annals/v1/status_service.pb.h"
#include "storage/visibility.h"

namespace annals::service {

inline constexpr std::string_view kPrincipals = "principals/";

struct Principal {
  std::string id;  // of `principals/{id}`: [a-z0-9][a-z0-9._-]{0,62}; `local` is Local()'s
  annals::v1::Role role = annals::v1::ROLE_READER;
  std::set<std::string> feeds;  // ids; of a contributor or an editor
  bool operator==(const Principal&) const = default;

  [[nodiscard]] std::string name() const { return std::string(kPrincipals) + id; }
  [[nodiscard]] bool is_admin() const { return role == annals::v1::ROLE_ADMIN; }
  // Whether it may write to the feed of this id (as contributor, editor or administrator) ...
  [[nodiscard]] bool MayWrite(const std::string& feed) const;
  // ... and change the feed itself, and see who changed its events.
  [[nodiscard]] bool MayEdit(const std::string& feed) const;
  [[nodiscard]] storage::Visibility Sight() const;

  // Whoever reaches an annalsd without access control: the machine's own people.
  static Principal Local() { return {"local", annals::v1::ROLE_ADMIN, {}}; }
};

// Whether the role is one in feeds of the principal's own: contributor and editor.
[[nodiscard]] bool TakesFeeds(annals::v1::Role role);
// "reader", "contributor", "editor", "admin".
[[nodiscard]] std::string_view RoleWord(annals::v1::Role role);
// ROLE_UNSPECIFIED where the word is no role.
[[nodiscard]] annals::v1::Role RoleOfWord(std::string_view word);

[[nodiscard]] bool IsPrincipalId(std::string_view id);

// PERMISSION_DENIED (FEED_NOT_YOURS) for a feed that the caller sees and may not write to (edit).
[[nodiscard]] absl::Status FeedNotYours(const Principal& principal, std::string_view feed,
                                        std::string_view field);

}  // namespace annals::service

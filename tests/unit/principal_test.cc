#include "service/auth/principal.h"

#include <gtest/gtest.h>

#include <string>

#include "storage/error.h"

namespace annals::service {
namespace {

using annals::v1::ROLE_ADMIN;
using annals::v1::ROLE_CONTRIBUTOR;
using annals::v1::ROLE_EDITOR;
using annals::v1::ROLE_READER;
using annals::v1::ROLE_UNSPECIFIED;
using storage::FeedAccess;

Principal Of(annals::v1::Role role) { return {"ann", role, {"own"}}; }

TEST(Principal, WritesAndEditsAsItsRoleAndFeedsSay) {
  struct Case {
    annals::v1::Role role;
    bool writes_own, edits_own, writes_other, edits_other;
  };
  for (const Case& c :
       {Case{ROLE_UNSPECIFIED, false, false, false, false},
        Case{ROLE_READER, false, false, false, false},
        Case{ROLE_CONTRIBUTOR, true, false, false, false},
        Case{ROLE_EDITOR, true, true, false, false}, Case{ROLE_ADMIN, true, true, true, true}}) {
    const Principal principal = Of(c.role);
    EXPECT_EQ(principal.MayWrite("own"), c.writes_own) << c.role;
    EXPECT_EQ(principal.MayEdit("own"), c.edits_own) << c.role;
    EXPECT_EQ(principal.MayWrite("other"), c.writes_other) << c.role;
    EXPECT_EQ(principal.MayEdit("other"), c.edits_other) << c.role;
  }
}

TEST(Principal, SeesWhatItMayWriteToAndWhatNamesIt) {
  const FeedAccess own{.feed = "own", .restricted = true, .readers = {}};
  const FeedAccess other{.feed = "other", .restricted = true, .readers = {}};
  const FeedAccess named{"named", true, {"principals/bob", "principals/ann"}};
  const FeedAccess of_editors{"of-editors", true, {"roles/editor"}};
  const FeedAccess open{.feed = "open", .restricted = false, .readers = {}};
  struct Case {
    annals::v1::Role role;
    bool sees_own, sees_other, sees_of_editors;
  };
  for (const Case& c :
       {Case{ROLE_READER, false, false, false}, Case{ROLE_CONTRIBUTOR, true, false, false},
        Case{ROLE_EDITOR, true, false, true}, Case{ROLE_ADMIN, true, true, true}}) {
    const storage::Visibility sight = Of(c.role).Sight();
    EXPECT_EQ(sight.Sees(own), c.sees_own) << c.role;
    EXPECT_EQ(sight.Sees(other), c.sees_other) << c.role;
    EXPECT_EQ(sight.Sees(of_editors), c.sees_of_editors) << c.role;
    EXPECT_TRUE(sight.Sees(named)) << c.role;
    EXPECT_TRUE(sight.Sees(open)) << c.role;
    EXPECT_EQ(sight.sees_all(), c.role == ROLE_ADMIN);
  }
}

TEST(Principal, IsAnAdministratorWhereNobodyIsAsked) {
  EXPECT_EQ(Principal::Local().name(), "principals/local");
  EXPECT_TRUE(Principal::Local().is_admin());
}

TEST(Principal, HasRolesByWord) {
  for (const auto role : {ROLE_READER, ROLE_CONTRIBUTOR, ROLE_EDITOR, ROLE_ADMIN}) {
    EXPECT_EQ(RoleOfWord(RoleWord(role)), role);
  }
  for (const char* word : {"", "Reader", "ROLE_READER", "owner", "admin "}) {
    EXPECT_EQ(RoleOfWord(word), ROLE_UNSPECIFIED) << word;
  }
  EXPECT_EQ(RoleWord(ROLE_UNSPECIFIED), "");
}

TEST(Principal, HasAnIdOfAFewCharacters) {
  for (const char* id : {"a", "0", "ann", "a.b_c-d", "9-"}) EXPECT_TRUE(IsPrincipalId(id)) << id;
  EXPECT_TRUE(IsPrincipalId(std::string(63, 'a')));
  EXPECT_FALSE(IsPrincipalId(std::string(64, 'a')));
  for (const char* id : {"", ".a", "-a", "_a", "A", "a b", "a/b", "ä", "a\n", "local"}) {
    EXPECT_FALSE(IsPrincipalId(id)) << id;
  }
}

TEST(Principal, IsToldWhichFeedIsNotItsOwn) {
  const absl::Status status = FeedNotYours(Of(ROLE_EDITOR), "f", "name");
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_EQ(storage::ErrorReason(status), "FEED_NOT_YOURS");
  EXPECT_EQ(storage::ErrorField(status), "name");
}

}  // namespace
}  // namespace annals::service

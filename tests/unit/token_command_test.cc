#include "service/auth/token_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "service/auth/auth_file.h"
#include "service/auth/authenticator.h"
#include "storage/error.h"
#include "tests/unit/temp_folder.h"

namespace annals::service {
namespace {

using ::annals::testing::TempFolder;
using storage::ErrorReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class TokenCommandTest : public ::testing::Test {
 protected:
  TokenCommand Create(const std::string& principal, const std::string& role = "",
                      std::vector<std::string> feeds = {}) {
    TokenCommand command;
    command.action = TokenCommand::Action::kCreate;
    command.auth_file = path;
    command.principal = principal;
    command.role = role;
    command.feeds = std::move(feeds);
    return command;
  }

  absl::Status Run(const TokenCommand& command) {
    std::ostringstream output, messages;
    const absl::Status status = RunTokenCommand(command, now, output, messages);
    out = output.str();
    err = messages.str();
    return status;
  }

  absl::Status Revoke(const std::string& id) {
    return Run({.action = TokenCommand::Action::kRevoke,
                .auth_file = path,
                .principal = {},
                .role = {},
                .feeds = {},
                .certificate = {},
                .id = id});
  }

  std::string List() {
    TokenCommand command;
    command.auth_file = path;
    EXPECT_TRUE(Run(command).ok());
    return out;
  }

  // The token that the last command printed.
  Token Printed() {
    EXPECT_THAT(out, ::testing::EndsWith("\n"));
    const auto token = ParseToken(std::string_view(out).substr(0, out.size() - 1));
    EXPECT_TRUE(token) << out;
    return token.value_or(Token());
  }

  PrincipalEntry Only() {
    const auto file = ReadAuthFile(path);
    EXPECT_TRUE(file.ok() && file->principals.size() == 1);
    return file.ok() && !file->principals.empty() ? file->principals.front() : PrincipalEntry();
  }

  // The reason it is refused for; the file stays as it was.
  std::string ReasonRefused(const TokenCommand& command) {
    const std::string before = folder.Read("auth.json");
    const absl::Status status = Run(command);
    EXPECT_EQ(folder.Read("auth.json"), before);
    EXPECT_THAT(out, IsEmpty());
    return ErrorReason(status);
  }

  const TempFolder folder;
  const std::string path = folder.Path("auth.json");
  absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  std::string out, err;
};

TEST_F(TokenCommandTest, PrintsATokenThatAuthenticates) {
  now = absl::Now();
  ASSERT_TRUE(Run(Create("ann", "editor", {"f", "g"})).ok());
  const auto authenticator = Authenticator::Open(path);
  ASSERT_TRUE(authenticator.ok()) << authenticator.status();
  const auto identity = (*authenticator)
                            ->Authenticate({.authorization = "Bearer " + FormatToken(Printed()),
                                            .certificate_names = {}});
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(*identity->principal, (Principal{"ann", annals::v1::ROLE_EDITOR, {"f", "g"}}));
  EXPECT_EQ(identity->token_id, Printed().id);
}

TEST_F(TokenCommandTest, KeepsNoSecret) {
  ASSERT_TRUE(Run(Create("ann", "reader")).ok());
  EXPECT_THAT(folder.Read("auth.json"), Not(HasSubstr(Printed().secret)));
  EXPECT_THAT(err, Not(HasSubstr(Printed().secret)));
}

TEST_F(TokenCommandTest, KnowsHowLongATokenLives) {
  const std::vector<std::pair<std::string, absl::Duration>> lives = {
      {"45s", absl::Seconds(45)},
      {"30m", absl::Minutes(30)},
      {"12h", absl::Hours(12)},
      {"90d", absl::Hours(24 * 90)},
      {"100000d", absl::Hours(2'400'000)},
      {"never", absl::InfiniteDuration()}};
  for (const auto& [text, life] : lives) {
    TokenCommand command = Create("ann", "reader");
    command.expires = text;
    ASSERT_TRUE(Run(command).ok()) << text;
    EXPECT_EQ(Only().tokens.front().expire_time, now + life) << text;
    ASSERT_TRUE(Revoke(Printed().id).ok());
  }
  for (const char* text : {"", "90", "d", "0d", "-1d", "1.5h", " 1d", "1d ", "1w", "1D", "100001d",
                           "Never", "99999999999999999999s"}) {
    TokenCommand command = Create("ann", "reader");
    command.expires = text;
    EXPECT_EQ(ReasonRefused(command), "BAD_DURATION") << text;
  }
}

TEST_F(TokenCommandTest, GivesTwoTokensToChangeFromOneToTheOther) {
  TokenCommand command = Create("ann", "reader");
  command.expires = "1d";
  ASSERT_TRUE(Run(command).ok());
  const std::string first = Printed().id;
  ASSERT_TRUE(Run(Create("ann")).ok());
  const std::string second = Printed().id;
  const absl::Status third = Run(Create("ann"));
  EXPECT_TRUE(absl::IsFailedPrecondition(third));
  EXPECT_EQ(ErrorReason(third), "TOO_MANY_TOKENS");
  // One that has expired makes room, and goes.
  now += absl::Hours(24);
  ASSERT_TRUE(Run(Create("ann")).ok());
  const PrincipalEntry entry = Only();
  ASSERT_EQ(entry.tokens.size(), 2u);
  EXPECT_EQ(entry.tokens[0].id, second);
  EXPECT_EQ(entry.tokens[1].id, Printed().id);
}

TEST_F(TokenCommandTest, NeedsARoleForWhomItDoesNotKnow) {
  EXPECT_EQ(ReasonRefused(Create("ann")), "ROLE_NEEDED");
  EXPECT_EQ(ReasonRefused(Create("ann", "owner")), "BAD_ROLE");
  EXPECT_EQ(ReasonRefused(Create("Ann", "reader")), "BAD_PRINCIPAL");
  EXPECT_EQ(ReasonRefused(Create("", "reader")), "BAD_PRINCIPAL");
  EXPECT_EQ(ReasonRefused(Create(std::string(64, 'a'), "reader")), "BAD_PRINCIPAL");
}

TEST_F(TokenCommandTest, GivesFeedsToThoseWhoHaveSome) {
  EXPECT_EQ(ReasonRefused(Create("ann", "contributor")), "FEEDS_NEEDED");
  EXPECT_EQ(ReasonRefused(Create("ann", "editor")), "FEEDS_NEEDED");
  EXPECT_EQ(ReasonRefused(Create("ann", "reader", {"f"})), "FEEDS_NOT_TAKEN");
  EXPECT_EQ(ReasonRefused(Create("ann", "admin", {"f"})), "FEEDS_NOT_TAKEN");
  EXPECT_EQ(ReasonRefused(Create("ann", "editor", {"f", "F"})), "BAD_FEED");
  EXPECT_EQ(ReasonRefused(Create("ann", "editor", {"feeds/f"})), "BAD_FEED");
}

TEST_F(TokenCommandTest, ChangesWhatAKnownPrincipalMayDo) {
  ASSERT_TRUE(Run(Create("ann", "contributor", {"f"})).ok());
  TokenCommand certificate = Create("ann");
  certificate.certificate = "a.example";
  ASSERT_TRUE(Run(certificate).ok());
  EXPECT_EQ(Only().principal, (Principal{"ann", annals::v1::ROLE_CONTRIBUTOR, {"f"}}));
  certificate = Create("ann", "editor");
  certificate.certificate = "b.example";
  ASSERT_TRUE(Run(certificate).ok());
  EXPECT_EQ(Only().principal, (Principal{"ann", annals::v1::ROLE_EDITOR, {"f"}}));
  certificate = Create("ann", "", {"g"});
  certificate.certificate = "c.example";
  ASSERT_TRUE(Run(certificate).ok());
  EXPECT_EQ(Only().principal, (Principal{"ann", annals::v1::ROLE_EDITOR, {"g"}}));
  certificate = Create("ann", "reader");
  certificate.certificate = "d.example";
  ASSERT_TRUE(Run(certificate).ok());
  EXPECT_EQ(Only().principal, (Principal{"ann", annals::v1::ROLE_READER, {}}));
  EXPECT_EQ(ReasonRefused(Create("ann", "", {"f"})), "FEEDS_NOT_TAKEN");
}

TEST_F(TokenCommandTest, LetsInByACertificate) {
  TokenCommand command = Create("ann", "reader");
  command.certificate = "ann.example";
  ASSERT_TRUE(Run(command).ok());
  EXPECT_THAT(out, IsEmpty());
  EXPECT_THAT(Only().certificates, ElementsAre("ann.example"));
  EXPECT_THAT(Only().tokens, IsEmpty());
  EXPECT_EQ(ReasonRefused(command), "CERTIFICATE_TAKEN");
  command.principal = "bob";
  EXPECT_EQ(ReasonRefused(command), "CERTIFICATE_TAKEN");
  command.certificate = "\xFF";
  EXPECT_EQ(ReasonRefused(command), "BAD_CERTIFICATE");
  command.certificate = "a\x01";
  EXPECT_EQ(ReasonRefused(command), "BAD_CERTIFICATE");
  ASSERT_TRUE(Revoke("ann.example").ok());
  EXPECT_THAT(Only().certificates, IsEmpty());
}

TEST_F(TokenCommandTest, RevokesOneTokenAlone) {
  ASSERT_TRUE(Run(Create("ann", "reader")).ok());
  const std::string first = Printed().id;
  ASSERT_TRUE(Run(Create("ann")).ok());
  const std::string second = Printed().id;
  ASSERT_TRUE(Revoke(first).ok());
  ASSERT_EQ(Only().tokens.size(), 1u);
  EXPECT_EQ(Only().tokens[0].id, second);
  const absl::Status again = Revoke(first);
  EXPECT_TRUE(absl::IsNotFound(again));
  EXPECT_EQ(ErrorReason(again), "TOKEN_NOT_FOUND");
  EXPECT_EQ(ErrorReason(Revoke("ann")), "TOKEN_NOT_FOUND");
}

TEST_F(TokenCommandTest, ListsWhoMayCall) {
  TokenCommand list;
  list.auth_file = path;
  EXPECT_EQ(ErrorReason(Run(list)), "NO_FILE");
  TokenCommand command = Create("ann", "contributor", {"f", "g"});
  command.expires = "1d";
  ASSERT_TRUE(Run(command).ok());
  const Token token = Printed();
  command = Create("bob", "admin");
  command.certificate = "bob.example";
  ASSERT_TRUE(Run(command).ok());
  EXPECT_THAT(List(), ::testing::ContainsRegex("ann +contributor +f,g +" + token.id +
                                               " +2027-01-15T08:00:00Z +2027-01-16T08:00:00Z"));
  EXPECT_THAT(List(), ::testing::ContainsRegex("bob +admin +bob.example"));
  EXPECT_THAT(List(), Not(HasSubstr(token.secret)));
  EXPECT_THAT(List(), Not(HasSubstr("over")));
  now += absl::Hours(24);
  EXPECT_THAT(List(), HasSubstr("2027-01-16T08:00:00Z (over)"));
}

TEST_F(TokenCommandTest, ChangesNothingInABrokenFile) {
  folder.Write("auth.json", "{");
  EXPECT_EQ(ReasonRefused(Create("ann", "reader")), "BAD_AUTH_FILE");
  EXPECT_EQ(ErrorReason(Revoke("0123456789ab")), "BAD_AUTH_FILE");
  EXPECT_EQ(folder.Read("auth.json"), "{");
}

}  // namespace
}  // namespace annals::service

#include "service/auth/authenticator.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "storage/error.h"
#include "tests/unit/long_calls.h"
#include "tests/unit/temp_folder.h"

namespace annals::service {
namespace {

using ::annals::testing::AfterEachLook;
using ::annals::testing::NotingCall;
using ::annals::testing::TempFolder;
using storage::ErrorReason;

// Long enough that the clock of a file system ticks between two looks.
constexpr absl::Duration kInterval = absl::Milliseconds(20);

// Tokens that tests know the secret of.
TokenEntry Entry(const std::string& id, absl::Time expire_time = absl::InfiniteFuture()) {
  return {.id = id,
          .secret_sha256 = HashSecret(std::string(43, id[0])),
          .create_time = absl::UnixEpoch(),
          .expire_time = expire_time};
}
std::string Header(const std::string& id) {
  return "Bearer " + FormatToken({id, std::string(43, id[0])});
}

const std::string kAnn = "aaaaaaaaaaaa", kBob = "bbbbbbbbbbbb", kCid = "cccccccccccc",
                  kDee = "dddddddddddd";

class AuthenticatorTest : public ::testing::Test {
 protected:
  // Ann reads, by a token and a certificate; bob contributes to f; dee's token is over.
  AuthenticatorTest() {
    file.principals = {
        {{"ann", annals::v1::ROLE_READER, {}}, {Entry(kAnn)}, {"ann.example", "ann.other"}},
        {{"bob", annals::v1::ROLE_CONTRIBUTOR, {"f"}}, {Entry(kBob)}, {}},
        {{"dee", annals::v1::ROLE_READER, {}}, {Entry(kDee, absl::Now() - absl::Seconds(1))}, {}}};
  }

  void Open() { Open(FormatAuthFile(file)); }
  void Open(const std::string& text) {
    auto opened = Authenticator::Open(folder.Write("auth.json", text), kInterval);
    ASSERT_TRUE(opened.ok()) << opened.status();
    authenticator = *std::move(opened);
  }

  void Change() { folder.Replace("auth.json", FormatAuthFile(file)); }

  absl::StatusOr<Identity> Authenticate(const std::string& authorization,
                                        std::vector<std::string> certificates = {}) {
    return authenticator->Authenticate(
        {.authorization = authorization, .certificate_names = std::move(certificates)});
  }

  std::string ReasonRefused(const std::string& authorization,
                            std::vector<std::string> certificates = {}) {
    const auto identity = Authenticate(authorization, std::move(certificates));
    if (identity.ok()) return "";
    EXPECT_TRUE(absl::IsUnauthenticated(identity.status())) << identity.status();
    return ErrorReason(identity.status());
  }

  const TempFolder folder;
  AuthFile file;
  std::unique_ptr<Authenticator> authenticator;
};

TEST_F(AuthenticatorTest, KnowsWhoCalls) {
  Open();
  const auto bob = Authenticate(Header(kBob));
  ASSERT_TRUE(bob.ok()) << bob.status();
  EXPECT_EQ(*bob->principal, file.principals[1].principal);
  EXPECT_EQ(bob->token_id, kBob);
  EXPECT_EQ(bob->certificate, "");
  EXPECT_TRUE(authenticator->Recheck(*bob).ok());
}

TEST_F(AuthenticatorTest, RefusesWhatIsNoGoodToken) {
  Open();
  EXPECT_EQ(ReasonRefused(""), "NO_CREDENTIALS");
  EXPECT_EQ(ReasonRefused(Header(kDee)), "TOKEN_EXPIRED");
  EXPECT_EQ(ReasonRefused(Header(kCid)), "BAD_TOKEN");
  const std::string good = FormatToken({kAnn, std::string(43, 'a')});
  EXPECT_EQ(ReasonRefused("Bearer " + good), "");
  EXPECT_EQ(ReasonRefused("bearer " + good), "");
  EXPECT_EQ(ReasonRefused("BEARER " + good), "");
  std::string wrong = good;
  wrong.back() = 'b';
  const std::vector<std::string> bad = {"Bearer " + wrong,
                                        good,
                                        "Bearer",
                                        "Bearer ",
                                        "Bearer  " + good,
                                        "Bearer " + good + " ",
                                        "Bearer\t" + good,
                                        "Basic " + good,
                                        "Bearer annals_" + kAnn + "_",
                                        "Bearer " + kAnn,
                                        std::string(10'000, 'B')};
  for (const std::string& header : bad) {
    EXPECT_EQ(ReasonRefused(header), "BAD_TOKEN") << header;
  }
}

TEST_F(AuthenticatorTest, DoesNotSayWhetherAnExpiredTokenWasGuessed) {
  Open();
  const std::string guessed = "Bearer " + FormatToken({kDee, std::string(43, 'x')});
  EXPECT_EQ(ReasonRefused(guessed), "BAD_TOKEN");
}

TEST_F(AuthenticatorTest, LetsInByCertificateWhereThereIsNoToken) {
  Open();
  const auto ann = Authenticate("", {"someone.example", "ann.other"});
  ASSERT_TRUE(ann.ok()) << ann.status();
  EXPECT_EQ(ann->principal->id, "ann");
  EXPECT_EQ(ann->certificate, "ann.other");
  EXPECT_EQ(ann->token_id, "");
  EXPECT_TRUE(authenticator->Recheck(*ann).ok());
  EXPECT_EQ(ReasonRefused("", {"someone.example", ""}), "UNKNOWN_CERTIFICATE");
  EXPECT_EQ(ReasonRefused(Header(kCid), {"ann.example"}), "BAD_TOKEN");
  EXPECT_EQ(Authenticate(Header(kBob), {"ann.example"})->principal->id, "bob");
}

TEST_F(AuthenticatorTest, OpensOnlyAFileThatNamesSomebody) {
  const auto reason = [&](const std::string& name) {
    return ErrorReason(Authenticator::Open(folder.Path(name)).status());
  };
  folder.Write("empty.json", R"({"version": 1})");
  folder.Write("broken.json", "{");
  EXPECT_EQ(reason("none.json"), "NO_FILE");
  EXPECT_EQ(reason("broken.json"), "BAD_AUTH_FILE");
  EXPECT_EQ(reason("empty.json"), "NOBODY_MAY_CALL");
  EXPECT_EQ(reason(""), "CANNOT_READ");
}

TEST_F(AuthenticatorTest, FollowsTheFileAndLeavesABrokenOneAlone) {
  Open();
  AfterEachLook look(authenticator.get());
  file.principals.push_back({{"cid", annals::v1::ROLE_ADMIN, {}}, {Entry(kCid)}, {}});
  Change();
  ASSERT_TRUE(look.Wait());
  EXPECT_EQ(ReasonRefused(Header(kCid)), "");
  folder.Replace("auth.json", "{");
  ASSERT_TRUE(look.Wait());
  EXPECT_EQ(ReasonRefused(Header(kCid)), "");
  EXPECT_EQ(ReasonRefused(Header(kAnn)), "");
  std::filesystem::remove(folder.Path("auth.json"));
  ASSERT_TRUE(look.Wait());
  EXPECT_EQ(ReasonRefused(Header(kCid)), "");
  file.principals.pop_back();
  Change();
  ASSERT_TRUE(look.Wait());
  EXPECT_EQ(ReasonRefused(Header(kCid)), "BAD_TOKEN");
}

TEST_F(AuthenticatorTest, TellsLongCallsThatTheyAreOver) {
  Open();
  NotingCall ann(*Authenticate(Header(kAnn)));
  NotingCall by_certificate(*Authenticate("", {"ann.other"}));
  NotingCall bob(*Authenticate(Header(kBob)));
  NotingCall still(*Authenticate("", {"ann.example"}));
  const auto calls = {&ann, &by_certificate, &bob, &still};
  for (NotingCall* call : calls) authenticator->Remember(call);
  file.principals[0].tokens = {Entry(kCid)};
  file.principals[0].certificates = {"ann.example"};
  file.principals[1].principal.feeds = {"g"};
  Change();
  ASSERT_TRUE(ann.WaitUntilTold());
  ASSERT_TRUE(by_certificate.WaitUntilTold());
  ASSERT_TRUE(bob.WaitUntilTold());
  for (NotingCall* call : calls) authenticator->Forget(call);
  EXPECT_EQ(ann.reason(), "BAD_TOKEN");
  EXPECT_EQ(by_certificate.reason(), "UNKNOWN_CERTIFICATE");
  EXPECT_EQ(bob.reason(), "RIGHTS_CHANGED");
  EXPECT_EQ(still.reason(), "");
  for (NotingCall* call : {&ann, &by_certificate, &bob}) {
    const absl::Status status = authenticator->Recheck(call->identity());
    EXPECT_TRUE(absl::IsUnauthenticated(status));
    EXPECT_EQ(ErrorReason(status), call->reason());
  }
  EXPECT_TRUE(authenticator->Recheck(still.identity()).ok());
}

TEST_F(AuthenticatorTest, TellsLongCallsThatTheirTokenHasExpired) {
  // To fractions of a second, which annalsd does not write.
  file.principals[0].tokens = {Entry(kAnn, absl::FromUnixSeconds(4'000'000'000))};
  constexpr std::string_view kWritten = "2096-10-02T07:06:40Z";
  std::string text = FormatAuthFile(file);
  const std::size_t at = text.find(kWritten);
  ASSERT_NE(at, std::string::npos);
  text.replace(
      at, kWritten.size(),
      absl::FormatTime(absl::RFC3339_full, absl::Now() + absl::Seconds(1), absl::UTCTimeZone()));
  Open(text);
  const auto identity = Authenticate(Header(kAnn));
  ASSERT_TRUE(identity.ok()) << identity.status();
  NotingCall ann(*identity);
  authenticator->Remember(&ann);
  EXPECT_TRUE(ann.WaitUntilTold());
  authenticator->Forget(&ann);
  EXPECT_EQ(ann.reason(), "TOKEN_EXPIRED");
  EXPECT_EQ(ErrorReason(authenticator->Recheck(*identity)), "TOKEN_EXPIRED");
  EXPECT_EQ(ReasonRefused(Header(kAnn)), "TOKEN_EXPIRED");
}

// No file can be opened while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{.rlim_cur = 0, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST_F(AuthenticatorTest, TriesAgainWhatItCouldNotRead) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan looks at objects through pipes: without descriptors all seem damaged";
#endif
  Open();
  AfterEachLook look(authenticator.get());
  file.principals[0].tokens.clear();
  Change();
  {
    const NoDescriptors none;
    ASSERT_TRUE(look.Wait());
    EXPECT_EQ(ReasonRefused(Header(kAnn)), "");
  }
  ASSERT_TRUE(look.Wait());
  EXPECT_EQ(ReasonRefused(Header(kAnn)), "BAD_TOKEN");
}

// As `cp --preserve` and some editors do.
TEST_F(AuthenticatorTest, NoticesAFileOfTheSameSizeAndTime) {
  Open();
  AfterEachLook look(authenticator.get());
  const std::string path = folder.Path("auth.json");
  struct stat before {};
  ASSERT_EQ(stat(path.c_str(), &before), 0);
  ASSERT_TRUE(look.Wait());
  file.principals[0].tokens = {Entry(kCid)};
  folder.Write("auth.json", FormatAuthFile(file));
  const timespec times[] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  ASSERT_TRUE(look.Wait());
  EXPECT_EQ(ReasonRefused(Header(kAnn)), "BAD_TOKEN");
  EXPECT_EQ(ReasonRefused(Header(kCid)), "");
}

}  // namespace
}  // namespace annals::service

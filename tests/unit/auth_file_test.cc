#include "service/auth/auth_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "fmt/format.h"
#include "storage/error.h"
#include "tests/unit/temp_folder.h"

namespace annals::service {
namespace {

using ::annals::testing::TempFolder;
using storage::ErrorReason;
using ::testing::HasSubstr;

const std::string kHash(64, 'a');

// A file of one principal, with members in place of those of a good one.
std::string FileWith(const std::string& principal) {
  return fmt::format(R"({{"version": 1, "principals": [{}]}})", principal);
}
std::string TokenWith(const std::string& members) {
  return FileWith(
      fmt::format(R"({{"principal": "p", "role": "reader", "tokens": [{{{}}}]}})", members));
}
const std::string kGoodToken = fmt::format(
    R"("id": "0123456789ab", "secret_sha256": "{}", "create_time": "2026-01-01T00:00:00Z")", kHash);

mode_t ModeOf(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(stat(path.c_str(), &status), 0);
  return status.st_mode & 07777;
}

TEST(AuthFile, ReadsWhatItWrote) {
  AuthFile file;
  PrincipalEntry writer{{"newsroom", annals::v1::ROLE_CONTRIBUTOR, {"f", "g"}}, {}, {"a.example"}};
  writer.tokens.push_back({.id = "0123456789ab",
                           .secret_sha256 = HashSecret("secret"),
                           .create_time = absl::FromUnixSeconds(1'700'000'000),
                           .expire_time = absl::FromUnixSeconds(1'800'000'000)});
  writer.tokens.push_back({.id = "0123456789ac",
                           .secret_sha256 = HashSecret("other"),
                           .create_time = absl::FromUnixSeconds(1'700'000'001)});
  file.principals = {writer, {{"root", annals::v1::ROLE_ADMIN, {}}, {}, {}}};
  const auto read = ParseAuthFile(FormatAuthFile(file));
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->principals.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    const PrincipalEntry& before = file.principals[i];
    const PrincipalEntry& after = read->principals[i];
    EXPECT_EQ(after.principal, before.principal);
    EXPECT_EQ(after.certificates, before.certificates);
    ASSERT_EQ(after.tokens.size(), before.tokens.size());
    for (std::size_t k = 0; k < before.tokens.size(); ++k) {
      EXPECT_EQ(after.tokens[k].id, before.tokens[k].id);
      EXPECT_EQ(after.tokens[k].secret_sha256, before.tokens[k].secret_sha256);
      EXPECT_EQ(after.tokens[k].create_time, before.tokens[k].create_time);
      EXPECT_EQ(after.tokens[k].expire_time, before.tokens[k].expire_time);
    }
  }
}

TEST(AuthFile, TakesTheLeastThatItNeeds) {
  EXPECT_TRUE(ParseAuthFile(R"({"version": 1})").ok());
  EXPECT_TRUE(ParseAuthFile(FileWith(R"({"principal": "p", "role": "reader"})")).ok());
  EXPECT_TRUE(ParseAuthFile(TokenWith(kGoodToken)).ok());
}

struct Fault {
  std::string text;
  std::string place;  // as the error names it
};

void ExpectRefused(const std::vector<Fault>& faults) {
  for (const Fault& fault : faults) {
    const absl::Status status = ParseAuthFile(fault.text).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << fault.text;
    EXPECT_EQ(ErrorReason(status), "BAD_AUTH_FILE") << fault.text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(fault.place)) << fault.text;
  }
}

TEST(AuthFile, NamesThePlaceAtFault) {
  ExpectRefused({
      {"[]", "the file:"},
      {"", ""},
      {"{\"version\": 1", ""},
      {"{\"version\": 1, \"principals\": [{\"principal\": \"\xFF\"}]}", ""},
      {"{}", "version:"},
      {R"({"version": 2})", "version:"},
      {R"({"version": "1"})", "version:"},
      {R"({"version": true})", "version:"},
      {R"({"version": 1.5})", "version:"},
      {R"({"version": 1, "principals": {}})", "principals:"},
      {FileWith("7"), "principals[0]:"},
      {FileWith(R"({"role": "reader"})"), "principals[0].principal:"},
      {FileWith(R"({"principal": "", "role": "reader"})"), "principals[0].principal:"},
      {FileWith(R"({"principal": "Ann", "role": "reader"})"), "principals[0].principal:"},
      {FileWith(R"({"principal": "p"})"), "principals[0].role:"},
      {FileWith(R"({"principal": "p", "role": 1})"), "principals[0].role:"},
      {FileWith(R"({"principal": "p", "role": "owner"})"), "principals[0].role:"},
      {FileWith(R"({"principal": "p", "role": ""})"), "principals[0].role:"},
      {FileWith(R"({"principal": "p", "role": "editor", "feeds": "f"})"), "principals[0].feeds:"},
      {FileWith(R"({"principal": "p", "role": "editor", "feeds": ["f", 1]})"),
       "principals[0].feeds[1]:"},
      {FileWith(R"({"principal": "p", "role": "editor", "feeds": [""]})"),
       "principals[0].feeds[0]:"},
      {FileWith(R"({"principal": "p", "role": "editor", "feeds": ["F"]})"), "principals[0].feeds:"},
      {FileWith(R"({"principal": "p", "role": "reader", "feeds": ["f"]})"), "principals[0].feeds:"},
      {FileWith(R"({"principal": "p", "role": "admin", "feeds": ["f"]})"), "principals[0].feeds:"},
      {FileWith(R"({"principal": "p", "role": "reader", "tokens": [1]})"),
       "principals[0].tokens[0]:"},
      {FileWith(R"({"principal": "p", "role": "reader", "certificates": [""]})"),
       "principals[0].certificates[0]:"},
  });
}

TEST(AuthFile, NamesWhatIsWrongWithAToken) {
  const auto token = [](const std::string& id, const std::string& hash, const std::string& time) {
    return TokenWith(
        fmt::format(R"("id": "{}", "secret_sha256": "{}", "create_time": "{}")", id, hash, time));
  };
  const std::string id = "0123456789ab", time = "2026-01-01T00:00:00Z";
  const std::string where = "principals[0].tokens[0].";
  EXPECT_TRUE(ParseAuthFile(token(id, kHash, time)).ok());
  ExpectRefused({
      {token("0123456789a", kHash, time), where + "id:"},
      {token("0123456789abc", kHash, time), where + "id:"},
      {token("0123456789AB", kHash, time), where + "id:"},
      {token(id, kHash.substr(1), time), where + "secret_sha256:"},
      {token(id, kHash.substr(1) + "g", time), where + "secret_sha256:"},
      {token(id, kHash, "2026-01-01"), where + "create_time:"},
      {token(id, kHash, "2026-02-30T00:00:00Z"), where + "create_time:"},
      {TokenWith(kGoodToken + R"(, "expire_time": "never")"), where + "expire_time:"},
      {TokenWith(kGoodToken + R"(, "expire_time": null)"), where + "expire_time:"},
      {TokenWith(R"("id": "0123456789ab")"), where + "secret_sha256:"},
  });
}

TEST(AuthFile, RefusesMembersThatItDoesNotKnow) {
  ExpectRefused({
      {R"({"version": 1, "principal": []})", "principal:"},
      {FileWith(R"({"principal": "p", "role": "reader", "feed": "f"})"), "principals[0].feed:"},
      {TokenWith(kGoodToken + R"(, "expires": "2026-01-01T00:00:00Z")"),
       "principals[0].tokens[0].expires:"},
  });
}

TEST(AuthFile, RefusesWhatStandsTwice) {
  const std::string token = "{" + kGoodToken + "}";
  const auto two = [](const std::string& first, const std::string& second) {
    return FileWith(fmt::format(
        R"({{"principal": "p", "role": "reader", {}}}, {{"principal": "q", "role": "reader", {}}})",
        first, second));
  };
  ExpectRefused({
      {FileWith(R"({"principal": "p", "role": "reader"}, {"principal": "p", "role": "admin"})"),
       "principals[1].principal:"},
      {two("\"tokens\": [" + token + "]", "\"tokens\": [" + token + "]"), "principals[1].tokens:"},
      {two(R"("certificates": ["c"])", R"("certificates": ["c"])"), "principals[1].certificates:"},
      {FileWith(R"({"principal": "p", "role": "reader", "role": "admin"})"), "role:"},
      {R"({"version": 1, "principals": [], "principals": []})", "principals:"},
  });
}

TEST(AuthFile, TakesTokensApart) {
  const Token token = NewToken();
  const auto parsed = ParseToken(FormatToken(token));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->id, token.id);
  EXPECT_EQ(parsed->secret, token.secret);
}

TEST(AuthFile, RefusesWhatIsNoToken) {
  const std::string good = FormatToken({"0123456789ab", std::string(43, 's')});
  ASSERT_TRUE(ParseToken(good));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(ParseToken(good.substr(0, size))) << size;
  }
  EXPECT_FALSE(ParseToken(good + "s"));
  EXPECT_FALSE(ParseToken(" " + good.substr(1)));
  EXPECT_FALSE(ParseToken("Annals_" + good.substr(7)));
  EXPECT_FALSE(ParseToken("annals_0123456789AB_" + std::string(43, 's')));
  EXPECT_FALSE(ParseToken("annals_0123456789abs" + std::string(43, 's')));
}

TEST(AuthFile, NeverMakesATokenTwice) {
  std::set<std::string> ids, secrets;
  for (int i = 0; i < 100; ++i) {
    const Token token = NewToken();
    ids.insert(token.id);
    secrets.insert(token.secret);
    EXPECT_TRUE(ParseToken(FormatToken(token)));
  }
  EXPECT_EQ(ids.size(), 100u);
  EXPECT_EQ(secrets.size(), 100u);
}

absl::Status Add(const std::string& path, const std::string& id) {
  return ChangeAuthFile(path, [&](AuthFile& file) {
    file.principals.push_back({{id, annals::v1::ROLE_READER, {}}, {}, {}});
    return absl::OkStatus();
  });
}

TEST(AuthFile, IsMadeForItsOwnerAlone) {
  const TempFolder folder;
  const std::string path = folder.Path("auth.json");
  ASSERT_TRUE(Add(path, "p").ok());
  EXPECT_EQ(ModeOf(path), 0600u);
  const auto file = ReadAuthFile(path);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->principals.size(), 1u);
}

// Whatever the mask of whoever changes it, the server goes on reading it.
TEST(AuthFile, KeepsItsMode) {
  const TempFolder folder;
  const std::string path = folder.Write("auth.json", R"({"version": 1})");
  ASSERT_EQ(chmod(path.c_str(), 0664), 0);
  const mode_t mask = umask(077);
  const absl::Status changed = Add(path, "p");
  umask(mask);
  ASSERT_TRUE(changed.ok()) << changed;
  EXPECT_EQ(ModeOf(path), 0664u);
}

TEST(AuthFile, KeepsItsOwner) {
  const TempFolder folder;
  const std::string path = folder.Write("auth.json", R"({"version": 1})");
  // Where this may not be done, changing the file does not change its owner either.
  constexpr uid_t kSomeoneElse = 12'345;
  const bool given = chown(path.c_str(), kSomeoneElse, kSomeoneElse) == 0;
  ASSERT_TRUE(Add(path, "p").ok());
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, given ? kSomeoneElse : getuid());
}

TEST(AuthFile, StaysAsItWasWhereTheChangeFails) {
  const TempFolder folder;
  const std::string path = folder.Path("auth.json");
  const auto fail = [&] {
    return ChangeAuthFile(path, [](AuthFile& file) {
      file.principals.push_back({{"p", annals::v1::ROLE_ADMIN, {}}, {}, {}});
      return absl::AbortedError("no");
    });
  };
  EXPECT_TRUE(absl::IsAborted(fail()));
  EXPECT_EQ(ErrorReason(ReadAuthFile(path).status()), "NO_FILE");
  ASSERT_TRUE(Add(path, "q").ok());
  const std::string before = folder.Read("auth.json");
  EXPECT_TRUE(absl::IsAborted(fail()));
  EXPECT_EQ(folder.Read("auth.json"), before);
}

TEST(AuthFile, StaysAsItWasWhereItIsBroken) {
  const TempFolder folder;
  const std::string path = folder.Write("auth.json", "{");
  EXPECT_EQ(ErrorReason(Add(path, "p")), "BAD_AUTH_FILE");
  EXPECT_EQ(folder.Read("auth.json"), "{");
}

TEST(AuthFile, SaysWhyItCannotBeReadOrWritten) {
  const TempFolder folder;
  EXPECT_TRUE(absl::IsNotFound(ReadAuthFile(folder.Path("none")).status()));
  EXPECT_EQ(ErrorReason(ReadAuthFile(folder.Path("none")).status()), "NO_FILE");
  EXPECT_EQ(ErrorReason(ReadAuthFile(folder.Path("")).status()), "CANNOT_READ");
  EXPECT_EQ(ErrorReason(Add(folder.Path("no/such/folder"), "p")), "CANNOT_WRITE");
  const std::string path = folder.Write("bad.json", "{}");
  const absl::Status bad = ReadAuthFile(path).status();
  EXPECT_EQ(ErrorReason(bad), "BAD_AUTH_FILE");
  EXPECT_THAT(std::string(bad.message()), HasSubstr(path));
}

TEST(AuthFile, LosesNoneOfManyChangesAtOnce) {
  constexpr int kThreads = 8, kChanges = 5;
  const TempFolder folder;
  const std::string path = folder.Path("auth.json");
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < kChanges; ++k) {
        const absl::Status added = Add(path, fmt::format("p{}-{}", i, k));
        EXPECT_TRUE(added.ok()) << added;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto file = ReadAuthFile(path);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->principals.size(), std::size_t{kThreads * kChanges});
}

}  // namespace
}  // namespace annals::service

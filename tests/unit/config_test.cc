#include "service/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "storage/error.h"

namespace annals::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::variant<Config, int> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "annalsd");
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  auto parsed = ParseConfig(static_cast<int>(arguments.size()), arguments.data());
  ::testing::internal::GetCapturedStdout();
  ::testing::internal::GetCapturedStderr();
  return parsed;
}

int ExitCode(const std::vector<const char*>& arguments) {
  const auto parsed = Parse(arguments);
  const int* code = std::get_if<int>(&parsed);
  return code == nullptr ? -1 : *code;
}

// A setting of the environment that ends with the test.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Environment() { unsetenv(name_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
};

std::string FileWith(const std::string& text) {
  const std::string path = ::testing::TempDir() + "annalsd-config-" +
                           ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::ofstream(path) << text;
  return path;
}

TEST(Config, HasDefaults) {
  const auto config = std::get<Config>(Parse({"--data", "d"}));
  EXPECT_EQ(config.command, Command::kServe);
  EXPECT_EQ(config.data_dir, "d");
  EXPECT_THAT(config.server.listen, ElementsAre("127.0.0.1:7070"));
  EXPECT_EQ(config.drain, absl::Seconds(10));
  EXPECT_EQ(config.log_format, LogFormat::kText);
  EXPECT_EQ(config.server.auth_file, "");
  EXPECT_FALSE(config.server.tls.given());
  EXPECT_EQ(config.server.reflection, std::nullopt);
  EXPECT_EQ(config.server.limits.requests_per_second, 1'000);
  EXPECT_EQ(config.server.limits.streams_max, 32);
  EXPECT_EQ(config.server.limits.rows_per_day, 0);
}

TEST(Config, NeedsExactlyOnePlaceForTheRecord) {
  EXPECT_EQ(ExitCode({}), kExitUsage);
  EXPECT_EQ(ExitCode({"--data", "d", "--database", "postgresql://h/d"}), kExitUsage);
  EXPECT_EQ(ExitCode({"--database", "postgresql://h/d"}), -1);
}

TEST(Config, ListensToOthersWithAccessControlAndTlsAlone) {
  const std::vector<const char*> auth = {"--auth", "a.json"};
  const std::vector<const char*> tls = {"--tls-cert", "c.pem", "--tls-key", "k.pem"};
  const auto exit_code = [](const char* address, const std::vector<const char*>& more,
                            const std::vector<const char*>& still_more = {}) {
    std::vector<const char*> arguments = {"--data", "d", "--listen", address};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.insert(arguments.end(), still_more.begin(), still_more.end());
    return ExitCode(arguments);
  };
  for (const char* address : {"0.0.0.0:7070", "[::]:7070", "192.0.2.1:7070", "example.org:7070"}) {
    EXPECT_EQ(exit_code(address, {}), kExitUsage) << address;
    EXPECT_EQ(exit_code(address, auth), kExitUsage) << address;
    EXPECT_EQ(exit_code(address, tls), kExitUsage) << address;
    EXPECT_EQ(exit_code(address, auth, tls), -1) << address;
    EXPECT_EQ(exit_code("127.0.0.1:0", {"--listen", address}), kExitUsage) << address;
  }
  for (const char* address : {"127.0.0.1:7070", "unix:/tmp/s"}) {
    EXPECT_EQ(exit_code(address, auth), -1) << address;
    EXPECT_EQ(exit_code(address, tls), -1) << address;
  }
  ServerOptions open;
  open.listen = {"127.0.0.1:0", "0.0.0.0:7070"};
  const absl::Status status = CheckExposure(open);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(storage::ErrorReason(status), "OPEN_TO_OTHERS");
  EXPECT_EQ(storage::ErrorField(status), "listen");
}

TEST(Config, TakesTlsFilesInPairs) {
  EXPECT_EQ(ExitCode({"--data", "d", "--tls-cert", "c"}), kExitUsage);
  EXPECT_EQ(ExitCode({"--data", "d", "--tls-key", "k"}), kExitUsage);
  EXPECT_EQ(ExitCode({"--data", "d", "--tls-client-ca", "a"}), kExitUsage);
  EXPECT_EQ(ExitCode({"--data", "d", "--tls-client-ca", "a", "--tls-cert", "c"}), kExitUsage);
  const auto config = std::get<Config>(
      Parse({"--data", "d", "--tls-cert", "c", "--tls-key", "k", "--tls-client-ca", "a"}));
  EXPECT_TRUE(config.server.tls.given());
  EXPECT_EQ(config.server.tls.certificate, "c");
  EXPECT_EQ(config.server.tls.key, "k");
  EXPECT_EQ(config.server.tls.client_ca, "a");
}

// A variable that a script left empty must not open the record to everyone.
TEST(Config, RefusesAccessControlByNoFile) {
  EXPECT_EQ(ExitCode({"--data", "d", "--auth", ""}), kExitUsage);
  EXPECT_EQ(ExitCode({"--data", "d", "--auth="}), kExitUsage);
  EXPECT_EQ(ExitCode({"--data", "d", "--config", FileWith("auth = \"\"\n").c_str()}), kExitUsage);
  EXPECT_EQ(ExitCode({"--data", "d", "--tls-cert", "c", "--tls-key", "k", "--tls-client-ca", ""}),
            kExitUsage);
}

TEST(Config, TakesLimitsAndReflection) {
  const auto config = std::get<Config>(
      Parse({"--data", "d", "--auth", "a.json", "--requests-per-second", "5", "--streams-max", "0",
             "--rows-per-day", "5000000000", "--reflection", "on"}));
  EXPECT_EQ(config.server.auth_file, "a.json");
  EXPECT_EQ(config.server.limits.requests_per_second, 5);
  EXPECT_EQ(config.server.limits.streams_max, 0);
  EXPECT_EQ(config.server.limits.rows_per_day, 5'000'000'000);
  EXPECT_EQ(config.server.reflection, true);
  EXPECT_EQ(std::get<Config>(Parse({"--data", "d", "--reflection", "off"})).server.reflection,
            false);
  EXPECT_EQ(ExitCode({"--data", "d", "--requests-per-second", "-1"}), kExitUsage);
  EXPECT_EQ(ExitCode({"--data", "d", "--streams-max", "-1"}), kExitUsage);
  EXPECT_EQ(ExitCode({"--data", "d", "--rows-per-day", "-1"}), kExitUsage);
  EXPECT_EQ(ExitCode({"--data", "d", "--reflection", "maybe"}), kExitUsage);
}

TEST(Config, TakesTokenCommands) {
  const auto create =
      std::get<Config>(Parse({"token", "create", "newsroom", "--role", "editor", "--feed", "f",
                              "--feed", "g", "--expires", "30d", "--auth", "a.json"}));
  EXPECT_EQ(create.command, Command::kToken);
  EXPECT_EQ(create.token.action, TokenCommand::Action::kCreate);
  EXPECT_EQ(create.token.auth_file, "a.json");
  EXPECT_EQ(create.token.principal, "newsroom");
  EXPECT_EQ(create.token.role, "editor");
  EXPECT_THAT(create.token.feeds, ElementsAre("f", "g"));
  EXPECT_EQ(create.token.expires, "30d");
  // A feed does not swallow the principal.
  const auto swapped =
      std::get<Config>(Parse({"--auth", "a.json", "token", "create", "--feed", "f", "newsroom"}));
  EXPECT_EQ(swapped.token.principal, "newsroom");
  EXPECT_THAT(swapped.token.feeds, ElementsAre("f"));
  EXPECT_EQ(swapped.token.role, "");
  EXPECT_EQ(swapped.token.expires, "90d");
  const auto certificate = std::get<Config>(
      Parse({"--auth", "a.json", "token", "create", "ann", "--certificate", "ann.example"}));
  EXPECT_EQ(certificate.token.certificate, "ann.example");
  EXPECT_THAT(certificate.token.feeds, IsEmpty());
  const auto list = std::get<Config>(Parse({"token", "list", "--auth", "a.json"}));
  EXPECT_EQ(list.token.action, TokenCommand::Action::kList);
  const auto revoke = std::get<Config>(Parse({"--auth", "a.json", "token", "revoke", "0123"}));
  EXPECT_EQ(revoke.token.action, TokenCommand::Action::kRevoke);
  EXPECT_EQ(revoke.token.id, "0123");
}

TEST(Config, RefusesHalfATokenCommand) {
  EXPECT_EQ(ExitCode({"token", "--auth", "a.json"}), kExitUsage);
  EXPECT_EQ(ExitCode({"token", "list"}), kExitUsage);
  EXPECT_EQ(ExitCode({"token", "create", "--auth", "a.json"}), kExitUsage);
  EXPECT_EQ(ExitCode({"token", "revoke", "--auth", "a.json"}), kExitUsage);
  EXPECT_EQ(ExitCode({"token", "list", "create", "p", "--auth", "a.json"}), kExitUsage);
  const Environment auth("ANNALS_AUTH", "from-environment.json");
  EXPECT_EQ(std::get<Config>(Parse({"token", "list"})).token.auth_file, "from-environment.json");
}

TEST(Config, RotatesKeys) {
  const auto rotate = std::get<Config>(Parse({"rotate-keys", "--database", "u"}));
  EXPECT_EQ(rotate.command, Command::kRotateKeys);
  EXPECT_FALSE(rotate.forget_older);
  EXPECT_TRUE(
      std::get<Config>(Parse({"--database", "u", "rotate-keys", "--forget-older"})).forget_older);
  EXPECT_EQ(ExitCode({"--database", "u", "--forget-older"}), kExitUsage);
  EXPECT_EQ(ExitCode({"rotate-keys"}), kExitUsage);
}

TEST(Config, RefusesWhatIsNotLoopback) {
  for (const char* address : {"0.0.0.0:7070", "192.168.1.2:7070", "example.org:7070", "[::]:7070",
                              "7070", "127.0.0.1:x", "127.0.0.1:65536", "unix:"}) {
    EXPECT_EQ(ExitCode({"--data", "d", "--listen", address}), kExitUsage) << address;
  }
  for (const char* address :
       {"127.0.0.1:0", "127.8.9.10:7070", "[::1]:7070", "localhost:7070", "unix:/tmp/s"}) {
    EXPECT_EQ(ExitCode({"--data", "d", "--listen", address}), -1) << address;
  }
  const std::string long_path = "unix:/" + std::string(107, 'p');
  EXPECT_EQ(ExitCode({"--data", "d", "--listen", long_path.c_str()}), kExitUsage);
}

TEST(Config, PutsFlagsBeforeFileBeforeEnvironment) {
  const std::string file =
      FileWith("sql-threads = 3\nlisten = [\"127.0.0.1:1\", \"unix:/tmp/x\"]\n");
  const Environment threads("ANNALS_SQL_THREADS", "5");
  const Environment drain("ANNALS_DRAIN_SECONDS", "7");
  const auto from_file = std::get<Config>(Parse({"--data", "d", "--config", file.c_str()}));
  EXPECT_EQ(from_file.server.sql_threads, 3);
  EXPECT_EQ(from_file.drain, absl::Seconds(7));
  EXPECT_THAT(from_file.server.listen, ElementsAre("127.0.0.1:1", "unix:/tmp/x"));
  const auto from_flag =
      std::get<Config>(Parse({"--data", "d", "--config", file.c_str(), "--sql-threads", "4"}));
  EXPECT_EQ(from_flag.server.sql_threads, 4);
  EXPECT_EQ(std::get<Config>(Parse({"--data", "d"})).server.sql_threads, 5);
}

TEST(Config, RefusesUnknownKeysAndFlags) {
  const std::string file = FileWith("lisen = \"127.0.0.1:1\"\n");
  EXPECT_EQ(ExitCode({"--data", "d", "--config", file.c_str()}), kExitUsage);
  EXPECT_EQ(ExitCode({"--data", "d", "--config", "/no/such/file"}), kExitUsage);
  EXPECT_EQ(ExitCode({"--data", "d", "--nonsense"}), kExitUsage);
  EXPECT_EQ(ExitCode({"--data", "d", "--sql-threads", "0"}), kExitUsage);
  EXPECT_EQ(ExitCode({"--data", "d", "--log-level", "loud"}), kExitUsage);
}

TEST(Config, KnowsItsCommands) {
  EXPECT_EQ(std::get<Config>(Parse({"migrate", "--database", "u"})).command, Command::kMigrate);
  EXPECT_EQ(ExitCode({"--data", "d", "check-config"}), kExitOk);
  EXPECT_EQ(ExitCode({"check-config"}), kExitUsage);
  EXPECT_EQ(ExitCode({"--version"}), kExitOk);
  EXPECT_EQ(ExitCode({"--help"}), kExitOk);
  EXPECT_EQ(ExitCode({"fly"}), kExitUsage);
}

}  // namespace
}  // namespace annals::service

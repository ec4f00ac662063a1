#include "service/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace annals::service {
namespace {

using ::testing::ElementsAre;

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
}

TEST(Config, NeedsExactlyOnePlaceForTheRecord) {
  EXPECT_EQ(ExitCode({}), kExitUsage);
  EXPECT_EQ(ExitCode({"--data", "d", "--database", "postgresql://h/d"}), kExitUsage);
  EXPECT_EQ(ExitCode({"--database", "postgresql://h/d"}), -1);
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

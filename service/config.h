// How annalsd is told what to do. A flag goes before the configuration file, the file before the
// environment (ANNALS_DATA, ANNALS_LISTEN, ...), the environment before the default.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "service/auth/token_command.h"
#include "service/log.h"
#include "service/server.h"

namespace annals::service {

enum class Command { kServe, kMigrate, kRotateKeys, kToken };

struct Config {
  Command command = Command::kServe;
  std::string data_dir;  // of the embedded PostgreSQL; empty where database_url is given
  std::string database_url;
  ServerOptions server;
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
  absl::Duration drain = absl::Seconds(10);
  TokenCommand token;         // with kToken
  bool forget_older = false;  // with kRotateKeys: what older keys sealed is to be unreadable
};

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

// The configuration, or the status to exit with: what there was to say (help, version, a usage
// error) is said.
[[nodiscard]] std::variant<Config, int> ParseConfig(int argc, const char* const* argv);

}  // namespace annals::service

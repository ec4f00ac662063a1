#include "storage/postgres/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "fmt/format.h"
#include "storage/error.h"

namespace annals::storage {
namespace {

constexpr int kLogMode = 0640;
constexpr int kSignalExitBase = 128;  // as shells count

std::vector<std::string> EnvironmentWithHome(const std::filesystem::path& home) {
  std::vector<std::string> variables = {fmt::format("HOME={}", home.string())};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("HOME=")) variables.emplace_back(*variable);
  }
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

absl::StatusOr<pid_t> StartProcess(const std::vector<std::string>& command,
                                   const std::filesystem::path& home,
                                   const std::filesystem::path& log) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, kLogMode);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);  // Ctrl-C is for us; we stop our children in order
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> arguments = command;
  std::vector<std::string> variables = EnvironmentWithHome(home);
  pid_t pid = -1;
  const int failure = posix_spawnp(&pid, arguments.front().c_str(), &files, &attributes,
                                   Pointers(arguments).data(), Pointers(variables).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (failure != 0) {
    return Error(absl::StatusCode::kUnavailable, "PROCESS_NOT_STARTED",
                 fmt::format("cannot start {}: {}", command.front(), std::strerror(failure)));
  }
  return pid;
}

int WaitForProcess(pid_t pid) {
  int state = 0;
  while (waitpid(pid, &state, 0) < 0) {
    if (errno != EINTR) return kSignalExitBase;
  }
  return WIFEXITED(state) ? WEXITSTATUS(state) : kSignalExitBase + WTERMSIG(state);
}

}  // namespace annals::storage

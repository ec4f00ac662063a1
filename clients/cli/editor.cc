#include "clients/cli/editor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

namespace annals::cli {
namespace {

constexpr int kNotFound = 127;       // What the shell ends with where it knows no such command.
constexpr char kSuffix[] = ".yaml";  // JSON with comments is YAML to editors.

// While it lives, Ctrl-C is the editor's.
class SignalsForChild {
 public:
  SignalsForChild() {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGINT, &ignore, &interrupt_);
    sigaction(SIGQUIT, &ignore, &quit_);
  }
  ~SignalsForChild() {
    sigaction(SIGINT, &interrupt_, nullptr);
    sigaction(SIGQUIT, &quit_, nullptr);
  }
  SignalsForChild(const SignalsForChild&) = delete;
  SignalsForChild& operator=(const SignalsForChild&) = delete;

 private:
  struct sigaction interrupt_ = {};
  struct sigaction quit_ = {};
};

// The exit status of the command; 128 and more where a signal ended it.
absl::StatusOr<int> RunShell(const std::string& command, const std::string& path) {
  const SignalsForChild signals;
  std::string script = command + " \"$@\"";
  std::string name = command, file = path, shell = "sh", flag = "-c";
  char* const arguments[] = {shell.data(), flag.data(), script.data(),
                             name.data(),  file.data(), nullptr};
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : {SIGINT, SIGQUIT, SIGPIPE}) sigaddset(&defaults, signal);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  const int failed = posix_spawn(&child, "/bin/sh", nullptr, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) return absl::ErrnoToStatus(failed, "cannot run /bin/sh");
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return absl::ErrnoToStatus(errno, "cannot wait for the editor");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

absl::Status RunEditor(const Session& session, const std::string& command,
                       const std::string& path) {
  std::vector<std::string> editors;
  if (!command.empty()) {
    editors = {command};
  } else if (!session.Editor().empty()) {
    editors = {session.Editor()};
  } else if (session.ErrIsTerminal()) {
    editors = {"vi", "nano"};
  }
  for (const std::string& editor : editors) {
    const absl::StatusOr<int> ended = RunShell(editor, path);
    if (!ended.ok()) return ended.status();
    if (*ended == 0) return absl::OkStatus();
    if (*ended != kNotFound) {
      return absl::AbortedError(fmt::format("the editor '{}' ended with {}", editor, *ended));
    }
  }
  return absl::FailedPreconditionError(fmt::format(
      "no editor{}: name one with --editor, or set VISUAL or EDITOR",
      editors.size() == 1 ? fmt::format(" called '{}'", editors.front()) : std::string()));
}

absl::StatusOr<TextFile> TextFile::Create(const Session& session, const std::string& text) {
  const std::string& folder = session.TempDirectory();
  std::string path = fmt::format("{}/annals-XXXXXX{}", folder.empty() ? "/tmp" : folder, kSuffix);
  const int descriptor = mkstemps(path.data(), sizeof(kSuffix) - 1);
  if (descriptor < 0) return absl::ErrnoToStatus(errno, fmt::format("cannot make {}", path));
  close(descriptor);
  TextFile file(path);
  const absl::Status written = file.Write(text);
  if (!written.ok()) return written;
  return file;
}

absl::StatusOr<std::string> TextFile::Read() const { return ReadText(path_); }

absl::Status TextFile::Write(const std::string& text) const {
  std::ofstream out(path_, std::ios::trunc);
  out << text;
  out.close();
  return out.good() ? absl::OkStatus() : absl::InternalError("cannot write " + path_);
}

void TextFile::Remove() const { unlink(path_.c_str()); }

absl::StatusOr<std::string> ReadText(const std::string& path) {
  std::ifstream in(path);
  if (!in) return absl::NotFoundError("cannot read " + path);
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return absl::InternalError("cannot read " + path);
  return text.str();
}

}  // namespace annals::cli

// The PostgreSQL of a test run, as a ctest fixture:
//   test_cluster start FILE   starts it in the background and writes its connection string and the
//                             process that serves it into FILE
//   test_cluster stop FILE    stops it and removes its data
//   test_cluster serve DIR    serves DIR in the foreground until it is told to end; prints the
//                             connection string (for tests that kill it)
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"
#include "storage/postgres/embedded_postgres.h"
#include "tests/support/test_database.h"

namespace annals::testing {
namespace {

constexpr int kUsage = 2;
constexpr std::time_t kServeMaxS = 4 * 3600;  // a run that was cut off leaves no server for ever
constexpr int kStopMaxMs = 60'000;

int Fail(std::string_view what) {
  fmt::print(stderr, "test_cluster: {}\n", what);
  return EXIT_FAILURE;
}

// Serves until SIGTERM or SIGINT. `when_ready` is told the connection string.
int Serve(const std::filesystem::path& directory,
          const std::function<bool(const std::string&)>& when_ready) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("test_cluster"));  // output is for results
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigaddset(&end, SIGINT);
  sigprocmask(SIG_BLOCK, &end, nullptr);  // before there are threads
  const auto server = storage::EmbeddedPostgres::Start(directory);
  if (!server.ok()) return Fail(server.status().ToString());
  if (!when_ready((*server)->connection_string())) return EXIT_FAILURE;
  const timespec longest = {kServeMaxS, 0};
  sigtimedwait(&end, nullptr, &longest);
  return EXIT_SUCCESS;
}

// What `start` leaves behind. Tells `ready` one byte when all is written.
int ServeRun(const std::filesystem::path& file, int ready) {
  const TestDirectory directory;
  const std::string log = (directory.path() / "test_cluster.log").string();
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  return Serve(directory.path(), [&](const std::string& connection_string) {
    if (const auto made = MakeTemplate(connection_string); !made.ok()) {
      return Fail(made.ToString()) == EXIT_SUCCESS;
    }
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << connection_string << '\n' << getpid() << '\n';
    return write(ready, "r", 1) == 1;
  });
}

int Stop(const std::filesystem::path& file) {
  std::ifstream state(file);
  std::string connection_string;
  pid_t pid = 0;
  if (!std::getline(state, connection_string) || !(state >> pid)) return EXIT_SUCCESS;
  std::filesystem::remove(file);
  const int process = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (process < 0) return EXIT_SUCCESS;  // ended before
  syscall(SYS_pidfd_send_signal, process, SIGTERM, nullptr, 0);
  pollfd ended = {process, POLLIN, 0};
  return poll(&ended, 1, kStopMaxMs) == 1 ? EXIT_SUCCESS : Fail("the server does not end");
}

int Start(const std::filesystem::path& file) {
  if (const int stopped = Stop(file); stopped != EXIT_SUCCESS) return stopped;
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) return Fail("no pipe");
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    return ServeRun(file, ready[1]);
  }
  close(ready[1]);
  char byte = 0;
  return read(ready[0], &byte, 1) == 1 ? EXIT_SUCCESS : Fail("no PostgreSQL could be started");
}

int Main(int argc, char** argv) {
  const std::string_view command = argc == 3 ? argv[1] : "";
  if (command == "start") return Start(argv[2]);
  if (command == "stop") return Stop(argv[2]);
  if (command != "serve") {
    fmt::print(stderr, "usage: test_cluster start FILE | stop FILE | serve DIR\n");
    return kUsage;
  }
  return Serve(argv[2], [](const std::string& connection_string) {
    fmt::print("{}\n", connection_string);
    return std::fflush(stdout) == 0;
  });
}

}  // namespace
}  // namespace annals::testing

int main(int argc, char** argv) { return annals::testing::Main(argc, argv); }

#include "storage/postgres/embedded_postgres.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <fstream>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "spdlog/spdlog.h"
#include "storage/error.h"
#include "storage/postgres/child_process.h"
#include "storage/postgres/connection_pool.h"
#include "storage/postgres/data_directory.h"
#include "storage/postgres/transaction.h"

namespace annals::storage {
namespace {

constexpr char kDatabase[] = "annals";
constexpr absl::Duration kPoll = absl::Milliseconds(20);
constexpr absl::Duration kOldServerMax = absl::Seconds(60);  // to end after its process has
constexpr absl::Duration kReadyMax = absl::Minutes(10);      // recovery replays what a crash left
constexpr absl::Duration kCreateDatabaseMax = absl::Seconds(30);
constexpr absl::Duration kBackoffFirst = absl::Milliseconds(100);
constexpr absl::Duration kBackoffMax = absl::Seconds(5);
constexpr int kFirstStartsMax = 5;
constexpr absl::Duration kStopMax = absl::Seconds(30);  // of a fast shutdown, then an immediate one
constexpr int kPostmasterStatusLine = 8;                // of postmaster.pid

const std::vector<std::string> kSettings = {"listen_addresses=",
                                            "unix_socket_permissions=0700",
                                            "port=5432",
                                            "max_connections=64",
                                            "shared_buffers=256MB",
                                            "work_mem=16MB",
                                            "maintenance_work_mem=128MB",
                                            "max_wal_size=2GB",
                                            "wal_compression=on",
                                            "random_page_cost=1.1",
                                            "jit=off",
                                            "timezone=UTC",
                                            "log_timezone=UTC",
                                            "log_checkpoints=off",
                                            "log_line_prefix=%m [%p] "};

absl::Status Failed(const DataDirectory& directory, std::string_view what) {
  return Error(absl::StatusCode::kFailedPrecondition, "POSTGRES_FAILED",
               fmt::format("PostgreSQL {}; see {}", what, directory.log().string()));
}

// In a list of directories PostgreSQL wants double quotes round one with commas or spaces.
std::string QuotedForList(const std::string& path) {
  std::string quoted = "\"";
  for (const char c : path) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string QuotedForLibpq(const std::string& value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

std::string ConnectionString(const DataDirectory& directory, std::string_view database) {
  return fmt::format("host={} port=5432 user=annals dbname={}",
                     QuotedForLibpq(directory.socket_directory().string()), database);
}

// The line of postmaster.pid, counted from 1; empty where there is none.
std::string PostmasterLine(const std::filesystem::path& cluster, int number) {
  std::ifstream file(cluster / "postmaster.pid");
  std::string line;
  for (int i = 0; i < number; ++i) {
    if (!std::getline(file, line)) return {};
  }
  return line;
}

// The process that postmaster.pid names, where it still is a server of this cluster; else 0.
pid_t RunningPostmaster(const std::filesystem::path& cluster) {
  pid_t pid = 0;
  if (!absl::SimpleAtoi(PostmasterLine(cluster, 1), &pid) || pid <= 1) return 0;
  std::error_code error;
  const auto directory = std::filesystem::read_symlink(fmt::format("/proc/{}/cwd", pid), error);
  return !error && directory == cluster ? pid : 0;
}

// A server whose process was killed gets SIGINT from the kernel and takes a moment to end.
absl::Status WaitForOldServer(const DataDirectory& directory) {
  const absl::Time give_up = absl::Now() + kOldServerMax;
  bool told = false;
  while (const pid_t old = RunningPostmaster(directory.cluster())) {
    if (!told) spdlog::info("waiting for the PostgreSQL of an earlier process to end");
    if (!told) kill(old, SIGINT);
    told = true;
    if (absl::Now() > give_up) {
      return Failed(directory, fmt::format("of an earlier process (pid {}) does not end", old));
    }
    absl::SleepFor(kPoll);
  }
  return absl::OkStatus();
}

absl::Status CreateDatabase(const DataDirectory& directory) {
  ConnectionPoolOptions options;
  options.connection_string = ConnectionString(directory, "postgres");
  options.connections_max = 1;
  ConnectionPool pool(options);
  return RunOutsideTransaction(pool, absl::Now() + kCreateDatabaseMax, [](const SqlSession& run) {
    if (run(fmt::format("SELECT 1 FROM pg_database WHERE datname = '{}'", kDatabase)).empty()) {
      run(fmt::format("CREATE DATABASE {}", kDatabase));
    }
  });
}

}  // namespace

// Owns the server process. Its thread starts the server, so that the server ends when the thread
// does: the thread lives as long as the object, and so, unless stopped, as long as the process.
class EmbeddedPostgres::Supervisor {
 public:
  explicit Supervisor(DataDirectory directory)
      : directory_(std::move(directory)),
        connection_string_(ConnectionString(directory_, kDatabase)) {}

  ~Supervisor() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      if (pid_ > 0) kill(pid_, SIGINT);  // fast shutdown
    }
    changed_.notify_all();
    if (!thread_.joinable()) return;
    if (ended_.wait_for(absl::ToChronoSeconds(kStopMax)) == std::future_status::timeout) {
      std::lock_guard lock(mutex_);
      if (pid_ > 0) kill(pid_, SIGQUIT);  // immediate shutdown; the next start recovers
    }
    thread_.join();
  }

  absl::Status Start() {
    if (auto ended = WaitForOldServer(directory_); !ended.ok()) return ended;
    std::packaged_task<void()> task([this] { Supervise(); });
    ended_ = task.get_future();
    thread_ = std::thread(std::move(task));
    if (auto ready = WaitUntilReady(); !ready.ok()) return ready;
    return CreateDatabase(directory_);
  }

  const std::string& connection_string() const { return connection_string_; }
  int server_pid() const {
    std::lock_guard lock(mutex_);
    return pid_;
  }

 private:
  std::vector<std::string> ServerCommand() const {
    std::vector<std::string> command = directory_.Command("postgres");
    command.insert(command.end(), {"-D", directory_.cluster().string(), "-c",
                                   "unix_socket_directories=" +
                                       QuotedForList(directory_.socket_directory().string())});
    for (const std::string& setting : kSettings) command.insert(command.end(), {"-c", setting});
    return command;
  }

  // Runs the server again and again until told to stop. Before it was ever ready, a few times only:
  // what a killed server left (shared memory, sessions) may be in the way for a moment.
  void Supervise() {
    absl::Duration backoff = kBackoffFirst;
    while (true) {
      const auto started = absl::Now();
      const auto pid = Launch();
      if (!pid) return;
      const int exit_status = WaitForProcess(*pid);
      std::unique_lock lock(mutex_);
      pid_ = 0;
      ++exits_;
      given_up_ = !was_ready_ && exits_ >= kFirstStartsMax;
      if (stopping_ || given_up_) return;
      if (absl::Now() - started > kBackoffMax) backoff = kBackoffFirst;
      spdlog::error("PostgreSQL ended by itself (status {}); it is started again", exit_status);
      changed_.wait_for(lock, absl::ToChronoMilliseconds(backoff), [&] { return stopping_; });
      if (stopping_) return;
      backoff = std::min(2 * backoff, kBackoffMax);
    }
  }

  std::optional<pid_t> Launch() {
    std::lock_guard lock(mutex_);
    if (stopping_) return std::nullopt;
    const auto pid = StartProcess(ServerCommand(), directory_.cluster(), directory_.log());
    if (!pid.ok()) {
      spdlog::error("{}", std::string(pid.status().message()));
      given_up_ = true;
      return std::nullopt;
    }
    pid_ = *pid;
    return *pid;
  }

  // PostgreSQL writes into postmaster.pid when it accepts connections.
  absl::Status WaitUntilReady() {
    const absl::Time give_up = absl::Now() + kReadyMax;
    while (absl::Now() < give_up) {
      {
        std::lock_guard lock(mutex_);
        if (given_up_) return Failed(directory_, "did not start");
        const bool ours = PostmasterLine(directory_.cluster(), 1) == std::to_string(pid_);
        if (ours &&
            PostmasterLine(directory_.cluster(), kPostmasterStatusLine).starts_with("ready")) {
          was_ready_ = true;
          return absl::OkStatus();
        }
      }
      absl::SleepFor(kPoll);
    }
    return Failed(directory_, "is not ready yet");
  }

  const DataDirectory directory_;
  const std::string connection_string_;
  std::thread thread_;
  std::future<void> ended_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  pid_t pid_ = 0;  // 0: not running
  int exits_ = 0;
  bool was_ready_ = false;
  bool given_up_ = false;
  bool stopping_ = false;
};

EmbeddedPostgres::EmbeddedPostgres(std::unique_ptr<Supervisor> supervisor)
    : supervisor_(std::move(supervisor)) {}

EmbeddedPostgres::~EmbeddedPostgres() = default;

absl::StatusOr<std::unique_ptr<EmbeddedPostgres>> EmbeddedPostgres::Start(
    const std::filesystem::path& directory) {
  auto opened = DataDirectory::Open(directory);
  if (!opened.ok()) return opened.status();
  auto supervisor = std::make_unique<Supervisor>(*std::move(opened));
  if (auto started = supervisor->Start(); !started.ok()) return started;
  return std::unique_ptr<EmbeddedPostgres>(new EmbeddedPostgres(std::move(supervisor)));
}

const std::string& EmbeddedPostgres::connection_string() const {
  return supervisor_->connection_string();
}

int EmbeddedPostgres::server_pid() const { return supervisor_->server_pid(); }

}  // namespace annals::storage

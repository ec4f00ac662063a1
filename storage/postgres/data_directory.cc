#include "storage/postgres/data_directory.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "spdlog/spdlog.h"
#include "storage/error.h"
#include "storage/postgres/child_process.h"

namespace annals::storage {
namespace {

constexpr char kProgramsRoot[] = "/usr/lib/postgresql";  // Debian: one directory a major version
constexpr char kOwner[] = "postgres";
constexpr int kMajorMin = 15;
constexpr std::size_t kSocketPathMax = 107;
constexpr std::string_view kSocketName = "/.s.PGSQL.5432";
constexpr mode_t kPrivateMode = 0700;

absl::Status Refuse(std::string_view reason, std::string_view message) {
  return Error(absl::StatusCode::kFailedPrecondition, reason, message);
}

absl::Status CannotUse(const std::filesystem::path& path) {
  return Refuse("DIRECTORY_UNREACHABLE",
                fmt::format("{} cannot be used: {}", path.string(), std::strerror(errno)));
}

// The major version that a cluster was made by; 0 where there is none.
int MajorOf(const std::filesystem::path& cluster) {
  std::ifstream file(cluster / "PG_VERSION");
  int major = 0;
  file >> major;
  return major;
}

// The newest installed version, or the one asked for; 0 where there is none.
int FindMajor(int asked) {
  int best = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kProgramsRoot, error)) {
    int major = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &major)) continue;
    if (!std::filesystem::exists(entry.path() / "bin" / "postgres")) continue;
    if (asked == 0 ? major > best : major == asked) best = major;
  }
  return best;
}

}  // namespace

DataDirectory::DataDirectory(std::filesystem::path root) : root_(std::move(root)) {}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : root_(other.root_),
      programs_(other.programs_),
      socket_directory_(other.socket_directory_),
      socket_directory_is_ours_(std::exchange(other.socket_directory_is_ours_, false)),
      as_postgres_(other.as_postgres_),
      lock_(std::exchange(other.lock_, -1)) {}

DataDirectory::~DataDirectory() {
  std::error_code ignored;
  if (socket_directory_is_ours_) std::filesystem::remove_all(socket_directory_, ignored);
  if (lock_ >= 0) close(lock_);
}

absl::StatusOr<DataDirectory> DataDirectory::Open(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const auto root = std::filesystem::canonical(directory, error);
  if (error) {
    return Refuse("DIRECTORY_UNREACHABLE",
                  fmt::format("{} cannot be used: {}", directory.string(), error.message()));
  }
  DataDirectory opened(root);
  for (const auto step : {&DataDirectory::Lock, &DataDirectory::FindPrograms,
                          &DataDirectory::PrepareOwner, &DataDirectory::MakeSocketDirectory}) {
    if (auto done = (opened.*step)(); !done.ok()) return done;
  }
  if (MajorOf(opened.cluster()) == 0) {
    if (auto made = opened.MakeCluster(); !made.ok()) return made;
  }
  return opened;
}

absl::Status DataDirectory::Lock() {
  const auto path = root_ / "annals.lock";
  lock_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) return CannotUse(path);
  if (flock(lock_, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
  return Refuse("DIRECTORY_IN_USE",
                fmt::format("another process serves {}: stop it, or choose another directory",
                            root_.string()));
}

absl::Status DataDirectory::FindPrograms() {
  const int made_by = MajorOf(cluster());
  const int major = FindMajor(made_by);
  if (major == 0 && made_by != 0) {
    return Refuse("POSTGRES_VERSION_MISMATCH",
                  fmt::format("{} holds a database of PostgreSQL {}, which is not installed here "
                              "(PostgreSQL {} is): install it, or move the data with pg_upgrade",
                              cluster().string(), made_by, FindMajor(0)));
  }
  if (major < kMajorMin) {
    return Refuse("POSTGRES_MISSING",
                  fmt::format("PostgreSQL {} or newer is not installed (Debian: postgresql-15, "
                              "postgresql-15-postgis-3)",
                              kMajorMin));
  }
  programs_ = std::filesystem::path(kProgramsRoot) / std::to_string(major) / "bin";
  return absl::OkStatus();
}

absl::Status DataDirectory::GiveToOwner(const std::filesystem::path& path) const {
  if (!as_postgres_) return absl::OkStatus();
  const passwd* owner = getpwnam(kOwner);
  if (owner == nullptr || chown(path.c_str(), owner->pw_uid, owner->pw_gid) != 0) {
    return CannotUse(path);
  }
  return absl::OkStatus();
}

absl::Status DataDirectory::PrepareOwner() {
  as_postgres_ = geteuid() == 0;
  if (!as_postgres_) return absl::OkStatus();
  if (getpwnam(kOwner) == nullptr) {
    return Refuse("POSTGRES_MISSING", "there is no user postgres to run PostgreSQL as");
  }
  // User postgres need only pass through to what it owns.
  chmod(root_.c_str(), 0711);
  const auto log_path = log();
  const int file = open(log_path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
  if (file < 0) return CannotUse(log_path);
  close(file);
  std::vector<std::string> command = Command("postgres");
  command.back() = "/usr/bin/test";
  command.insert(command.end(), {"-x", root_.string()});
  auto reached = StartProcess(command, root_, log_path);
  if (!reached.ok()) return reached.status();
  if (WaitForProcess(*reached) == 0) return absl::OkStatus();
  return Refuse(
      "DIRECTORY_UNREACHABLE",
      fmt::format("user postgres, as which root runs PostgreSQL, cannot enter {}: choose a "
                  "directory that it can, such as /var/lib/annals",
                  root_.string()));
}

absl::Status DataDirectory::MakeSocketDirectory() {
  socket_directory_ = root_ / "run";
  const std::string& path = socket_directory_.native();
  // libpq takes a comma for the end of a host.
  if (path.size() + kSocketName.size() > kSocketPathMax || path.find(',') != std::string::npos) {
    std::string name = "/tmp/annals-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) return CannotUse(name);
    socket_directory_ = name;
    socket_directory_is_ours_ = true;
  } else if (mkdir(path.c_str(), kPrivateMode) != 0 && errno != EEXIST) {
    return CannotUse(socket_directory_);
  }
  return GiveToOwner(socket_directory_);
}

std::vector<std::string> DataDirectory::Command(std::string_view program) const {
  std::vector<std::string> command = {"setpriv", "--pdeathsig=INT"};
  if (as_postgres_) {
    command.insert(command.end(), {"--reuid=postgres", "--regid=postgres", "--init-groups"});
  }
  command.push_back((programs_ / program).string());
  return command;
}

// Made beside and then renamed: what is cut off in the middle is made again.
absl::Status DataDirectory::MakeCluster() const {
  const auto unfinished = root_ / "postgres.new";
  std::error_code error;
  std::filesystem::remove_all(unfinished, error);
  if (mkdir(unfinished.c_str(), kPrivateMode) != 0) return CannotUse(unfinished);
  if (auto given = GiveToOwner(unfinished); !given.ok()) return given;
  spdlog::info("making a database in {}", root_.string());
  std::vector<std::string> command = Command("initdb");
  command.insert(command.end(), {"--pgdata=" + unfinished.string(), "--username=annals",
                                 "--encoding=UTF8", "--locale=C", "--auth-local=trust",
                                 "--auth-host=reject", "--data-checksums", "--no-instructions"});
  const auto made = StartProcess(command, root_, log());
  if (!made.ok()) return made.status();
  if (WaitForProcess(*made) != 0) {
    return Refuse("POSTGRES_FAILED",
                  fmt::format("no database could be made; see {}", log().string()));
  }
  std::filesystem::rename(unfinished, cluster(), error);
  if (error) return CannotUse(cluster());
  return absl::OkStatus();
}

}  // namespace annals::storage

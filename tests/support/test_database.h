// A database for one test, cloned from a prepared template and dropped afterwards.
//
// The server is the one of the ctest run (test_cluster.cc); a test binary that is run by hand
// starts one of its own for as long as it runs. A missing PostgreSQL ends the test binary with a
// message.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace annals::testing {

class TestDatabase {
 public:
  enum class Contents { kPreparedStore, kNothing };
  explicit TestDatabase(Contents contents = Contents::kPreparedStore);
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  // As libpq reads it.
  [[nodiscard]] const std::string& connection_string() const { return connection_string_; }

  // Runs SQL as a superuser, outside any transaction; answers the first field of its first row, or
  // empty.
  std::string Run(const std::string& sql) const;

 private:
  const std::string name_;
  const std::string connection_string_;
};

// A directory under /tmp that user postgres can enter; removed at the end.
class TestDirectory {
 public:
  TestDirectory();
  ~TestDirectory();
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  const std::filesystem::path path_;
};

// Makes the template that TestDatabase clones, on the server of `connection_string`.
[[nodiscard]] absl::Status MakeTemplate(const std::string& connection_string);

}  // namespace annals::testing

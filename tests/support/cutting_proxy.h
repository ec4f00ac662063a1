// A UNIX socket in front of PostgreSQL that can lose the answer to a COMMIT: the server does it,
// the client never hears so. For tests of storage/postgres in this process; whole programs are put
// under faults of all kinds by tests/faults/fault_proxy.py.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/test_database.h"

namespace annals::testing {

class CuttingProxy {
 public:
  // `connection_string` as TestDatabase gives it: host='…' first.
  explicit CuttingProxy(const std::string& connection_string);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  [[nodiscard]] const std::string& connection_string() const { return connection_string_; }
  // The next COMMIT reaches the server; when the server has answered, its connection is cut.
  void CutAfterNextCommit() { armed_ = true; }
  [[nodiscard]] bool armed() const { return armed_; }

 private:
  void Accept();
  void Serve(int client);

  TestDirectory directory_;
  std::string server_path_, connection_string_;
  std::atomic<bool> armed_ = false;
  int listener_ = -1;
  int stop_[2] = {-1, -1};            // a pipe: closed to end all threads
  std::vector<std::thread> servers_;  // of acceptor_ until it has ended
  std::thread acceptor_;
};

}  // namespace annals::testing

// One connection to PostgreSQL. Only this directory includes this header.
#pragma once

#include <pqxx/connection>
#include <pqxx/errorhandler>
#include <string>
#include <unordered_map>

namespace annals::storage {

// Not thread safe, but for ShutDown.
class Connection {
 public:
  // Throws as pqxx does. `setup` is run once, outside any transaction; it may be empty.
  Connection(const std::string& connection_string, const std::string& setup);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] pqxx::connection& raw() { return connection_; }

  // The name of a prepared statement of this text; prepares it where that was not done before.
  const std::string& Prepared(const std::string& text);

  // Ends what another thread waits for on this connection: its call fails as on a lost connection.
  // libpq alone waits for ever for a server that is stopped but not dead.
  void ShutDown() const;

 private:
  pqxx::connection connection_;
  std::unordered_map<std::string, std::string> prepared_;  // text -> name
  pqxx::quiet_errorhandler quiet_;                         // notices are not for standard error
  const int socket_;  // a duplicate: its number stays ours whatever libpq closes
};

}  // namespace annals::storage

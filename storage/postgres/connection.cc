#include "storage/postgres/connection.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pqxx/nontransaction>
#include <string_view>

#ifdef __SANITIZE_ADDRESS__
// Where a connection dies under a statement, libpqxx 6.4.5 throws before it owns the statement's
// result: two kilobytes for each connection lost, told by LeakSanitizer.
extern "C" const char* __lsan_default_suppressions() { return "leak:PQmakeEmptyPGresult\n"; }
#endif

namespace annals::storage {
namespace {

// Long enough for a server that is busy starting up, short enough for one that is stopped.
constexpr char kConnectOptions[] = "connect_timeout=5&application_name=annalsd";
constexpr char kConnectSettings[] = " connect_timeout=5 application_name=annalsd";

std::string WithOptions(const std::string& connection_string) {
  if (connection_string.find("://") == std::string::npos) {
    return connection_string + kConnectSettings;
  }
  const char separator = connection_string.find('?') == std::string::npos ? '?' : '&';
  return connection_string + separator + kConnectOptions;
}

}  // namespace

Connection::Connection(const std::string& connection_string, const std::string& setup)
    : connection_(WithOptions(connection_string)),
      quiet_(connection_),
      socket_(fcntl(connection_.sock(), F_DUPFD_CLOEXEC, 0)) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  // libpqxx 6 would reconnect in silence, without the session's temporary tables; 7 never does.
  connection_.inhibit_reactivation(true);
#pragma GCC diagnostic pop
  connection_.set_verbosity(pqxx::connection_base::terse);
  if (setup.empty()) return;
  pqxx::nontransaction session(connection_);
  session.exec(setup);
}

Connection::~Connection() {
  if (socket_ >= 0) close(socket_);
}

const std::string& Connection::Prepared(const std::string& text) {
  std::string& name = prepared_[text];
  if (name.empty()) {
    name = "annals_" + std::to_string(prepared_.size());
    connection_.prepare(name, text);
  }
  return name;
}

void Connection::ShutDown() const {
  if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
}

}  // namespace annals::storage

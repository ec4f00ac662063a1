#include "tests/support/cutting_proxy.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string_view>

#include "gtest/gtest.h"

namespace annals::testing {
namespace {

constexpr std::string_view kSocketName = "/.s.PGSQL.5432";

sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

int Connect(const std::string& path) {
  const int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = AddressOf(path);
  EXPECT_EQ(connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return server;
}

// What can be read now; empty at the end.
std::string Read(int from) {
  std::array<char, 65536> buffer;
  const auto size = read(from, buffer.data(), buffer.size());
  return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string();
}

bool WriteAll(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto size = send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

}  // namespace

CuttingProxy::CuttingProxy(const std::string& connection_string) {
  const auto begin = connection_string.find('\'') + 1;
  const auto end = connection_string.find('\'', begin);
  server_path_ = connection_string.substr(begin, end - begin).append(kSocketName);
  connection_string_ = "host='" + directory_.path().string() + connection_string.substr(end);
  EXPECT_EQ(pipe(stop_), 0);
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = AddressOf(directory_.path().string().append(kSocketName));
  EXPECT_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(listen(listener_, 8), 0);
  acceptor_ = std::thread([this] { Accept(); });
}

CuttingProxy::~CuttingProxy() {
  close(stop_[1]);
  acceptor_.join();
  for (auto& server : servers_) server.join();
  close(listener_);
  close(stop_[0]);
}

void CuttingProxy::Accept() {
  while (true) {
    std::array<pollfd, 2> waiting = {{{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}}};
    poll(waiting.data(), waiting.size(), -1);
    if (waiting[1].revents != 0) return;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) servers_.emplace_back([this, client] { Serve(client); });
  }
}

void CuttingProxy::Serve(int client) {
  const int server = Connect(server_path_);
  while (true) {
    std::array<pollfd, 3> waiting = {
        {{client, POLLIN, 0}, {server, POLLIN, 0}, {stop_[0], POLLIN, 0}}};
    poll(waiting.data(), waiting.size(), -1);
    if (waiting[2].revents != 0) break;
    const bool from_client = waiting[0].revents != 0;
    const std::string bytes = Read(from_client ? client : server);
    if (bytes.empty() || !WriteAll(from_client ? server : client, bytes)) break;
    // A simple query: 'Q', its length, its text.
    if (!from_client || bytes.find("COMMIT") != 5 || !armed_.exchange(false)) continue;
    (void)Read(server);
    break;
  }
  close(server);
  close(client);
}

}  // namespace annals::testing

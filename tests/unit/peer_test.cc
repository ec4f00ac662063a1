#include "service/peer.h"

#include <gtest/gtest.h>

#include <string>

namespace annals::service {
namespace {

TEST(Peer, IsAnAddressWithoutItsPort) {
  EXPECT_EQ(AddressOfPeer("ipv4:192.0.2.7:50123", ""), "192.0.2.7");
  EXPECT_EQ(AddressOfPeer("ipv6:%5B2001:db8::7%5D:50123", ""), "2001:db8::7");
  EXPECT_EQ(AddressOfPeer("ipv6:[2001:db8::7]:50123", ""), "2001:db8::7");
  EXPECT_EQ(AddressOfPeer("ipv6:%5B::1%5D:1", ""), "::1");
  EXPECT_EQ(AddressOfPeer("unix:", ""), "unix");
  EXPECT_EQ(AddressOfPeer("unix:/run/annals.sock", ""), "unix");
  EXPECT_EQ(AddressOfPeer("nonsense", ""), "nonsense");
  EXPECT_EQ(AddressOfPeer("", ""), "");
}

TEST(Peer, IsWhatTheEdgeStatesBehindAUnixSocket) {
  EXPECT_EQ(AddressOfPeer("unix:", "192.0.2.7"), "192.0.2.7 via unix");
  EXPECT_EQ(AddressOfPeer("unix:/s", "2001:DB8::7"), "2001:DB8::7 via unix");
  const std::string longest = "0000:0000:0000:0000:0000:ffff:192.168.100.228";
  EXPECT_EQ(AddressOfPeer("unix:", longest), longest + " via unix");
}

TEST(Peer, IsNotWhatIsNoAddress) {
  for (const char* stated : {"localhost", "192.0.2.7, 192.0.2.8", "192.0.2.7 via unix", "\x1b[31m",
                             "a\nb", "0000:0000:0000:0000:0000:ffff:192.168.100.2280"}) {
    EXPECT_EQ(AddressOfPeer("unix:", stated), "unix") << stated;
  }
}

TEST(Peer, IsNotWhatATcpCallerStates) {
  EXPECT_EQ(AddressOfPeer("ipv4:192.0.2.7:50123", "198.51.100.1"), "192.0.2.7");
  EXPECT_EQ(AddressOfPeer("ipv6:%5B::1%5D:1", "198.51.100.1"), "::1");
}

}  // namespace
}  // namespace annals::service

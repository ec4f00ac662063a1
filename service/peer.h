// What a call says of where it comes from and who makes it.
#pragma once

#include <string>
#include <string_view>

#include "grpcpp/server_context.h"
#include "service/auth/authenticator.h"

namespace annals::service {

[[nodiscard]] Credentials CredentialsOf(const grpc::ServerContextBase& context);

// The caller's address without its port. Behind a UNIX socket stands an edge (deploy/edge) or a
// local program: "192.0.2.7 via unix" is what it states in the header x-real-ip, "unix" where it
// states none. Other peers' x-real-ip is not believed.
[[nodiscard]] std::string AddressOf(const grpc::ServerContextBase& context);
// The same of gRPC's text for a peer.
[[nodiscard]] std::string AddressOfPeer(std::string_view peer, std::string_view real_ip);

}  // namespace annals::service

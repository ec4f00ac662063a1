#include "service/peer.h"

#include "fmt/format.h"
#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/auth_context.h"

namespace annals::service {
namespace {

constexpr char kAuthorization[] = "authorization";
constexpr char kRealIp[] = "x-real-ip";
constexpr std::size_t kRealIpCharactersMax = 45;  // the longest IPv6 address

std::string HeaderOf(const grpc::ServerContextBase& context, const char* name) {
  const auto found = context.client_metadata().find(name);
  return found == context.client_metadata().end()
             ? std::string()
             : std::string(found->second.data(), found->second.size());
}

void AppendValues(const grpc::AuthContext& auth, const char* property,
                  std::vector<std::string>* values) {
  for (const grpc::string_ref& value : auth.FindPropertyValues(property)) {
    values->emplace_back(value.data(), value.size());
  }
}

}  // namespace

Credentials CredentialsOf(const grpc::ServerContextBase& context) {
  Credentials credentials{HeaderOf(context, kAuthorization), {}};
  const auto auth = context.auth_context();
  if (auth != nullptr && auth->IsPeerAuthenticated()) {
    AppendValues(*auth, GRPC_X509_SAN_PROPERTY_NAME, &credentials.certificate_names);
    AppendValues(*auth, GRPC_X509_CN_PROPERTY_NAME, &credentials.certificate_names);
  }
  return credentials;
}

std::string AddressOf(const grpc::ServerContextBase& context) {
  return AddressOfPeer(context.peer(), HeaderOf(context, kRealIp));
}

std::string AddressOfPeer(std::string_view peer, std::string_view real_ip) {
  const auto colon = peer.find(':');
  const std::string_view scheme = peer.substr(0, colon);
  if (scheme == "unix") {
    const bool plausible =
        !real_ip.empty() && real_ip.size() <= kRealIpCharactersMax &&
        real_ip.find_first_not_of("0123456789abcdefABCDEF.:") == std::string_view::npos;
    return plausible ? fmt::format("{} via unix", real_ip) : "unix";
  }
  if (colon == std::string_view::npos) return std::string(peer);
  std::string_view host = peer.substr(colon + 1);
  host = host.substr(0, host.rfind(':'));
  // gRPC escapes the brackets of "[::1]".
  if (host.starts_with("%5B") && host.ends_with("%5D")) host = host.substr(3, host.size() - 6);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return std::string(host);
}

}  // namespace annals::service

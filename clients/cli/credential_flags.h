// The flags that say as whom to call, and how to keep the connection private.
#pragma once

#include <CLI/CLI.hpp>

#include "absl/status/status.h"
#include "clients/cli/session.h"
#include "clients/cpp/grpc_connection.h"

namespace annals::cli {

struct CredentialFlags {
  CredentialFiles files;
  bool tls = false;
};

// Declares --token-file, --tls, --tls-ca, --tls-cert and --tls-key on `app`. REQUIRES: `flags`
// outlives it.
void AddCredentialFlags(CLI::App& app, CredentialFlags& flags);

// Reads the files that the flags name, or else the environment, into `options`. TLS is on where a
// file of TLS's or --tls is given, and always where `options.server` is not local. A usage error
// that names the file where it cannot be read or does not hold what it should, and where a
// certificate comes without its key.
[[nodiscard]] absl::Status ReadCredentials(const CredentialFlags& flags,
                                           const CredentialFiles& environment,
                                           client::ConnectionOptions& options);

}  // namespace annals::cli

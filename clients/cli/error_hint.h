// What may help with an error.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "clients/cpp/grpc_connection.h"

namespace annals::cli {

// A sentence for the person who got this error over such a connection, or empty.
[[nodiscard]] std::string ErrorHint(const absl::Status& status,
                                    const client::ConnectionOptions& connection);

}  // namespace annals::cli

// IngestEvents: takes batches in, one after the other, and answers each.
#pragma once

#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "service/backend.h"

namespace annals::service {

// Starts the stream. A message is read when the one before was answered, so that a fast sender
// costs one batch (and what HTTP/2 buffers). The reactor ends itself: OK when the client has sent
// its last message, an error where a message as a whole is refused or the store fails; what was
// answered before stays.
[[nodiscard]] grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StartIngest(
    const Backend& backend, grpc::CallbackServerContext* context);

}  // namespace annals::service

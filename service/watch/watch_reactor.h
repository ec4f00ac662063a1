// WatchEvents: streams the changes that concern a filter (change_tail.h says how).
#pragma once

#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "service/backend.h"

namespace annals::service {

// Starts the stream. Its first message is a checkpoint at its start; whatever is recorded after the
// client received it is told. While nothing else is told, a checkpoint comes at a fixed interval
// whatever is recorded, so that it says nothing of what its caller may not see. The reactor ends
// itself.
[[nodiscard]] grpc::ServerWriteReactor<grpc::ByteBuffer>* StartWatch(
    const Backend& backend, grpc::CallbackServerContext* context,
    const grpc::ByteBuffer& request_bytes);

}  // namespace annals::service

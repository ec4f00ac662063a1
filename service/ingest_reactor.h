// IngestEvents: takes batches in and answers each, in their order.
#pragma once

#include <cstddef>

#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "service/backend.h"

namespace annals::service {

// What one stream may have under way, from its being read until its answer was written. Beyond
// either nothing is read, and HTTP/2 makes the client wait; the message that goes beyond
// kBytesUnderWay is still taken.
inline constexpr std::size_t kMessagesUnderWay = 4;
inline constexpr std::size_t kBytesUnderWay = 8 << 20;

// Starts the stream. Batches are prepared one after the other, each while those before it are
// committed; a release end waits for them. The reactor ends itself: OK when the client has sent its
// last message, an error where a message as a whole is refused or the store fails. The error comes
// after the answers of the messages before; what was sent after may have gone in, and is safe to
// send again.
[[nodiscard]] grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StartIngest(
    const Backend& backend, grpc::CallbackServerContext* context);

}  // namespace annals::service

// ExportEvents: streams every matching event, page after page at one position.
#pragma once

#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "service/backend.h"

namespace annals::service {

// Starts the stream. The next page is read only when the client has taken the one before, so that a
// slow client costs one page. No thread is held between pages. The reactor ends itself.
[[nodiscard]] grpc::ServerWriteReactor<grpc::ByteBuffer>* StartExport(
    const Backend& backend, grpc::CallbackServerContext* context,
    const grpc::ByteBuffer& request_bytes);

}  // namespace annals::service

// Turns received bytes into messages, and says which field is at fault where they are none.
//
// gRPC answers UNIMPLEMENTED to bytes that protobuf refuses, such as a string that is not UTF-8,
// and says nothing of the field. So the service takes raw bytes and parses them here.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "grpcpp/support/byte_buffer.h"

namespace annals::service {

// Parses `bytes` into `message`. Where strings in them are not UTF-8, `malformed_fields` names each
// by its path from the message ("filter.actors[0].label") and `message` holds them with '?' for the
// bad bytes. INVALID_ARGUMENT (MALFORMED_MESSAGE) where the bytes are no such message at all.
[[nodiscard]] absl::Status ParseMessage(grpc::ByteBuffer bytes, google::protobuf::Message* message,
                                        std::vector<std::string>* malformed_fields);

// As above for a message that is taken as a whole or not at all: INVALID_ARGUMENT (INVALID_UTF8)
// naming the malformed fields.
[[nodiscard]] absl::Status ParseWholeMessage(grpc::ByteBuffer bytes,
                                             google::protobuf::Message* message);

// INVALID_ARGUMENT (INVALID_UTF8) at the field.
[[nodiscard]] absl::Status InvalidUtf8(std::string_view field);

[[nodiscard]] grpc::ByteBuffer ToByteBuffer(const google::protobuf::Message& message);

}  // namespace annals::service

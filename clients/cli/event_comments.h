// What the contract's comments say of the fields of an event.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

namespace annals::cli {

// The comment of a field, or of a oneof, of a message in annals/v1/events.proto or
// values.proto, on one line: "Required. What
// happened." Empty for others.
[[nodiscard]] std::string CommentOf(const google::protobuf::FieldDescriptor& field);
[[nodiscard]] std::string CommentOf(const google::protobuf::OneofDescriptor& oneof);

}  // namespace annals::cli

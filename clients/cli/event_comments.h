// What the contract's comments say of the fields of an event.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

namespace annals::cli {

struct ProtoText {
  std::string_view file;  // "annals/v1/events.proto"
  std::string_view text;
};

// The files that define events, as they stand in proto/.
[[nodiscard]] const std::vector<ProtoText>& EventProtos();

// The comment of a field, or of a oneof, of a message in those files, on one line: "Required. What
// happened." Empty for others.
[[nodiscard]] std::string CommentOf(const google::protobuf::FieldDescriptor& field);
[[nodiscard]] std::string CommentOf(const google::protobuf::OneofDescriptor& oneof);

}  // namespace annals::cli

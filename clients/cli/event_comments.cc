#include "clients/cli/event_comments.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <utility>

#include "absl/strings/ascii.h"

// Those files with their comments, a FileDescriptorSet; made by CMakeLists.txt.
extern "C" const char annals_event_protos[];
extern "C" const char annals_event_protos_end[];

namespace annals::cli {
namespace {

// By the full name of what they are of.
using Comments = std::map<std::string, std::string>;

Comments ReadComments() {
  google::protobuf::FileDescriptorSet files;
  files.ParseFromArray(annals_event_protos,
                       static_cast<int>(annals_event_protos_end - annals_event_protos));
  Comments comments;
  for (const auto& file : files.file()) {
    for (const auto& location : file.source_code_info().location()) {
      const auto& path = location.path();  // Of a message, its field or its oneof, by index.
      if (path.size() != 4 ||
          path[0] != google::protobuf::FileDescriptorProto::kMessageTypeFieldNumber) {
        continue;
      }
      const auto& message = file.message_type(path[1]);
      std::string name;
      if (path[2] == google::protobuf::DescriptorProto::kFieldFieldNumber) {
        name = message.field(path[3]).name();
      } else if (path[2] == google::protobuf::DescriptorProto::kOneofDeclFieldNumber) {
        name = message.oneof_decl(path[3]).name();
      }
      std::string text = location.leading_comments();
      absl::RemoveExtraAsciiWhitespace(&text);
      for (char& c : text) c = c == '\n' ? ' ' : c;
      comments[fmt::format("{}.{}.{}", file.package(), message.name(), name)] = std::move(text);
    }
  }
  return comments;
}

std::string Find(const std::string& full_name) {
  static const Comments comments = ReadComments();
  const auto found = comments.find(full_name);
  return found == comments.end() ? std::string() : found->second;
}

}  // namespace

std::string CommentOf(const google::protobuf::FieldDescriptor& field) {
  return Find(field.full_name());
}

std::string CommentOf(const google::protobuf::OneofDescriptor& oneof) {
  return Find(oneof.full_name());
}

}  // namespace annals::cli

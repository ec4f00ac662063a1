#include "clients/cli/event_comments.h"

#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <map>

#include "absl/strings/ascii.h"

namespace annals::cli {
namespace {

using Path = std::vector<int>;
using Comments = std::map<std::string, std::map<Path, std::string>>;  // By file and place.

// The files compiled long ago: there is nothing wrong with them to tell.
class NoErrors : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
};

Comments ReadComments() {
  Comments comments;
  for (const ProtoText& proto : EventProtos()) {
    google::protobuf::io::ArrayInputStream stream(proto.text.data(),
                                                  static_cast<int>(proto.text.size()));
    NoErrors errors;
    google::protobuf::io::Tokenizer tokenizer(&stream, &errors);
    google::protobuf::FileDescriptorProto file;
    if (!google::protobuf::compiler::Parser().Parse(&tokenizer, &file)) continue;
    auto& of_file = comments[std::string(proto.file)];
    for (const auto& location : file.source_code_info().location()) {
      std::string text = location.leading_comments();
      for (char& c : text) c = c == '\n' ? ' ' : c;
      absl::RemoveExtraAsciiWhitespace(&text);
      of_file[{location.path().begin(), location.path().end()}] = std::move(text);
    }
  }
  return comments;
}

template <typename Descriptor>
std::string Find(const Descriptor& descriptor, const google::protobuf::FileDescriptor& file) {
  static const Comments comments = ReadComments();
  const auto of_file = comments.find(file.name());
  if (of_file == comments.end()) return {};
  Path path;
  descriptor.GetLocationPath(&path);
  const auto found = of_file->second.find(path);
  return found == of_file->second.end() ? std::string() : found->second;
}

}  // namespace

std::string CommentOf(const google::protobuf::FieldDescriptor& field) {
  return Find(field, *field.file());
}

std::string CommentOf(const google::protobuf::OneofDescriptor& oneof) {
  return Find(oneof, *oneof.containing_type()->file());
}

}  // namespace annals::cli

#include "service/message_parser.h"

#include <map>

#include "fmt/format.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "grpcpp/support/proto_buffer_reader.h"
#include "grpcpp/support/proto_buffer_writer.h"
#include "service/grpc_status.h"
#include "service/validate/text.h"
#include "storage/error.h"

namespace annals::service {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr int kDepthMax = 32;
constexpr std::size_t kMalformedFieldsMax = 10'000;
constexpr int kBlockBytesMax = 1 << 20;

// Walks serialized messages and makes every string in them UTF-8, in place: lengths do not change.
class StringRepairer {
 public:
  explicit StringRepairer(std::vector<std::string>* malformed_fields)
      : malformed_fields_(malformed_fields) {}

  // False where the bytes are no message.
  bool Repair(const Descriptor* type, char* bytes, int size, const std::string& path, int depth) {
    CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes), size);
    std::map<int, int> counts;  // items seen of each repeated field
    while (const std::uint32_t tag = stream.ReadTag()) {
      const FieldDescriptor* field =
          type->FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
      const bool delimited =
          WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
      if (field == nullptr || !delimited || !(IsText(field) || IsMessage(field))) {
        if (!WireFormatLite::SkipField(&stream, tag)) return false;
        continue;
      }
      std::uint32_t length = 0;
      if (!stream.ReadVarint32(&length)) return false;
      char* const value = bytes + stream.CurrentPosition();
      if (!stream.Skip(static_cast<int>(length))) return false;
      const int index = field->is_repeated() ? counts[field->number()]++ : -1;
      if (!RepairField(field, value, static_cast<int>(length), path, index, depth)) return false;
    }
    return stream.ConsumedEntireMessage();
  }

 private:
  static bool IsText(const FieldDescriptor* field) {
    return field->type() == FieldDescriptor::TYPE_STRING;
  }
  static bool IsMessage(const FieldDescriptor* field) {
    return field->type() == FieldDescriptor::TYPE_MESSAGE;
  }

  bool RepairField(const FieldDescriptor* field, char* value, int length, const std::string& path,
                   int index, int depth) {
    if (IsMessage(field)) {
      return depth < kDepthMax &&
             Repair(field->message_type(), value, length, PathTo(path, field, index), depth + 1);
    }
    if (ReplaceMalformed(value, static_cast<std::size_t>(length)) &&
        malformed_fields_->size() < kMalformedFieldsMax) {
      malformed_fields_->push_back(PathTo(path, field, index));
    }
    return true;
  }

  static std::string PathTo(const std::string& path, const FieldDescriptor* field, int index) {
    const std::string item = index < 0 ? "" : fmt::format("[{}]", index);
    return fmt::format("{}{}{}{}", path, path.empty() ? "" : ".", field->name(), item);
  }

  std::vector<std::string>* malformed_fields_;
};

std::string Flatten(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  std::string flat;
  if (!bytes.Dump(&slices).ok()) return flat;
  flat.reserve(bytes.Length());
  for (const grpc::Slice& slice : slices) {
    flat.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return flat;
}

}  // namespace

absl::Status InvalidUtf8(std::string_view field) {
  return storage::InvalidField(field, "INVALID_UTF8", "is not valid UTF-8");
}

absl::Status ParseMessage(grpc::ByteBuffer bytes, google::protobuf::Message* message,
                          std::vector<std::string>* malformed_fields) {
  {
    grpc::ProtoBufferReader reader(&bytes);
    if (reader.status().ok() && message->ParseFromZeroCopyStream(&reader)) return absl::OkStatus();
  }
  std::string flat = Flatten(bytes);
  StringRepairer repairer(malformed_fields);
  message->Clear();
  if (repairer.Repair(message->GetDescriptor(), flat.data(), static_cast<int>(flat.size()), "",
                      0) &&
      message->ParseFromString(flat)) {
    return absl::OkStatus();
  }
  return storage::Error(absl::StatusCode::kInvalidArgument, "MALFORMED_MESSAGE",
                        fmt::format("the bytes are no {}", message->GetDescriptor()->full_name()));
}

absl::Status ParseWholeMessage(grpc::ByteBuffer bytes, google::protobuf::Message* message) {
  std::vector<std::string> malformed_fields;
  const absl::Status parsed = ParseMessage(std::move(bytes), message, &malformed_fields);
  if (!parsed.ok() || malformed_fields.empty()) return parsed;
  std::vector<absl::Status> violations;
  for (const std::string& field : malformed_fields) violations.push_back(InvalidUtf8(field));
  return WithViolations(violations.front(), violations);
}

grpc::ByteBuffer ToByteBuffer(const google::protobuf::Message& message) {
  grpc::ByteBuffer bytes;
  {
    grpc::ProtoBufferWriter writer(&bytes, kBlockBytesMax,
                                   static_cast<int>(message.ByteSizeLong()));
    message.SerializeToZeroCopyStream(&writer);
  }
  return bytes;
}

}  // namespace annals::service

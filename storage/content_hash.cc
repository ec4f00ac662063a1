// HashContent (storage/event_columns.h).
//
// Sync contract 1: the bytes fed to SHA-256 below are stored as hashes for ever. A change here
// makes every re-sent event look UPDATED once. ContentHash.IsStable
// (tests/unit/content_hash_test.cc) holds it.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "annals/v1/annotations.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "openssl/sha.h"
#include "storage/event_columns.h"
#include "storage/offer_path.h"

namespace annals::storage {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void AddNumber(std::uint64_t number, std::string* out) {
  std::array<char, 8> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(number >> (8 * i) & 0xff);
  }
  out->append(bytes.data(), bytes.size());
}

void AddString(const std::string& text, std::string* out) {
  AddNumber(text.size(), out);
  out->append(text);
}

void AddDouble(double value, std::string* out) {
  AddNumber(std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value), out);
}

void AddMessage(const Message& message, std::string* out);

// `index` is that of a repeated field's element, or -1.
void AddValue(const Message& message, const FieldDescriptor* field, int index, std::string* out) {
  const auto* reflection = message.GetReflection();
  const bool single = index < 0;
  std::string scratch;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      AddMessage(single ? reflection->GetMessage(message, field)
                        : reflection->GetRepeatedMessage(message, field, index),
                 out);
      return;
    case FieldDescriptor::CPPTYPE_STRING:
      AddString(single ? reflection->GetStringReference(message, field, &scratch)
                       : reflection->GetRepeatedStringReference(message, field, index, &scratch),
                out);
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      AddNumber(static_cast<std::uint64_t>(
                    single ? reflection->GetEnumValue(message, field)
                           : reflection->GetRepeatedEnumValue(message, field, index)),
                out);
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      AddDouble(single ? reflection->GetDouble(message, field)
                       : reflection->GetRepeatedDouble(message, field, index),
                out);
      return;
    case FieldDescriptor::CPPTYPE_FLOAT:
      AddDouble(static_cast<double>(single ? reflection->GetFloat(message, field)
                                           : reflection->GetRepeatedFloat(message, field, index)),
                out);
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      AddNumber(
          static_cast<std::uint64_t>(single ? reflection->GetInt32(message, field)
                                            : reflection->GetRepeatedInt32(message, field, index)),
          out);
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      AddNumber(
          static_cast<std::uint64_t>(single ? reflection->GetInt64(message, field)
                                            : reflection->GetRepeatedInt64(message, field, index)),
          out);
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      AddNumber(single ? reflection->GetUInt32(message, field)
                       : reflection->GetRepeatedUInt32(message, field, index),
                out);
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      AddNumber(single ? reflection->GetUInt64(message, field)
                       : reflection->GetRepeatedUInt64(message, field, index),
                out);
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      AddNumber(single ? reflection->GetBool(message, field)
                       : reflection->GetRepeatedBool(message, field, index),
                out);
      return;
  }
}

// Fields in number order, each as its number, how many values it has, and those; 0 ends the
// message.
void AddMessage(const Message& message, std::string* out) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  std::ranges::sort(fields, {}, &FieldDescriptor::number);
  for (const auto* field : fields) {
    if (field->options().GetExtension(annals::v1::output_only)) continue;
    AddNumber(static_cast<std::uint64_t>(field->number()), out);
    if (!field->is_repeated()) {
      AddNumber(1, out);
      AddValue(message, field, -1, out);
      continue;
    }
    const int size = reflection->FieldSize(message, field);
    AddNumber(static_cast<std::uint64_t>(size), out);
    for (int i = 0; i < size; ++i) AddValue(message, field, i, out);
  }
  AddNumber(0, out);
}

// An offer's steps as the feed sends them, in the order that the record keeps them in.
annals::v1::Event WithoutAddedSteps(annals::v1::Event event) {
  auto* offer = event.mutable_exchange_offer();
  ClearOutputOnlyFields(offer);
  SortSteps(offer->mutable_steps());
  if (offer->ByteSizeLong() == 0) event.clear_exchange_offer();
  return event;
}

}  // namespace

ContentHash HashContent(const annals::v1::Event& event) {
  std::string canonical;
  canonical.reserve(4096);
  if (event.has_exchange_offer()) {
    AddMessage(WithoutAddedSteps(event), &canonical);
  } else {
    AddMessage(event, &canonical);
  }
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(canonical.data()), canonical.size(), digest.data());
  ContentHash hash;
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

}  // namespace annals::storage

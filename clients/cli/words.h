// Enum values as words: EVENT_KIND_EXCHANGE_OFFER is "exchange-offer" to a person.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/generated_enum_reflection.h>

#include <optional>
#include <string>
#include <string_view>

namespace annals::cli {

// The word for a value of the enum; "unspecified" for 0, the number for one this build does not
// know.
[[nodiscard]] std::string EnumWord(const google::protobuf::EnumDescriptor& type, int number);

// The number of a word ("exchange-offer", "EXCHANGE_OFFER" or the full name; case does not matter),
// nullopt where it is none. UNSPECIFIED is no word.
[[nodiscard]] std::optional<int> EnumNumber(const google::protobuf::EnumDescriptor& type,
                                            std::string_view word);

// Every word of the enum, as "capture, deployment, ...".
[[nodiscard]] std::string EnumWords(const google::protobuf::EnumDescriptor& type);

template <typename Enum>
std::string Word(Enum value) {
  return EnumWord(*google::protobuf::GetEnumDescriptor<Enum>(), static_cast<int>(value));
}

}  // namespace annals::cli

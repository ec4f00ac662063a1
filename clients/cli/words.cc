#include "clients/cli/words.h"

#include <algorithm>
#include <cctype>

namespace annals::cli {
namespace {

std::string Replaced(std::string_view text, char from, char to) {
  std::string result(text);
  std::replace(result.begin(), result.end(), from, to);
  return result;
}

std::string Cased(std::string text, int (*convert)(int)) {
  for (char& c : text) c = static_cast<char>(convert(static_cast<unsigned char>(c)));
  return text;
}

// "EventKind" -> "EVENT_KIND_", which opens the names of its values.
std::string Prefix(const google::protobuf::EnumDescriptor& type) {
  std::string prefix;
  for (const char c : type.name()) {
    if (std::isupper(static_cast<unsigned char>(c)) && !prefix.empty()) prefix += '_';
    prefix += c;
  }
  return Cased(prefix, std::toupper) + "_";
}

}  // namespace

std::string EnumWord(const google::protobuf::EnumDescriptor& type, int number) {
  const auto* value = type.FindValueByNumber(number);
  if (value == nullptr) return std::to_string(number);
  return Cased(Replaced(value->name().substr(Prefix(type).size()), '_', '-'), std::tolower);
}

std::optional<int> EnumNumber(const google::protobuf::EnumDescriptor& type, std::string_view word) {
  const std::string name = Cased(Replaced(word, '-', '_'), std::toupper);
  const auto* value = type.FindValueByName(Prefix(type) + name);
  if (value == nullptr) value = type.FindValueByName(name);
  if (value == nullptr || value->number() == 0) return std::nullopt;
  return value->number();
}

std::string EnumWords(const google::protobuf::EnumDescriptor& type) {
  std::string words;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    if (!words.empty()) words += ", ";
    words += EnumWord(type, type.value(i)->number());
  }
  return words;
}

}  // namespace annals::cli

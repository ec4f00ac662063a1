#include "clients/cli/event_sheet.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "annals/v1/annotations.pb.h"
#include "clients/cli/event_comments.h"
#include "clients/cli/printer.h"
#include "clients/cli/words.h"

namespace annals::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::size_t kLineColumnsMax = 100;
constexpr std::string_view kComplaint = "#! ";
constexpr int kInlineFieldsMax = 3;

bool IsMessage(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type() != google::protobuf::Timestamp::descriptor();
}

bool IsOutputOnly(const FieldDescriptor& field) {
  return field.options().GetExtension(v1::output_only);
}

bool IsRequired(const FieldDescriptor& field) { return CommentOf(field).starts_with("Required."); }

// Few plain values.
bool IsSmall(const Descriptor& type) {
  for (int i = 0; i < type.field_count(); ++i) {
    if (IsMessage(*type.field(i)) || type.field(i)->is_repeated()) return false;
  }
  return type.field_count() <= kInlineFieldsMax;
}

// Whether its fields stand on one line, where nothing says which values an enum has.
bool IsInline(const FieldDescriptor& field) {
  const Descriptor& type = *field.message_type();
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return false;
  }
  return IsSmall(type) && !IsRequired(field);
}

// What stands for a value that is not given: of enums and times it is refused.
std::string Placeholder(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_ENUM:
      return "\"\"";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "false";
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      if (!IsMessage(field)) return "\"YYYY-MM-DDThh:mm:ssZ\"";
      std::string text;
      for (int i = 0; i < field.message_type()->field_count(); ++i) {
        const FieldDescriptor& inner = *field.message_type()->field(i);
        text +=
            fmt::format("{}\"{}\": {}", i == 0 ? "" : ", ", inner.json_name(), Placeholder(inner));
      }
      return fmt::format("{{{}}}", text);
    }
    default:
      return "0";
  }
}

// The field of `details` for a kind: EVENT_KIND_EXCHANGE_OFFER has `exchange_offer`.
const FieldDescriptor* DetailsOf(v1::EventKind kind) {
  std::string name = Word(kind);
  std::replace(name.begin(), name.end(), '-', '_');
  const auto* field = v1::Event::descriptor()->FindFieldByName(name);
  return field != nullptr && field->real_containing_oneof() != nullptr ? field : nullptr;
}

class SheetWriter {
 public:
  explicit SheetWriter(v1::EventKind kind) : details_(DetailsOf(kind)) {}

  // The fields of `message`, each line after `prefix`. With `offers`, comments and fields that are
  // not given as well; with `all`, the latter not as comments.
  void Fields(const Message& message, const std::string& prefix, bool offers, bool all) {
    const Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (IsOutputOnly(field)) continue;
      const auto* reflection = message.GetReflection();
      const bool given = field.is_repeated() ? reflection->FieldSize(message, &field) > 0
                                             : reflection->HasField(message, &field);
      const auto* oneof = field.real_containing_oneof();
      if (!given && oneof != nullptr && &type == v1::Event::descriptor() && &field != details_) {
        continue;
      }
      if (!given && !offers) continue;
      if (offers) Explain(field, prefix);
      const bool active = given || all || IsRequired(field);
      Field(message, field, active ? prefix : prefix + "# ", given, offers);
    }
  }

  void Comment(const std::string& prefix, const std::string& text) {
    std::string line = prefix + "#";
    std::istringstream words(text);
    for (std::string word; words >> word;) {
      if (line.size() + 1 + word.size() > kLineColumnsMax) {
        out_ += line + "\n";
        line = prefix + "#";
      }
      line += " " + word;
    }
    out_ += line + "\n";
  }

  void Line(const std::string& prefix, std::string_view text) {
    out_ += fmt::format("{}{}\n", prefix, text);
  }

  [[nodiscard]] std::string Take() { return std::move(out_); }

 private:
  void Explain(const FieldDescriptor& field, const std::string& prefix) {
    const auto* oneof = field.real_containing_oneof();
    if (oneof != nullptr && oneof->containing_type() != v1::Event::descriptor() &&
        oneof->field(0) == &field) {
      Comment(prefix,
              fmt::format("{} One of the next {}:", CommentOf(*oneof), oneof->field_count()));
    }
    std::string text = CommentOf(field);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      text += " One of:";
      const auto& type = *field.enum_type();
      for (int i = 1; i < type.value_count(); ++i) {
        text += fmt::format("{} {}", i == 1 ? "" : ",", type.value(i)->name());
      }
    }
    Comment(prefix, text);
  }

  void Field(const Message& message, const FieldDescriptor& field, const std::string& prefix,
             bool given, bool offers) {
    const std::string key = fmt::format("\"{}\": ", field.json_name());
    const auto* reflection = message.GetReflection();
    if (!IsMessage(field) || IsInline(field)) {
      const std::string value = given ? FieldJson(message, field) : Placeholder(field);
      const bool list = field.is_repeated() && !given;
      return Line(prefix, fmt::format("{}{}{}{},", key, list ? "[" : "", value, list ? "]" : ""));
    }
    if (!field.is_repeated()) {
      const bool all = !given && IsSmall(*field.message_type());
      Line(prefix, key + "{");
      Fields(given ? reflection->GetMessage(message, &field) : Prototype(field), prefix + "  ",
             offers, all);
      return Line(prefix, "},");
    }
    Line(prefix, key + "[");
    const int size = given ? reflection->FieldSize(message, &field) : 1;
    for (int i = 0; i < size; ++i) {
      Line(prefix, "  {");
      // The fields are explained once.
      Fields(given ? reflection->GetRepeatedMessage(message, &field, i) : Prototype(field),
             prefix + "    ", offers && i == 0, false);
      Line(prefix, "  },");
    }
    Line(prefix, "],");
  }

  static const Message& Prototype(const FieldDescriptor& field) {
    return *google::protobuf::MessageFactory::generated_factory()->GetPrototype(
        field.message_type());
  }

  const FieldDescriptor* const details_;
  std::string out_;
};

void ClearOutputOnly(Message* message) {
  std::vector<const FieldDescriptor*> fields;
  const auto* reflection = message->GetReflection();
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (IsOutputOnly(*field)) {
      reflection->ClearField(message, field);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && field->is_repeated()) {
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        ClearOutputOnly(reflection->MutableRepeatedMessage(message, field, i));
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      ClearOutputOnly(reflection->MutableMessage(message, field));
    }
  }
}

bool IsComment(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  return begin != std::string_view::npos && line[begin] == '#';
}

std::vector<std::string> Lines(std::string_view sheet) {
  return absl::StrSplit(absl::string_view(sheet.data(), sheet.size()), '\n');
}

}  // namespace

v1::Event ClientSet(v1::Event event) {
  if (event.has_exchange_offer()) {
    auto& steps = *event.mutable_exchange_offer()->mutable_steps();
    steps.erase(std::remove_if(steps.begin(), steps.end(),
                               [](const v1::OfferStep& step) {
                                 return step.has_advance_time() && !step.sent_by_feed();
                               }),
                steps.end());
  }
  ClearOutputOnly(&event);
  return event;
}

std::string EventSheet(const v1::Event& event, const std::vector<std::string>& heading) {
  SheetWriter writer(event.kind());
  for (const std::string& line : heading) writer.Comment("", line);
  writer.Line("", "{");
  writer.Fields(ClientSet(event), "  ", /*offers=*/true, /*all=*/false);
  writer.Line("", "}");
  return writer.Take();
}

absl::StatusOr<v1::Event> ReadSheet(std::string_view sheet) {
  std::string json;
  for (const std::string& line : Lines(sheet)) {
    if (!IsComment(line)) json += line + "\n";
  }
  v1::Event event;
  // Takes a comma after the last field or element, too.
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &event);
  if (!parsed.ok()) return absl::InvalidArgumentError(parsed.message().ToString());
  return event;
}

bool IsBlank(std::string_view sheet) {
  return std::ranges::all_of(Lines(sheet), [](const std::string& line) {
    return IsComment(line) || line.find_first_not_of(" \t\r") == std::string::npos;
  });
}

std::string WithComplaints(std::string_view sheet, const std::vector<std::string>& complaints) {
  std::string text;
  for (const std::string& complaint : complaints) {
    for (const std::string& line : Lines(complaint)) {
      if (line.find_first_not_of(" \t\r") != std::string::npos) {
        text += fmt::format("{}{}\n", kComplaint, line);
      }
    }
  }
  const std::vector<std::string> lines = Lines(sheet);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with(kComplaint)) continue;
    text += lines[i];
    if (i + 1 < lines.size()) text += "\n";
  }
  return text;
}

}  // namespace annals::cli

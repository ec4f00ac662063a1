#include "clients/cli/event_text.h"

#include <fmt/format.h>
#include <google/protobuf/message.h>

#include <string_view>
#include <vector>

#include "clients/cli/count_text.h"
#include "clients/cli/details_text.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/terminal_text.h"
#include "clients/cli/time_text.h"
#include "clients/cli/words.h"

namespace annals::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kNameColumns = 14;
constexpr int kWrapColumnsMax = 100;

// "from_region" -> "from region".
std::string FieldWords(const FieldDescriptor& field) {
  std::string words = field.name();
  for (char& c : words) c = c == '_' ? ' ' : c;
  return words;
}

// Messages that have a form of their own; anything else is told field by field.
std::string MessageText(const Message& message) {
  if (const auto* count = dynamic_cast<const v1::CountRange*>(&message)) return CountText(*count);
  if (const auto* window = dynamic_cast<const v1::OccurredWindow*>(&message)) {
    return WindowText(*window);
  }
  if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&message)) {
    return MomentText(*time);
  }
  if (const auto* point = dynamic_cast<const v1::Point*>(&message)) {
    return fmt::format("{} {}", point->latitude(), point->longitude());
  }
  return DetailsText(message).value_or(InlineText(message));
}

// Builds lines of "Name   value".
class Lines {
 public:
  explicit Lines(int columns_max)
      : columns_max_(columns_max > 0 ? std::min(columns_max, kWrapColumnsMax) : kWrapColumnsMax) {}

  // The name is left out where it repeats the line before. Nothing is added for an empty value.
  void Add(std::string_view name, std::string_view value) {
    const std::string clean = Sanitized(value);
    std::string shown(name == last_name_ ? std::string_view() : name);
    std::string line;
    for (std::size_t next = 0; next < clean.size();) {
      std::size_t space = clean.find(' ', next);
      if (space == std::string::npos) space = clean.size();
      const std::string word = clean.substr(next, space - next);
      next = space + 1;
      if (!line.empty() &&
          DisplayWidth(line) + 1 + DisplayWidth(word) > columns_max_ - kNameColumns) {
        Emit(shown, line);
        shown.clear();
        line.clear();
      }
      if (!line.empty() && !word.empty()) line += ' ';
      line += word;
    }
    if (!line.empty()) Emit(shown, line);
    if (!clean.empty()) last_name_ = name;
  }

  // Every field that says something, in the order of its number, each as a name of its own.
  void AddFields(const Message& message) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      const int size =
          field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
      for (int i = 0; i < size; ++i) Add(FieldWords(*field), FieldText(message, *field, i));
    }
  }

  std::string Take() { return std::move(text_); }

 private:
  void Emit(std::string_view name, std::string_view value) {
    text_ += fmt::format("{}{}\n", Padded(name, kNameColumns), value);
  }

  const int columns_max_;
  std::string text_;
  std::string last_name_;
};

void AddPlace(const v1::Location& location, Lines& lines) {
  std::string text = location.place_name();
  const auto add = [&text](std::string part) {
    if (!text.empty() && !part.empty()) text += ", ";
    text += part;
  };
  add(IdOf(location.resolved_region()));
  if (location.has_point()) {
    add(fmt::format("{:.5g} {:.5g}", location.point().latitude(), location.point().longitude()));
  }
  if (location.has_radius_m()) add(fmt::format("± {:g} km", location.radius_m() / 1'000));
  if (location.precision() != v1::PLACE_PRECISION_UNSPECIFIED) {
    add(fmt::format("as {}", Word(location.precision())));
  }
  lines.Add("where", text);
}

void AddParties(const v1::Event& event, Lines& lines) {
  for (const v1::Participant& party : event.participants()) {
    const std::string persons = CountText(party.persons());
    lines.Add("parties", fmt::format("{}: {}{}", Word(party.role()),
                                     party.has_actor() ? party.actor() : party.label(),
                                     persons.empty() ? "" : fmt::format(", {} persons", persons)));
  }
}

void AddLines(const TextLines& more, Lines& lines) {
  for (const auto& [name, value] : more) lines.Add(name, value);
}

void AddDetails(const v1::Event& event, Lines& lines) {
  if (event.has_exchange_offer()) return AddLines(OfferLines(event.exchange_offer()), lines);
  const auto* field = event.GetReflection()->GetOneofFieldDescriptor(
      event, v1::Event::descriptor()->FindOneofByName("details"));
  if (field != nullptr) lines.AddFields(event.GetReflection()->GetMessage(event, field));
}

void AddRecord(const v1::Event& event, Lines& lines) {
  for (const v1::Code& code : event.codes()) {
    lines.Add("codes", fmt::format("{} {}", code.taxonomy(), code.value()));
  }
  for (const v1::Link& link : event.links()) {
    lines.Add("links", fmt::format("{} {}", Word(link.kind()), ShortEventName(link.target())));
  }
  for (const std::string& tag : event.tags()) lines.Add("tags", tag);
  lines.Add("licence", event.licence());
  lines.Add("recorded",
            fmt::format("{}, revision {}", MomentText(event.update_time()), event.revision()));
  if (event.state() == v1::EVENT_STATE_RETRACTED) {
    lines.Add("retracted", event.retraction_reason());
  }
  if (event.state() == v1::EVENT_STATE_MERGED) {
    lines.Add("merged into",
              event.merged_into().empty() ? "?" : ShortEventName(event.merged_into()));
  }
  if (event.redacted()) lines.Add("redacted", "its content was removed for good");
}

}  // namespace

std::string FieldText(const Message& message, const FieldDescriptor& field, int index) {
  const auto& reflection = *message.GetReflection();
  const bool repeated = field.is_repeated();
  // A bool that cannot be absent says no by not being set.
  const bool is_no = field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL && !field.has_presence();
  if (!repeated && !is_no && !reflection.HasField(message, &field)) return {};
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageText(repeated ? reflection.GetRepeatedMessage(message, &field, index)
                                  : reflection.GetMessage(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumWord(*field.enum_type(),
                      repeated ? reflection.GetRepeatedEnumValue(message, &field, index)
                               : reflection.GetEnumValue(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "yes" : "no";
    case FieldDescriptor::CPPTYPE_INT64:
      return Grouped(reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return fmt::format("{}", reflection.GetDouble(message, &field));
    default:
      return repeated ? reflection.GetRepeatedString(message, &field, index)
                      : reflection.GetString(message, &field);
  }
}

std::string InlineText(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  std::string text;
  for (const FieldDescriptor* field : fields) {
    const int size = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      if (!text.empty()) text += ", ";
      text += fmt::format("{}: {}", FieldWords(*field), FieldText(message, *field, i));
    }
  }
  return text;
}

std::string LinesText(const TextLines& text, int columns_max) {
  Lines lines(columns_max);
  AddLines(text, lines);
  return lines.Take();
}

std::string EventText(const v1::Event& event, int columns_max) {
  Lines lines(columns_max);
  lines.Add("event", event.name());
  lines.Add("title", event.title());
  lines.Add("kind", Word(event.kind()));
  lines.Add("when (UTC)", WindowText(event.occurred()));
  if (event.has_reported_time()) lines.Add("reported", MomentText(event.reported_time()));
  AddPlace(event.location(), lines);
  lines.Add("persons", CountText(event.persons()));
  lines.Add("deaths", CountText(event.fatalities()));
  AddParties(event, lines);
  AddDetails(event, lines);
  for (const v1::Claim& claim : event.claims()) lines.Add("claims", ClaimText(claim));
  if (event.verification() != v1::VERIFICATION_UNSPECIFIED) {
    lines.Add("verification", Word(event.verification()));
  }
  lines.Add("description", event.description());
  AddRecord(event, lines);
  return lines.Take();
}

std::string PlaceText(const v1::Location& location) {
  const std::string region = IdOf(location.resolved_region());
  const std::string& place = location.place_name();
  if (!place.empty() && !region.empty()) return fmt::format("{} {}", region, place);
  if (!place.empty() || !region.empty()) return region + place;
  if (!location.has_point()) return {};
  return fmt::format("{:.3f}, {:.3f}", location.point().latitude(), location.point().longitude());
}

std::string TitleText(const v1::Event& event) {
  if (event.redacted()) return event.title();
  if (event.state() == v1::EVENT_STATE_RETRACTED) {
    return fmt::format("[retracted] {}", event.title());
  }
  return event.state() == v1::EVENT_STATE_MERGED ? fmt::format("[merged] {}", event.title())
                                                 : event.title();
}

}  // namespace annals::cli

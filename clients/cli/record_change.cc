#include "clients/cli/record_change.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "clients/cli/name_resolver.h"
#include "clients/cli/printer.h"
#include "clients/cli/terminal_text.h"
#include "clients/cli/time_text.h"

namespace annals::cli {
namespace {

bool IsRetracted(const v1::Event& event) { return event.state() == v1::EVENT_STATE_RETRACTED; }
bool IsMerged(const v1::Event& event) { return event.state() == v1::EVENT_STATE_MERGED; }

const char* Name(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kCreated:
      return "CREATED";
    case ChangeKind::kCorrected:
      return "CORRECTED";
    case ChangeKind::kRetracted:
      return "RETRACTED";
    case ChangeKind::kMerged:
      return "MERGED";
  }
  return "";
}

std::string Joined(const std::vector<FieldChange>& fields, std::string_view separator) {
  std::string text;
  for (const FieldChange& change : fields) {
    text += fmt::format("{}{}", text.empty() ? "" : separator, change.field);
  }
  return text;
}

// A revision, or nothing where there was none.
std::string NumberText(std::int64_t revision) {
  return revision == 0 ? std::string() : std::to_string(revision);
}

std::string By(const RecordChange& change) {
  return change.audit ? IdOf(change.audit->principal()) : std::string();
}

}  // namespace

std::optional<RecordChange> ChangeOf(const v1::Event* before, v1::Event after) {
  RecordChange change{.event = std::move(after)};
  if (before != nullptr) {
    change.from_revision = before->revision();
    change.fields = EventDiff(*before, change.event);
    if (change.fields.empty()) return std::nullopt;
    change.kind = ChangeKind::kCorrected;
  }
  if (IsRetracted(change.event) && (before == nullptr || !IsRetracted(*before))) {
    change.kind = ChangeKind::kRetracted;
  }
  if (IsMerged(change.event) && (before == nullptr || !IsMerged(*before))) {
    change.kind = ChangeKind::kMerged;
  }
  return change;
}

std::vector<Column> ChangeColumns(bool csv) {
  if (csv) {
    return {{.title = "name"},          {.title = "change"},
            {.title = "update_time"},   {.title = "by"},
            {.title = "title"},         {.title = "retraction_reason"},
            {.title = "from_revision"}, {.title = "to_revision"},
            {.title = "fields"}};
  }
  return {{.title = "RECORDED (UTC)"},         {.title = "CHANGE"},
          {.title = "BY", .width_min = 8},     {.title = "WHAT", .width_min = 12},
          {.title = "TITLE", .width_min = 12}, {.title = "EVENT"}};
}

std::vector<std::string> ChangeCells(const RecordChange& change, bool csv) {
  const v1::Event& event = change.event;
  if (csv) {
    return {event.name(),
            Name(change.kind),
            Rfc3339(event.update_time()),
            By(change),
            event.title(),
            event.retraction_reason(),
            NumberText(change.from_revision),
            NumberText(event.revision()),
            Joined(change.fields, " ")};
  }
  return {MomentText(event.update_time()),
          Name(change.kind),
          By(change),
          change.kind == ChangeKind::kRetracted ? event.retraction_reason()
          : change.kind == ChangeKind::kMerged  ? "into " + ShortEventName(event.merged_into())
                                                : Joined(change.fields, ", "),
          event.title(),
          ShortEventName(event.name())};
}

std::string ChangeJson(const RecordChange& change) {
  const v1::Event& event = change.event;
  std::string json = fmt::format(R"({{"name":{},"change":"{}","update_time":"{}","title":{})",
                                 JsonText(event.name()), Name(change.kind),
                                 Rfc3339(event.update_time()), JsonText(event.title()));
  if (IsRetracted(event)) {
    json += fmt::format(R"(,"retraction_reason":{})", JsonText(event.retraction_reason()));
  }
  if (IsMerged(event)) {
    json += fmt::format(R"(,"merged_into":{})", JsonText(event.merged_into()));
  }
  json += fmt::format(R"(,"from_revision":{},"to_revision":{},"fields":[)",
                      change.from_revision == 0 ? "null" : std::to_string(change.from_revision),
                      event.revision());
  for (std::size_t i = 0; i < change.fields.size(); ++i) {
    const FieldChange& field = change.fields[i];
    json += fmt::format(R"({}{{"field":{},"before":{},"after":{}}})", i == 0 ? "" : ",",
                        JsonText(field.field), field.before.json, field.after.json);
  }
  json += ']';
  if (change.audit) json += fmt::format(R"(,"audit":{})", Json(*change.audit));
  return json + '}';
}

void ChangeTally::Add(const RecordChange& change) {
  ++kinds_.at(static_cast<std::size_t>(change.kind));
  if (change.kind != ChangeKind::kCorrected) return;
  std::set<std::string> fields;  // Each counts once for an event.
  for (const FieldChange& field : change.fields) {
    fields.insert(field.field.substr(0, field.field.find_first_of(".[")));
  }
  for (const std::string& field : fields) ++fields_[field];
}

std::int64_t ChangeTally::Total() const { return kinds_[0] + kinds_[1] + kinds_[2] + kinds_[3]; }

std::string ChangeTally::Text() const {
  std::string text;
  const auto add = [&](ChangeKind kind, const char* word) {
    const std::int64_t count = kinds_.at(static_cast<std::size_t>(kind));
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", Grouped(count), word);
  };
  add(ChangeKind::kCreated, "created");
  add(ChangeKind::kRetracted, "retracted");
  add(ChangeKind::kMerged, "merged");
  add(ChangeKind::kCorrected, "corrected");
  std::vector<std::pair<std::string, std::int64_t>> fields(fields_.begin(), fields_.end());
  std::stable_sort(fields.begin(), fields.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  const char* separator = ": ";
  for (const auto& [field, count] : fields) {
    text += fmt::format("{}{} {}", separator, field, Grouped(count));
    separator = ", ";
  }
  return text;
}

}  // namespace annals::cli

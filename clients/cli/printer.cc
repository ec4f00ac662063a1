#include "clients/cli/printer.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "clients/cli/csv.h"
#include "clients/cli/outcome.h"
#include "clients/cli/terminal_text.h"

namespace annals::cli {
namespace {

class TableListPrinter : public ListPrinter {
 public:
  TableListPrinter(const Session& session, std::vector<Column> columns)
      : table_(session.Out(), std::move(columns), session.Columns(), session.Color()) {}
  void AddJson(std::string_view, std::vector<std::string> cells) override {
    table_.Add(std::move(cells));
  }
  void Finish() override { table_.Finish(); }

 private:
  Table table_;
};

class CsvListPrinter : public ListPrinter {
 public:
  CsvListPrinter(std::ostream& out, const std::vector<Column>& columns) : out_(out) {
    std::vector<std::string> titles;
    for (const Column& column : columns) titles.push_back(CsvText(column.title));
    out_ << CsvLine(titles);
  }
  void AddJson(std::string_view, std::vector<std::string> cells) override {
    for (std::string& cell : cells) cell = CsvText(cell);
    out_ << CsvLine(cells);
  }
  void Finish() override {}

 private:
  std::ostream& out_;
};

class NdjsonListPrinter : public ListPrinter {
 public:
  explicit NdjsonListPrinter(std::ostream& out) : out_(out) {}
  void AddJson(std::string_view json, std::vector<std::string>) override { out_ << json << "\n"; }
  void Finish() override {}

 private:
  std::ostream& out_;
};

class JsonListPrinter : public ListPrinter {
 public:
  explicit JsonListPrinter(std::ostream& out) : out_(out) {}
  void AddJson(std::string_view json, std::vector<std::string>) override {
    out_ << (any_ ? ",\n" : "[\n") << json;
    any_ = true;
  }
  void Finish() override { out_ << (any_ ? "\n]\n" : "[]\n"); }

 private:
  std::ostream& out_;
  bool any_ = false;
};

}  // namespace

std::string Json(const google::protobuf::Message& message, bool defaults) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = defaults;
  std::string json;
  // Cannot fail: no message of annals.v1 holds an Any, and strings on the wire are UTF-8.
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  return json;
}

std::string FieldJson(const google::protobuf::Message& message,
                      const google::protobuf::FieldDescriptor& field, int index) {
  const std::unique_ptr<google::protobuf::Message> copy(message.New());
  copy->CopyFrom(message);
  const std::unique_ptr<google::protobuf::Message> only(message.New());
  const auto& reflection = *only->GetReflection();
  reflection.SwapFields(copy.get(), only.get(), {&field});
  if (index >= 0) {
    reflection.SwapElements(only.get(), &field, 0, index);
    while (reflection.FieldSize(*only, &field) > 1) reflection.RemoveLast(only.get(), &field);
  }
  // {"name":value}, or {"name":[value]} of an element.
  const std::string json = Json(*only);
  const std::size_t brackets = index >= 0 ? 1 : 0;
  const std::size_t begin = field.json_name().size() + std::string_view("{\"\":").size() + brackets;
  return json.substr(begin, json.size() - begin - brackets - 1);
}

std::string JsonText(std::string_view text) { return nlohmann::json(text).dump(); }

absl::StatusOr<std::unique_ptr<ListPrinter>> MakeListPrinter(const Session& session,
                                                             std::vector<Column> columns) {
  switch (session.Format()) {
    case OutputFormat::kTable:
      return std::make_unique<TableListPrinter>(session, std::move(columns));
    case OutputFormat::kCsv:
      return std::make_unique<CsvListPrinter>(session.Out(), columns);
    case OutputFormat::kNdjson:
      return std::make_unique<NdjsonListPrinter>(session.Out());
    case OutputFormat::kJson:
      return std::make_unique<JsonListPrinter>(session.Out());
    case OutputFormat::kGeojson:
      break;
  }
  return UsageError("-o geojson is for events and for `regions get`");
}

absl::Status PrintOne(const Session& session, const google::protobuf::Message& message,
                      const std::vector<std::pair<std::string, std::string>>& lines) {
  switch (session.Format()) {
    case OutputFormat::kJson:
    case OutputFormat::kNdjson:
      session.Out() << Json(message, /*defaults=*/true) << "\n";
      return absl::OkStatus();
    case OutputFormat::kTable:
      break;
    default:
      return UsageError("this answer is one object: -o table, json or ndjson");
  }
  int width = 0;
  for (const auto& [name, value] : lines) width = std::max(width, DisplayWidth(name));
  for (const auto& [name, value] : lines) {
    if (!value.empty()) {
      session.Out() << fmt::format("{}  {}\n", Padded(name, width), Sanitized(value));
    }
  }
  return absl::OkStatus();
}

}  // namespace annals::cli

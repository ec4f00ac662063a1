// Prints messages in the format asked for: the one place that knows formats.
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "annals/v1/events.pb.h"
#include "clients/cli/credits.h"
#include "clients/cli/session.h"
#include "clients/cli/table.h"

namespace annals::cli {

// The message as protobuf JSON on one line; with `defaults`, fields that are 0 or empty too.
[[nodiscard]] std::string Json(const google::protobuf::Message& message, bool defaults = false);

// The value of a field, or of its element `index` where it is repeated and that is no less than 0,
// as protobuf JSON on one line. REQUIRES: it is there.
[[nodiscard]] std::string FieldJson(const google::protobuf::Message& message,
                                    const google::protobuf::FieldDescriptor& field, int index = -1);

// The text as JSON, in its quotes. REQUIRES: UTF-8.
[[nodiscard]] std::string JsonText(std::string_view text);

// Prints a list: json is one array, ndjson one object a line, csv and table the cells.
class ListPrinter {
 public:
  virtual ~ListPrinter() = default;
  // `cells` has one for each column.
  void Add(const google::protobuf::Message& message, std::vector<std::string> cells) {
    AddJson(Json(message), std::move(cells));
  }
  // The same of what is no message: `json` is an object on one line.
  virtual void AddJson(std::string_view json, std::vector<std::string> cells) = 0;
  // After the last.
  virtual void Finish() = 0;
};

// For lists of anything but events; a usage error for geojson.
[[nodiscard]] absl::StatusOr<std::unique_ptr<ListPrinter>> MakeListPrinter(
    const Session& session, std::vector<Column> columns);

// Prints events, and notes their feeds.
class EventPrinter {
 public:
  virtual ~EventPrinter() = default;
  virtual void Add(const v1::Event& event) = 0;
  virtual void Finish() = 0;
};

// csv and geojson name licence and attribution with each event; for the other formats Credits::Tell
// does, after the last. `with_match`: table and csv say how strongly each event matches (the others
// always do). `credits` must outlive the printer.
[[nodiscard]] std::unique_ptr<EventPrinter> MakeEventPrinter(const Session& session,
                                                             Credits& credits,
                                                             bool with_match = false);

// Prints one thing: an object for json and ndjson (with its zeroes, so that no count is missing),
// else aligned "name  value" lines; a usage error for csv and geojson.
[[nodiscard]] absl::Status PrintOne(const Session& session,
                                    const google::protobuf::Message& message,
                                    const std::vector<std::pair<std::string, std::string>>& lines);

}  // namespace annals::cli

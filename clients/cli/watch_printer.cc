#include "clients/cli/watch_printer.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "clients/cli/csv.h"
#include "clients/cli/event_text.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/outcome.h"
#include "clients/cli/printer.h"
#include "clients/cli/table.h"
#include "clients/cli/time_text.h"
#include "clients/cli/words.h"

namespace annals::cli {
namespace {

constexpr char kExisting[] = "existing";

// "created"; "entered-filter" of one that did not match before.
std::string ChangeWord(const v1::EventChange& change) {
  return change.entered_filter() ? "entered-filter" : Word(change.kind());
}

class TableWatchPrinter : public WatchPrinter {
 public:
  explicit TableWatchPrinter(const Session& session)
      : table_(session.Out(),
               {{.title = "RECORDED (UTC)", .width_expected = 19},
                {.title = "CHANGE", .width_min = 9, .width_expected = 14},
                {.title = "WHEN (UTC)", .width_min = 10, .width_expected = 10},
                {.title = "KIND", .width_min = 10, .width_expected = 14},
                {.title = "WHERE", .width_min = 12, .width_expected = 24},
                {.title = "TITLE", .width_min = 12, .width_expected = 40},
                {.title = "EVENT", .width_expected = 20}},
               session.Columns(), session.Color()) {}

  void AddExisting(const v1::Event& event) override { Add(event.update_time(), kExisting, event); }
  void AddChange(const v1::EventChange& change, const std::string&,
                 const google::protobuf::Timestamp& commit_time) override {
    Add(commit_time, ChangeWord(change), change.event());
  }
  void AddPosition(const std::string&) override {}
  void Flush() override { table_.Finish(); }

 private:
  void Add(const google::protobuf::Timestamp& time, std::string change, const v1::Event& event) {
    table_.Add({MomentText(time), std::move(change), WindowText(event.occurred()),
                Word(event.kind()), PlaceText(event.location()), TitleText(event),
                ShortEventName(event.name())});
  }

  Table table_;
};

class CsvWatchPrinter : public WatchPrinter {
 public:
  explicit CsvWatchPrinter(std::ostream& out) : out_(out) {}

  void AddExisting(const v1::Event& event) override { Add(event, kExisting, "", ""); }
  void AddChange(const v1::EventChange& change, const std::string& position,
                 const google::protobuf::Timestamp& commit_time) override {
    Add(change.event(), ChangeWord(change), Rfc3339(commit_time), position);
  }
  void AddPosition(const std::string& position) override {
    Print({"", "", "", "", "", "", "", "", "", "", "", "", position});
  }
  void Flush() override {}

 private:
  void Add(const v1::Event& event, const std::string& change, const std::string& commit_time,
           const std::string& position) {
    const v1::OccurredWindow& window = event.occurred();
    Print({event.name(), change, commit_time, Word(event.kind()), Rfc3339(window.start()),
           Rfc3339(window.has_end() ? window.end() : window.start()),
           IdOf(event.location().resolved_region()), CsvText(event.location().place_name()),
           CsvText(event.title()), Word(event.state()), std::to_string(event.revision()),
           CsvText(event.licence()), position});
  }

  void Print(const std::vector<std::string>& cells) {
    if (!begun_) {  // Late: a refused question prints nothing.
      out_ << "name,change,commit_time,kind,start,end,region,place,title,state,revision,licence,"
              "position\n";
    }
    begun_ = true;
    out_ << CsvLine(cells);
  }

  std::ostream& out_;
  bool begun_ = false;
};

class NdjsonWatchPrinter : public WatchPrinter {
 public:
  explicit NdjsonWatchPrinter(std::ostream& out) : out_(out) {}

  void AddExisting(const v1::Event& event) override {
    out_ << fmt::format(R"({{"event":{}}})", Json(event)) << "\n";
  }
  void AddChange(const v1::EventChange& change, const std::string& position,
                 const google::protobuf::Timestamp& commit_time) override {
    std::string json = Json(change);
    json.pop_back();  // A change has a kind: the object is not empty.
    out_ << fmt::format(R"({},"position":{},"commitTime":"{}"}})", json, JsonText(position),
                        Rfc3339(commit_time))
         << "\n";
  }
  void AddPosition(const std::string& position) override {
    out_ << fmt::format(R"({{"position":{}}})", JsonText(position)) << "\n";
  }
  void Flush() override {}

 private:
  std::ostream& out_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<WatchPrinter>> MakeWatchPrinter(const Session& session) {
  switch (session.Format()) {
    case OutputFormat::kTable:
      return std::make_unique<TableWatchPrinter>(session);
    case OutputFormat::kCsv:
      return std::make_unique<CsvWatchPrinter>(session.Out());
    case OutputFormat::kNdjson:
      return std::make_unique<NdjsonWatchPrinter>(session.Out());
    default:
      return UsageError("-o: a watch has no end to close an array: table, ndjson or csv");
  }
}

}  // namespace annals::cli

#include <fmt/format.h>

#include <utility>

#include "clients/cli/count_text.h"
#include "clients/cli/csv.h"
#include "clients/cli/event_text.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/printer.h"
#include "clients/cli/terminal_text.h"
#include "clients/cli/time_text.h"
#include "clients/cli/words.h"

namespace annals::cli {
namespace {

// "possible"; empty where the question asked for neither time nor place.
std::string MatchText(const v1::Event& event) {
  return event.match() == v1::MATCH_MODE_UNSPECIFIED ? std::string() : Word(event.match());
}

class TableEventPrinter : public EventPrinter {
 public:
  TableEventPrinter(const Session& session, Credits& credits, bool with_match)
      : credits_(credits),
        with_match_(with_match),
        table_(session.Out(), ColumnsOf(with_match), session.Columns(), session.Color()) {}

  void Add(const v1::Event& event) override {
    credits_.Of(event);
    std::vector<std::string> cells = {WindowText(event.occurred()),  Word(event.kind()),
                                      PlaceText(event.location()),   CountText(event.persons()),
                                      CountText(event.fatalities()), TitleText(event),
                                      ShortEventName(event.name())};
    if (with_match_) cells.insert(cells.begin(), MatchText(event));
    table_.Add(std::move(cells));
  }
  void Finish() override { table_.Finish(); }

 private:
  static std::vector<Column> ColumnsOf(bool with_match) {
    std::vector<Column> columns = {{.title = "WHEN (UTC)"},
                                   {.title = "KIND"},
                                   {.title = "WHERE", .width_min = 12},
                                   {.title = "PERSONS", .right_aligned = true},
                                   {.title = "DEATHS", .right_aligned = true},
                                   {.title = "TITLE", .width_min = 12},
                                   {.title = "EVENT", .width_min = 40}};
    if (with_match) columns.insert(columns.begin(), {.title = "MATCH"});
    return columns;
  }

  Credits& credits_;
  const bool with_match_;
  Table table_;
};

// Adds low, best and high; empty where unknown.
void AddCount(const v1::CountRange& count, std::vector<std::string>& cells) {
  cells.push_back(count.has_low() ? std::to_string(count.low()) : "");
  cells.push_back(count.has_best() ? std::to_string(count.best()) : "");
  cells.push_back(count.has_high() ? std::to_string(count.high()) : "");
}

// "captor=actors/x; captive=actors/y".
std::string ParticipantsText(const v1::Event& event) {
  std::string text;
  for (const v1::Participant& participant : event.participants()) {
    if (!text.empty()) text += "; ";
    text += fmt::format("{}={}", Word(participant.role()),
                        participant.has_actor() ? participant.actor() : participant.label());
  }
  return text;
}

class CsvEventPrinter : public EventPrinter {
 public:
  CsvEventPrinter(std::ostream& out, Credits& credits, bool with_match)
      : out_(out), credits_(credits), with_match_(with_match) {
    out_ << "name,kind,start,end,precision,lat,lon,region,place,persons_low,persons_best,"
            "persons_high,fatalities_low,fatalities_best,fatalities_high,participants,title,state,"
            "licence,attribution"
         << (with_match ? ",match\n" : "\n");
  }

  void Add(const v1::Event& event) override {
    const v1::Location& location = event.location();
    const auto coordinate = [&](double degrees) {
      return location.has_point() ? fmt::format("{}", degrees) : std::string();
    };
    std::vector<std::string> cells = {
        event.name(),
        Word(event.kind()),
        Rfc3339(event.occurred().start()),
        Rfc3339(event.occurred().has_end() ? event.occurred().end() : event.occurred().start()),
        Word(event.occurred().precision()),
        coordinate(location.point().latitude()),
        coordinate(location.point().longitude()),
        IdOf(location.resolved_region()),
        CsvText(location.place_name())};
    AddCount(event.persons(), cells);
    AddCount(event.fatalities(), cells);
    cells.insert(cells.end(),
                 {CsvText(ParticipantsText(event)), CsvText(event.title()), Word(event.state()),
                  CsvText(event.licence()), CsvText(credits_.Of(event).attribution())});
    if (with_match_) cells.push_back(MatchText(event));
    out_ << CsvLine(cells);
  }
  void Finish() override {}

 private:
  std::ostream& out_;
  Credits& credits_;
  const bool with_match_;
};

// The event as in -o json, and the attribution of its feed.
std::string PropertiesJson(const v1::Event& event, const std::string& attribution) {
  std::string json = Json(event);
  if (attribution.empty()) return json;
  json.pop_back();  // An event has a name: the object is not empty.
  return fmt::format(R"({},"attribution":{}}})", json, JsonText(attribution));
}

// A FeatureCollection, with a foreign member "credits" that lists the feeds.
class GeojsonEventPrinter : public EventPrinter {
 public:
  GeojsonEventPrinter(std::ostream& out, Credits& credits) : out_(out), credits_(credits) {
    out_ << R"({"type":"FeatureCollection","features":[)";
  }

  void Add(const v1::Event& event) override {
    const v1::Point& point = event.location().point();
    const std::string geometry = event.location().has_point()
                                     ? fmt::format(R"({{"type":"Point","coordinates":[{},{}]}})",
                                                   point.longitude(), point.latitude())
                                     : "null";
    out_ << (any_ ? ",\n" : "\n")
         << fmt::format(R"({{"type":"Feature","id":"{}","geometry":{},"properties":{}}})",
                        event.name(), geometry,
                        PropertiesJson(event, credits_.Of(event).attribution()));
    any_ = true;
  }
  void Finish() override {
    out_ << "\n],\"credits\":[";
    bool any = false;
    for (const auto& [name, feed] : credits_.Feeds()) {
      out_ << (any ? ",\n" : "\n") << Json(feed);
      any = true;
    }
    out_ << (any ? "\n]}\n" : "]}\n");
  }

 private:
  std::ostream& out_;
  Credits& credits_;
  bool any_ = false;
};

// json and ndjson print an event as any other message.
class JsonEventPrinter : public EventPrinter {
 public:
  JsonEventPrinter(std::unique_ptr<ListPrinter> printer, Credits& credits)
      : printer_(std::move(printer)), credits_(credits) {}
  void Add(const v1::Event& event) override {
    credits_.Of(event);
    printer_->Add(event, {});
  }
  void Finish() override { printer_->Finish(); }

 private:
  std::unique_ptr<ListPrinter> printer_;
  Credits& credits_;
};

}  // namespace

std::unique_ptr<EventPrinter> MakeEventPrinter(const Session& session, Credits& credits,
                                               bool with_match) {
  switch (session.Format()) {
    case OutputFormat::kTable:
      return std::make_unique<TableEventPrinter>(session, credits, with_match);
    case OutputFormat::kCsv:
      return std::make_unique<CsvEventPrinter>(session.Out(), credits, with_match);
    case OutputFormat::kGeojson:
      return std::make_unique<GeojsonEventPrinter>(session.Out(), credits);
    default:
      return std::make_unique<JsonEventPrinter>(*MakeListPrinter(session, {}), credits);
  }
}

}  // namespace annals::cli

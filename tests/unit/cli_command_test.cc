#include <fmt/format.h>

#include "cli_runner.h"
#include "clients/cli/time_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace annals::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::Event Capture() {
  v1::Event event;
  event.set_name("feeds/sample/events/capture");
  event.set_kind(v1::EVENT_KIND_CAPTURE);
  event.set_title("=Two soldiers, \"captured\"\033[2J");
  *event.mutable_occurred()->mutable_start() = ToTimestamp(ParseWrittenTime("2025-01-05")->start);
  *event.mutable_occurred()->mutable_end() = ToTimestamp(ParseWrittenTime("2025-01-13")->start);
  event.mutable_occurred()->set_precision(v1::TIME_PRECISION_RANGE);
  event.mutable_location()->set_resolved_region("regions/RU-KRS");
  event.mutable_persons()->set_low(2);
  event.mutable_persons()->set_high(2);
  event.set_state(v1::EVENT_STATE_ACTIVE);
  return event;
}

// A record of `count` captures.
Runner Holding(int count) {
  Runner runner;
  runner.record->list_events = [count](const v1::ListEventsRequest& request) {
    v1::ListEventsResponse response;
    for (int i = 0; i < std::min(count, request.page_size()); ++i) {
      *response.add_events() = Capture();
    }
    return response;
  };
  runner.record->summarize_events = [count](const v1::SummarizeEventsRequest&) {
    v1::SummarizeEventsResponse response;
    response.mutable_totals()->set_event_count(count);
    response.set_record_count(5'000);
    return response;
  };
  return runner;
}

TEST(Query, PrintsNdjsonWhenPiped) {
  const Ran ran = Holding(2)({"query"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 2);
  EXPECT_THAT(ran.out, HasSubstr(R"({"name":"feeds/sample/events/capture","kind":"EVENT_KIND_CA)"));
  EXPECT_EQ(ran.err, "");
}

TEST(Query, PrintsOneArrayAsJson) {
  EXPECT_EQ(Holding(0)({"query", "-o", "json"}).out, "[]\n");
  const std::string out = Holding(2)({"query", "-o", "json"}).out;
  EXPECT_TRUE(out.starts_with("[\n{"));
  EXPECT_TRUE(out.ends_with("}\n]\n"));
  EXPECT_THAT(out, HasSubstr("},\n{"));
}

TEST(Query, PrintsCsvWithoutFormulas) {
  EXPECT_THAT(Holding(1)({"query", "-o", "csv"}).out,
              HasSubstr("\nfeeds/sample/events/capture,capture,2025-01-05T00:00:00Z,"
                        "2025-01-13T00:00:00Z,range,,,RU-KRS,,2,,2,,,,,"
                        "\"'=Two soldiers, \"\"captured\"\"\033[2J\",active,,\n"));
}

TEST(Query, PrintsGeojsonWithNullGeometryWhereThereIsNoPoint) {
  const std::string out = Holding(1)({"query", "-o", "geojson"}).out;
  EXPECT_TRUE(out.starts_with(R"({"type":"FeatureCollection","features":[)"));
  EXPECT_THAT(out, HasSubstr(R"("geometry":null,"properties":{"name":)"));
}

TEST(Query, ShowsATableOnATerminalWithoutEscapes) {
  Runner runner = Holding(1);
  runner.on_terminal = true;
  EXPECT_EQ(runner({"query"}).out,
            "WHEN (UTC)               KIND     WHERE   PERSONS  TITLE                          "
            "EVENT\n"
            "2025-01-05 … 2025-01-12  capture  RU-KRS        2  =Two soldiers, \"captured\" [2J  "
            "sample/capture\n");
}

TEST(Query, TellsHowManyThereAreBeyondTheLimit) {
  const Ran ran = Holding(7)({"query", "--limit", "3"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 3);
  EXPECT_THAT(ran.err, HasSubstr("3 of 7 events"));
}

TEST(Query, TellsWhyThereIsNothing) {
  Runner runner = Holding(0);
  runner.record->summarize_events = [](const v1::SummarizeEventsRequest&) {
    v1::SummarizeEventsResponse response;
    response.set_record_count(5'000);
    response.add_empty_reasons()->set_message("without filter.kinds 12 events would match");
    return response;
  };
  for (const char* command : {"query", "count", "timeline"}) {
    const Ran ran = runner({command, "--feed", "sample"});
    EXPECT_EQ(ran.exit_code, 0);
    EXPECT_EQ(ran.err,
              "annals: no events match; the record holds 5,000 events\n"
              "annals: without filter.kinds 12 events would match\n");
  }
}

// A record of captures from a feed that wants credit.
Runner Credited(int count) {
  Runner runner = Holding(count);
  runner.record->get_feed = [](const v1::GetFeedRequest& request) {
    v1::GetFeedResponse response;
    response.mutable_feed()->set_name(request.name());
    response.mutable_feed()->set_licence("CC-BY-4.0");
    response.mutable_feed()->set_attribution("=Us, \"2026\"");
    return response;
  };
  return runner;
}

TEST(Credit, IsToldOnceForEachFeedInEveryFormat) {
  for (const char* format : {"json", "ndjson", "csv", "geojson", "table"}) {
    EXPECT_EQ(Credited(2)({"query", "-o", format}).err,
              "annals: from feeds/sample, licence CC-BY-4.0: =Us, \"2026\"\n");
  }
  EXPECT_EQ(Credited(0)({"query", "--limit", "0"}).err.find("licence"), std::string::npos);
}

TEST(Credit, IsInEachRowOfCsv) {
  const std::string out = Credited(1)({"query", "-o", "csv"}).out;
  EXPECT_THAT(out, HasSubstr(",licence,attribution\n"));
  EXPECT_THAT(out, HasSubstr(",active,,\"'=Us, \"\"2026\"\"\"\n"));
}

TEST(Credit, IsInEachFeatureOfGeojsonAndOnce) {
  const std::string out = Credited(1)({"query", "-o", "geojson"}).out;
  EXPECT_THAT(out, HasSubstr(R"(,"attribution":"=Us, \"2026\""}})"));
  EXPECT_THAT(out, HasSubstr(R"("credits":[
{"name":"feeds/sample","licence":"CC-BY-4.0","attribution":"=Us, \"2026\""}
]})"));
}

TEST(Credit, NamesTheFeedsOfSums) {
  Runner runner = Credited(0);
  runner.record->summarize_events = [](const v1::SummarizeEventsRequest&) {
    v1::SummarizeEventsResponse response;
    response.mutable_totals()->set_event_count(7);
    for (int i = 0; i < 7; ++i) response.add_groups()->add_keys(fmt::format("feeds/f{}", i));
    return response;
  };
  const Ran ran = runner({"count"});
  EXPECT_EQ(ran.out, "7\n");
  EXPECT_EQ(ran.err,
            "annals: from feeds/f0 (CC-BY-4.0), feeds/f1 (CC-BY-4.0), feeds/f2 (CC-BY-4.0), "
            "feeds/f3 (CC-BY-4.0), feeds/f4 (CC-BY-4.0) and 2 more feeds\n");
}

TEST(Query, PrintsNothingWhereItIsRefused) {
  Runner runner;
  runner.record->list_events = [](const v1::ListEventsRequest&) {
    return absl::InvalidArgumentError("filter.regions: unknown");
  };
  for (const char* format : {"json", "ndjson", "csv", "geojson", "table"}) {
    const Ran ran = runner({"query", "-o", format});
    EXPECT_EQ(ran.exit_code, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err, "annals: INVALID_ARGUMENT: filter.regions: unknown\n");
  }
}

TEST(Query, ExportsAll) {
  Runner runner;
  v1::EventOrder order = v1::EVENT_ORDER_UNSPECIFIED;
  runner.record->export_events = [&order](const v1::ExportEventsRequest& request) {
    order = request.order();
    v1::ExportEventsResponse part;
    *part.add_events() = Capture();
    return std::make_unique<client::FakeExportReader>(std::vector{part, part, part});
  };
  const Ran ran = runner({"query", "--all", "--order", "recorded"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 3);
  EXPECT_EQ(order, v1::EVENT_ORDER_RECORDED_NEWEST_FIRST);
}

TEST(Count, IsBareWhenPipedAndAShareOnATerminal) {
  Runner runner = Holding(2'989);
  EXPECT_EQ(runner({"count"}).out, "2989\n");
  runner.on_terminal = true;
  EXPECT_EQ(runner({"count"}).out, "2,989 of 5,000 events\n");
  EXPECT_THAT(runner({"count", "-o", "json"}).out, HasSubstr(R"("eventCount":"2989")"));
}

TEST(Timeline, ShowsEmptyBucketsInATable) {
  Runner runner;
  runner.on_terminal = true;
  runner.record->summarize_events = [](const v1::SummarizeEventsRequest& request) {
    v1::SummarizeEventsResponse response;
    if (request.dimensions(0).has_attribute()) return response;  // For credits.
    EXPECT_EQ(request.dimensions(0).time_bucket(), v1::TIME_BUCKET_QUARTER);
    for (const char* key : {"2024-07-01T00:00:00Z", "2025-01-01T00:00:00Z"}) {
      auto* group = response.add_groups();
      group->add_keys(key);
      group->mutable_totals()->set_event_count(4);
    }
    response.mutable_totals()->set_event_count(8);
    return response;
  };
  EXPECT_EQ(runner({"timeline", "--by", "quarter"}).out,
            "WHEN (UTC)  EVENTS\n"
            "2024 Q3          4  ██████████████████████████████\n"
            "2024 Q4          0\n"
            "2025 Q1          4  ██████████████████████████████\n"
            "TOTAL            8\n");
}

TEST(Get, FailsWhereANameIsNotFound) {
  Runner runner;
  runner.record->batch_get_events = [](const v1::BatchGetEventsRequest& request) {
    EXPECT_EQ(request.names(0), "feeds/sample/events/capture");
    v1::BatchGetEventsResponse response;
    *response.add_events() = Capture();
    response.add_missing_names(request.names(1));
    return response;
  };
  const Ran ran = runner({"get", "sample/capture", "feeds/sample/events/none"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1);
  EXPECT_THAT(ran.err, HasSubstr("NOT_FOUND: feeds/sample/events/none"));
}

TEST(Errors, NameCodeAndHint) {
  Runner runner;
  runner.record->get_status = [](const v1::GetStatusRequest&) {
    return absl::UnavailableError("nobody there");
  };
  const Ran ran = runner({"status", "--server", "unix:/tmp/x"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("annals: UNAVAILABLE: nobody there\n"));
  EXPECT_THAT(ran.err, HasSubstr("no server answers at unix:/tmp/x"));
}

TEST(CommandLine, ExplainsItself) {
  Runner runner;
  EXPECT_EQ(runner({"--help"}).exit_code, 0);
  EXPECT_THAT(runner({"--help"}).out, HasSubstr("Exit status: 0 done; 1 "));
  EXPECT_THAT(runner({"query", "--help"}).out, HasSubstr("--include-retracted"));
  EXPECT_EQ(runner({"--version"}).out, "annals " ANNALS_VERSION "\n");
  EXPECT_EQ(runner({}).exit_code, 2);
  EXPECT_EQ(runner({"query", "-o", "xml"}).exit_code, 2);
  EXPECT_EQ(runner({"query", "--limit", "-1"}).exit_code, 2);
  EXPECT_EQ(runner({"status", "--timeout", "0s"}).exit_code, 2);
}

// A server that takes every row but those titled "bad", and keeps the names of each batch.
struct Ingesting : Runner {
  std::vector<std::vector<std::string>> batches;
  std::vector<v1::Feed> created;

  Ingesting() {
    record->get_status = [](const v1::GetStatusRequest&) { return v1::GetStatusResponse(); };
    record->get_feed = [](const v1::GetFeedRequest&) { return absl::NotFoundError("none"); };
    record->create_feed = [this](const v1::CreateFeedRequest& request) {
      created.push_back(request.feed());
      v1::CreateFeedResponse response;
      *response.mutable_feed() = request.feed();
      return response;
    };
    record->ingest_events = [this] {
      return std::make_unique<client::FakeIngestCall>(
          [this](const v1::IngestEventsRequest& request) { return Take(request.batch()); });
    };
  }

  v1::IngestEventsResponse Take(const v1::EventBatch& batch) {
    v1::IngestEventsResponse response;
    batches.emplace_back();
    for (int i = 0; i < batch.rows_size(); ++i) {
      batches.back().push_back(batch.rows(i).event().name());
      if (batch.rows(i).event().title() != "bad") {
        response.mutable_counts()->set_created(response.counts().created() + 1);
        continue;
      }
      response.mutable_counts()->set_invalid(response.counts().invalid() + 1);
      v1::RowResult& result = *response.add_results();
      result.set_index(i);
      result.set_name(batch.rows(i).event().name());
      result.set_outcome(v1::ROW_OUTCOME_INVALID);
      result.set_field("title");
      result.set_reason("TITLE_BAD");
      result.set_message("title: is bad");
    }
    return response;
  }
};

TEST(Ingest, NamesBadLinesAndTakesTheRest) {
  Ingesting ingesting;
  ingesting.input = R"({"name":"feeds/f/events/1","title":"good"}
{"name":"feeds/f/events/2","title":"bad"}
{"name":"feeds/f/events/3","kind":"WAR"}
{"name":"4","title":"good"}
{"name":"feeds/f/events/5","title":"good"}
{ this is no JSON
)";
  const Ran ran = ingesting({"ingest", "-"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("<stdin>:2: feeds/f/events/2: title: is bad (TITLE_BAD)\n"));
  EXPECT_THAT(ran.err, HasSubstr("<stdin>:3: "));
  EXPECT_THAT(ran.err, HasSubstr("<stdin>:4: name: "));
  EXPECT_THAT(ran.err, HasSubstr("<stdin>:6: "));
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 5);
  EXPECT_THAT(ran.err, HasSubstr("created 2, updated 0, unchanged 0, invalid 4\n"));
}

TEST(Ingest, SendsANameGivenTwiceInTwoBatches) {
  Ingesting ingesting;
  ingesting.input = R"([{"name":"1"},{"name":"2"},{"name":"1"},{"name":"3"}])";
  const Ran ran = ingesting(
      {"ingest", "-", "--feed", "f", "--create-feed", "--title", "F", "--licence", "CC0-1.0"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ingesting.batches, ElementsAre(ElementsAre("feeds/f/events/1", "feeds/f/events/2"),
                                             ElementsAre("feeds/f/events/1", "feeds/f/events/3")));
  ASSERT_EQ(ingesting.created.size(), 1u);
  EXPECT_EQ(ingesting.created[0].name(), "feeds/f");
}

TEST(Ingest, KeepsToTheBatchSize) {
  Ingesting ingesting;
  for (int i = 0; i < 5; ++i) {
    ingesting.input += "{\"name\":\"feeds/f/events/" + std::to_string(i) + "\"}\n";
  }
  EXPECT_EQ(ingesting({"ingest", "-", "--batch", "2"}).exit_code, 0);
  EXPECT_EQ(ingesting.batches.size(), 3u);
}

TEST(Ingest, SaysWhatWasAcknowledgedBeforeAFailure) {
  Ingesting ingesting;
  ingesting.record->ingest_events = [&ingesting] {
    return std::make_unique<client::FakeIngestCall>(
        [&ingesting](const v1::IngestEventsRequest& request) {
          return ingesting.Take(request.batch());
        },
        1, absl::ResourceExhaustedError("full"));
  };
  for (int i = 0; i < 20; ++i) {
    ingesting.input += "{\"name\":\"feeds/f/events/" + std::to_string(i) + "\"}\n";
  }
  const Ran ran = ingesting({"ingest", "-", "--batch", "1"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("acknowledged before the failure: created 1,"));
  EXPECT_THAT(ran.err, HasSubstr("annals: RESOURCE_EXHAUSTED: full\n"));
}

TEST(Ingest, NeedsAFeedThatIsThere) {
  Ingesting ingesting;
  const Ran ran = ingesting({"ingest", "-", "--feed", "none"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("--create-feed"));
  EXPECT_EQ(ingesting({"ingest", "-", "--feed", "f", "--create-feed"}).exit_code, 2);
  EXPECT_EQ(ingesting({"ingest", "-", "--create-feed"}).exit_code, 2);
  EXPECT_EQ(ingesting({"ingest"}).exit_code, 2);
  EXPECT_EQ(ingesting({"ingest", "/nonexistent"}).exit_code, 1);
}

}  // namespace
}  // namespace annals::cli

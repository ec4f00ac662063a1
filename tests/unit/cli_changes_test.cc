#include <map>

#include "cli_runner.h"
#include "clients/cli/time_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace annals::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

v1::Event Clash(const std::string& id, std::int64_t revision) {
  v1::Event event;
  event.set_name("feeds/f/events/" + id);
  event.set_title("Clash " + id);
  event.set_revision(revision);
  event.mutable_update_time()->set_seconds(86'400 * revision);
  event.mutable_fatalities()->set_best(4);
  event.set_state(v1::EVENT_STATE_ACTIVE);
  return event;
}

v1::Event Retracted(v1::Event event) {
  event.set_state(v1::EVENT_STATE_RETRACTED);
  event.set_retraction_reason("Entered twice");
  return event;
}

// A record with what its events are, newest change first, and were at the moment asked about.
struct Changing : Runner {
  std::vector<v1::Event> now;
  std::map<std::string, v1::Event> then;
  v1::ExportEventsRequest asked;
  std::vector<std::string> compared;
  std::vector<std::string> audited;
  bool tells_who = true;

  Changing() {
    on_terminal = true;
    record->export_events = [this](const v1::ExportEventsRequest& request) {
      asked = request;
      v1::ExportEventsResponse part;
      part.mutable_events()->Add(now.begin(), now.end());
      return std::make_unique<client::FakeExportReader>(std::vector{part});
    };
    record->batch_get_events = [this](const v1::BatchGetEventsRequest& request) {
      EXPECT_TRUE(request.has_as_of());
      v1::BatchGetEventsResponse response;
      for (const std::string& name : request.names()) {
        compared.push_back(name);
        const auto found = then.find(name);
        if (found == then.end()) {
          response.add_missing_names(name);
        } else {
          *response.add_events() = found->second;
        }
      }
      return response;
    };
    record->list_event_revisions = [this](const v1::ListEventRevisionsRequest& request) {
      audited.push_back(request.name());
      v1::ListEventRevisionsResponse response;
      for (const v1::Event& event : now) {
        if (event.name() != request.name()) continue;
        // One that came after the answer that is told.
        response.add_revisions()->mutable_event()->set_revision(event.revision() + 1);
        *response.add_revisions()->mutable_event() = event;
      }
      for (int i = 0; tells_who && i < response.revisions_size(); ++i) {
        response.mutable_revisions(i)->mutable_audit()->set_principal(i == 1 ? "principals/anna"
                                                                             : "principals/ben");
      }
      return response;
    };
    record->summarize_events = [](const v1::SummarizeEventsRequest& request) {
      EXPECT_TRUE(request.has_as_of());
      EXPECT_FALSE(request.filter().has_recorded());
      v1::SummarizeEventsResponse response;
      response.mutable_totals()->set_event_count(1'167);
      return response;
    };
  }

  void Was(v1::Event event) { then[event.name()] = std::move(event); }
};

// One of each kind.
Changing OfEachKind() {
  Changing changing;
  changing.now = {Retracted(Clash("3", 9)), Clash("2", 8), Clash("1", 1)};
  changing.now[1].mutable_fatalities()->set_best(5);
  changing.now[1].mutable_fatalities()->set_high(6);
  changing.Was(Clash("3", 2));
  changing.Was(Clash("2", 2));
  return changing;
}

TEST(Changes, TellsWhatBecameOfEachEvent) {
  Changing changing = OfEachKind();
  const Ran ran = changing({"changes", "--since", "1970-01-01", "--color", "never"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.out,
            "RECORDED (UTC)    CHANGE     BY    WHAT                              TITLE    EVENT\n"
            "1970-01-10 00:00  RETRACTED  anna  Entered twice                     Clash 3  f/3\n"
            "1970-01-09 00:00  CORRECTED  anna  fatalities.best, fatalities.high  Clash 2  f/2\n"
            "1970-01-02 00:00  CREATED    anna                                    Clash 1  f/1\n");
  EXPECT_EQ(ran.err, "annals: 1 created, 1 retracted, 1 corrected: fatalities 1\n");
}

TEST(Changes, PrintsJsonWithTheFieldsAndWhoMadeThem) {
  Changing changing = OfEachKind();
  const std::string out = changing({"changes", "--since", "1970", "-o", "ndjson"}).out;
  EXPECT_THAT(
      out,
      HasSubstr(
          R"({"name":"feeds/f/events/2","change":"CORRECTED","update_time":"1970-01-09T00:00:00Z",)"
          R"("title":"Clash 2","from_revision":2,"to_revision":8,"fields":[)"
          R"({"field":"fatalities.best","before":"4","after":"5"},)"
          R"({"field":"fatalities.high","before":null,"after":"6"}],)"
          R"("audit":{"principal":"principals/anna"}})"
          "\n"));
  EXPECT_THAT(out, HasSubstr(R"("title":"Clash 3","retraction_reason":"Entered twice",)"
                             R"("from_revision":2,)"));
  EXPECT_THAT(out, HasSubstr(R"("title":"Clash 1","from_revision":null,"to_revision":1,)"
                             R"("fields":[],)"));
  EXPECT_THAT(changing({"changes", "--since", "1970", "-o", "csv"}).out,
              HasSubstr("\nfeeds/f/events/2,CORRECTED,1970-01-09T00:00:00Z,anna,Clash 2,,2,8,"
                        "fatalities.best fatalities.high\n"));
}

TEST(Changes, AsksForAllThatWasRecordedAfterATime) {
  Changing changing = OfEachKind();
  changing({"changes", "--since", "1970-01-01T00:00:01Z", "--feed", "f", "--datetime", "2025",
            "--as-of", "1970-02-01"});
  EXPECT_TRUE(changing.asked.filter().include_retracted());
  EXPECT_EQ(changing.asked.filter().feeds(0), "feeds/f");
  EXPECT_EQ(Rfc3339(changing.asked.filter().recorded().start()), "1970-01-01T00:00:01.000001Z");
  EXPECT_EQ(Rfc3339(changing.asked.filter().occurred().end()), "2026-01-01T00:00:00Z");
  EXPECT_EQ(Rfc3339(changing.asked.as_of().time()), "1970-02-01T00:00:00Z");
  EXPECT_EQ(changing.asked.order(), v1::EVENT_ORDER_RECORDED_NEWEST_FIRST);
}

TEST(Changes, StopAtTheFirstEventThatIsAsItWasAtAPosition) {
  Changing changing = OfEachKind();
  for (int i = 0; i < 1'000; ++i) {
    changing.now.push_back(Clash("old" + std::to_string(i), 1));
    changing.Was(changing.now.back());
  }
  std::string position;
  const auto get = changing.record->batch_get_events;
  changing.record->batch_get_events = [&](const v1::BatchGetEventsRequest& request) {
    position = request.as_of().position();
    return get(request);
  };
  const Ran ran = changing({"changes", "--since", "AbcPosition"});
  EXPECT_EQ(position, "AbcPosition");
  EXPECT_FALSE(changing.asked.filter().has_recorded());
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 4);
  EXPECT_LT(changing.compared.size(), 500u) << "one answer past the last change";
}

TEST(Changes, CountsAllAndPrintsUpToTheLimit) {
  Changing changing;
  for (int i = 0; i < 600; ++i) changing.now.push_back(Clash(std::to_string(i), 1));
  for (const auto& [limit, lines] : std::map<std::string, int>{{"0", 0}, {"3", 3}, {"600", 600}}) {
    changing.audited.clear();
    const Ran ran = changing({"changes", "--since", "1970", "--limit", limit, "-o", "ndjson"});
    EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), lines);
    EXPECT_THAT(ran.err, HasSubstr("annals: 600 created\n"));
    EXPECT_EQ(ran.err.find(limit + " of 600 changes") != std::string::npos, lines < 600);
    EXPECT_EQ(changing.audited.size(), static_cast<std::size_t>(lines));
  }
  EXPECT_EQ(changing.compared.size(), 3 * 600u);
  const Ran all = changing({"changes", "--since", "1970", "--all", "--no-by", "-o", "ndjson"});
  EXPECT_EQ(std::count(all.out.begin(), all.out.end(), '\n'), 600);
}

TEST(Changes, DoNotAskAFeedTwiceThatDoesNotTellWho) {
  Changing changing = OfEachKind();
  changing.tells_who = false;
  EXPECT_THAT(changing({"changes", "--since", "1970"}).out, Not(HasSubstr(" BY ")));
  EXPECT_THAT(changing.audited, ElementsAre("feeds/f/events/3"));
  changing.audited.clear();
  changing({"changes", "--since", "1970", "--no-by"});
  EXPECT_THAT(changing.audited, ElementsAre());
}

TEST(Changes, TellsReinstatedFromRetractedEvents) {
  Changing changing;
  changing.now = {Clash("reinstated", 4), Retracted(Clash("short-lived", 3)), Clash("same", 3)};
  changing.Was(Retracted(Clash("reinstated", 2)));
  changing.Was(Clash("same", 1));
  const Ran ran = changing({"changes", "--since", "1970", "-o", "csv"});
  EXPECT_THAT(ran.out, HasSubstr("/reinstated,CORRECTED,"));
  EXPECT_THAT(ran.out, HasSubstr(",2,4,state retraction_reason\n"));
  EXPECT_THAT(ran.out, HasSubstr("/short-lived,RETRACTED,"));
  EXPECT_THAT(ran.out, Not(HasSubstr("/same,")));
  EXPECT_THAT(ran.err, AllOf(HasSubstr("1 changed and changed back\n"),
                             HasSubstr("1 retracted, 1 corrected: retraction_reason 1, state 1")));
}

TEST(Changes, SayWhereThereAreNone) {
  Changing changing;
  const Ran ran = changing({"changes", "--since", "2026-01-01", "-o", "json"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.out, "[]\n");
  EXPECT_EQ(ran.err, "annals: nothing changed since 2026-01-01; 1,167 events matched then\n");
  changing.record->summarize_events = [](const v1::SummarizeEventsRequest&) {
    return absl::InvalidArgumentError("as_of.position: is none");
  };
  EXPECT_EQ(changing({"changes", "--since", "yesterday"}).exit_code, 1);
}

TEST(Changes, RefusesWhatItCannotUnderstand) {
  Changing changing = OfEachKind();
  EXPECT_EQ(changing({"changes"}).exit_code, 2);
  EXPECT_EQ(changing({"changes", "--since", "1970", "-o", "geojson"}).exit_code, 2);
  EXPECT_EQ(changing({"changes", "--since", "1970", "--until", "1971"}).exit_code, 2);
  EXPECT_EQ(changing({"changes", "--since", "1970", "--all", "--limit", "3"}).exit_code, 2);
}

}  // namespace
}  // namespace annals::cli

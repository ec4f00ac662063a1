#include <map>

#include "cli_runner.h"
#include "clients/cli/time_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace annals::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

v1::Event Revision(std::int64_t number, std::int64_t deaths) {
  v1::Event event;
  event.set_name("feeds/f/events/1");
  event.set_revision(number);
  event.set_title("Clash");
  event.mutable_update_time()->set_seconds(86'400 * number);
  event.mutable_fatalities()->set_best(deaths);
  event.set_state(v1::EVENT_STATE_ACTIVE);
  return event;
}

// An event of these revisions, oldest first, answered a page of two at a time.
Runner Holding(std::vector<v1::Event> revisions) {
  Runner runner;
  runner.on_terminal = true;
  runner.record->list_event_revisions = [revisions](const v1::ListEventRevisionsRequest& request) {
    EXPECT_EQ(request.name(), "feeds/f/events/1");
    v1::ListEventRevisionsResponse response;
    std::size_t left =
        request.page_token().empty() ? revisions.size() : request.page_token().size();
    for (int i = 0; i < 2 && left > 0; ++i) {
      *response.add_revisions()->mutable_event() = revisions[--left];
    }
    response.set_next_page_token(std::string(left, 'x'));
    return response;
  };
  return runner;
}

Runner OfThree() { return Holding({Revision(1, 4), Revision(2, 5), Revision(3, 6)}); }

TEST(Diff, ComparesTheNewestWithTheOneBefore) {
  const Ran ran = OfThree()({"diff", "f/1"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.out,
            "FIELD            BEFORE  AFTER\n"
            "fatalities.best  5       6\n");
  EXPECT_EQ(ran.err, "annals: from revision 2 of 1970-01-03 00:00 to 3 of 1970-01-04 00:00\n");
}

TEST(Diff, ComparesTheRevisionsAskedFor) {
  EXPECT_THAT(OfThree()({"diff", "f/1", "1"}).out, HasSubstr("fatalities.best  4       6\n"));
  EXPECT_THAT(OfThree()({"diff", "f/1", "1", "2"}).out, HasSubstr("fatalities.best  4       5\n"));
  EXPECT_THAT(OfThree()({"diff", "f/1", "3", "1"}).out, HasSubstr("fatalities.best  6       4\n"));
}

TEST(Diff, SaysWhereNothingDiffers) {
  for (const char* format : {"table", "ndjson"}) {
    const Ran ran = Holding({Revision(1, 4), Revision(2, 4)})({"diff", "f/1", "-o", format});
    EXPECT_EQ(ran.exit_code, 0);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err, "annals: revisions 1 and 2 do not differ\n");
  }
  const Ran ran = Holding({Revision(1, 4)})({"diff", "f/1", "-o", "json"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.out, "[]\n");
  EXPECT_EQ(ran.err, "annals: feeds/f/events/1 has one revision, and none before it\n");
}

TEST(Diff, FailsWhereThereIsNoSuchRevision) {
  for (const auto& numbers : std::vector<std::vector<std::string>>{{"4"}, {"1", "4"}, {"4", "1"}}) {
    std::vector<std::string> arguments = {"diff", "f/1"};
    arguments.insert(arguments.end(), numbers.begin(), numbers.end());
    const Ran ran = OfThree()(arguments);
    EXPECT_EQ(ran.exit_code, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err, "annals: NOT_FOUND: feeds/f/events/1 has no revision 4; its newest is 3\n");
  }
  Runner nothing;
  nothing.record->list_event_revisions = [](const v1::ListEventRevisionsRequest&) {
    return absl::NotFoundError("feeds/f/events/1: is not there");
  };
  EXPECT_EQ(nothing({"diff", "f/1"}).exit_code, 1);
}

TEST(Diff, RefusesWhatIsNoRevision) {
  for (const char* bad : {"0", "-1", "x", "1.5", ""}) {
    EXPECT_EQ(OfThree()({"diff", "f/1", bad}).exit_code, 2) << bad;
  }
  EXPECT_EQ(OfThree()({"diff"}).exit_code, 2);
  EXPECT_EQ(OfThree()({"diff", "f/1", "1", "2", "3"}).exit_code, 2);
  EXPECT_EQ(OfThree()({"diff", "f/1", "-o", "geojson"}).exit_code, 2);
}

TEST(Diff, PrintsValuesOfTheJsonMapping) {
  v1::Event first = Revision(1, 4);
  first.mutable_location()->mutable_point()->set_latitude(48.673292);
  v1::Event second = Revision(2, 4);
  second.set_title("=A \"clash\"");
  EXPECT_EQ(Holding({first, second})({"diff", "f/1", "-o", "ndjson"}).out,
            R"({"name":"feeds/f/events/1","from_revision":1,"to_revision":2,)"
            R"("field":"location.point","before":{"latitude":48.673292},"after":null})"
            "\n"
            R"({"name":"feeds/f/events/1","from_revision":1,"to_revision":2,)"
            R"("field":"title","before":"Clash","after":"=A \"clash\""})"
            "\n");
  EXPECT_EQ(Holding({first, second})({"diff", "f/1", "-o", "csv"}).out,
            "name,from_revision,to_revision,field,before,after\n"
            "feeds/f/events/1,1,2,location.point,\"{\"\"latitude\"\":48.673292}\",\n"
            "feeds/f/events/1,1,2,title,Clash,\"'=A \"\"clash\"\"\"\n");
}

TEST(Diff, CutsLongTextsToWhereTheyDiffer) {
  v1::Event first = Revision(1, 4);
  v1::Event second = Revision(2, 4);
  const std::string opening = "A text as long as the reports are that many sources give of it, ";
  first.set_description(opening + "with 12 deaths\033[2J, they say");
  second.set_description(opening + "with 13 deaths\033[2J, they say");
  Runner runner = Holding({first, second});
  runner.columns = 60;
  EXPECT_EQ(runner({"diff", "f/1"}).out,
            "FIELD        BEFORE                  AFTER\n"
            "description  … with 12 deaths [2J,…  … with 13 deaths [2J, …\n");
  runner.columns = 300;
  EXPECT_THAT(runner({"diff", "f/1"}).out,
              AllOf(HasSubstr("it, with 13 deaths [2J, they say\n"), Not(HasSubstr("…"))));
}

}  // namespace
}  // namespace annals::cli

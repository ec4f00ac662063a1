// What commands show and change of who may see a feed, who made a revision and who is asking.
#include "cli_runner.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace annals::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

v1::Feed Restricted() {
  v1::Feed feed;
  feed.set_name("feeds/leads");
  feed.set_title("Leads");
  feed.set_licence("CC0-1.0");
  feed.set_visibility(v1::FEED_VISIBILITY_RESTRICTED);
  feed.add_readers("principals/anna");
  feed.add_readers("roles/editor");
  return feed;
}

v1::Feed Public() {
  v1::Feed feed;
  feed.set_name("feeds/notes");
  feed.set_title("Notes");
  feed.set_licence("CC0-1.0");
  feed.set_event_count(3);
  return feed;
}

// A catalogue of one feed that keeps what is created or changed.
struct Catalogue : Runner {
  explicit Catalogue(v1::Feed held) : feed(std::move(held)) {
    record->get_feed = [this](const v1::GetFeedRequest&) {
      v1::GetFeedResponse response;
      *response.mutable_feed() = feed;
      return response;
    };
    record->create_feed = [this](const v1::CreateFeedRequest& request) {
      v1::CreateFeedResponse response;
      *response.mutable_feed() = feed = request.feed();
      return response;
    };
    record->update_feed = [this](const v1::UpdateFeedRequest& request) {
      v1::UpdateFeedResponse response;
      *response.mutable_feed() = feed = request.feed();
      return response;
    };
  }

  v1::Feed feed;
};

std::vector<std::string> Creating(const std::vector<std::string>& flags) {
  std::vector<std::string> arguments = {"feeds", "create",    "leads",  "--title",
                                        "Leads", "--licence", "CC0-1.0"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  return arguments;
}

TEST(FeedsCreate, RestrictsAFeedToItsReaders) {
  Catalogue catalogue({});
  EXPECT_EQ(catalogue(Creating({"--restricted", "--reader", "principals/anna", "--reader",
                                "roles/reader"}))
                .exit_code,
            0);
  EXPECT_EQ(catalogue.feed.visibility(), v1::FEED_VISIBILITY_RESTRICTED);
  EXPECT_THAT(catalogue.feed.readers(), ElementsAre("principals/anna", "roles/reader"));
}

TEST(FeedsCreate, LeavesVisibilityToTheServerWhereNotGiven) {
  Catalogue catalogue({});
  EXPECT_EQ(catalogue(Creating({})).exit_code, 0);
  EXPECT_EQ(catalogue.feed.visibility(), v1::FEED_VISIBILITY_UNSPECIFIED);
}

TEST(FeedsCreate, RefusesReadersOfAPublicFeed) {
  Catalogue catalogue({});
  EXPECT_EQ(catalogue(Creating({"--reader", "principals/anna"})).exit_code, 2);
  EXPECT_EQ(catalogue(Creating({"--public"})).exit_code, 2);
}

TEST(FeedsUpdate, KeepsVisibilityAndReadersThatAreNotGiven) {
  Catalogue catalogue(Restricted());
  EXPECT_EQ(catalogue({"feeds", "update", "leads", "--title", "More leads"}).exit_code, 0);
  EXPECT_EQ(catalogue.feed.title(), "More leads");
  // The server leaves them as they are then; they may have changed since they were read.
  EXPECT_EQ(catalogue.feed.visibility(), v1::FEED_VISIBILITY_UNSPECIFIED);
  EXPECT_THAT(catalogue.feed.readers(), IsEmpty());
}

TEST(FeedsUpdate, TakesTheReadersGivenForAll) {
  Catalogue catalogue(Restricted());
  EXPECT_EQ(catalogue({"feeds", "update", "leads", "--reader", "principals/ben"}).exit_code, 0);
  EXPECT_EQ(catalogue.feed.visibility(), v1::FEED_VISIBILITY_RESTRICTED);
  EXPECT_THAT(catalogue.feed.readers(), ElementsAre("principals/ben"));
}

TEST(FeedsUpdate, TakesEveryReaderAwayWithoutOpeningTheFeed) {
  Catalogue catalogue(Restricted());
  EXPECT_EQ(catalogue({"feeds", "update", "leads", "--no-reader"}).exit_code, 0);
  EXPECT_EQ(catalogue.feed.visibility(), v1::FEED_VISIBILITY_RESTRICTED);
  EXPECT_THAT(catalogue.feed.readers(), IsEmpty());
}

TEST(FeedsUpdate, OpensAFeedAndForgetsItsReaders) {
  Catalogue catalogue(Restricted());
  EXPECT_EQ(catalogue({"feeds", "update", "leads", "--public"}).exit_code, 0);
  EXPECT_EQ(catalogue.feed.visibility(), v1::FEED_VISIBILITY_PUBLIC);
  EXPECT_THAT(catalogue.feed.readers(), IsEmpty());
}

TEST(FeedsUpdate, RefusesFlagsThatContradictEachOther) {
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"--public", "--restricted"},
        {"--public", "--reader", "principals/anna"},
        {"--no-reader", "--reader", "principals/anna"}}) {
    Catalogue catalogue(Restricted());
    std::vector<std::string> arguments = {"feeds", "update", "leads"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    EXPECT_EQ(catalogue(arguments).exit_code, 2);
    EXPECT_EQ(catalogue.feed.readers_size(), 2);
  }
}

TEST(FeedsGet, ShowsVisibilityAndReaders) {
  Catalogue catalogue(Restricted());
  catalogue.on_terminal = true;
  const std::string out = catalogue({"feeds", "get", "leads"}).out;
  EXPECT_THAT(out, HasSubstr("visibility      restricted\n"));
  EXPECT_THAT(out, HasSubstr("readers         principals/anna, roles/editor\n"));
  Catalogue open(Public());
  open.on_terminal = true;
  EXPECT_THAT(open({"feeds", "get", "notes"}).out,
              HasSubstr("visibility      public\nredistribution  allowed\n"));
}

TEST(FeedsUpdate, ForbidsAndAllowsRedistribution) {
  Catalogue catalogue(Public());
  EXPECT_EQ(catalogue({"feeds", "update", "notes", "--redistribution", "forbidden"}).exit_code, 0);
  EXPECT_EQ(catalogue.feed.redistribution(), v1::REDISTRIBUTION_FORBIDDEN);
  // What is not given is left to the server.
  EXPECT_EQ(catalogue({"feeds", "update", "notes", "--title", "N"}).exit_code, 0);
  EXPECT_EQ(catalogue.feed.redistribution(), v1::REDISTRIBUTION_UNSPECIFIED);
  EXPECT_EQ(catalogue({"feeds", "update", "notes", "--redistribution", "allowed"}).exit_code, 0);
  EXPECT_EQ(catalogue.feed.redistribution(), v1::REDISTRIBUTION_ALLOWED);
  EXPECT_EQ(catalogue({"feeds", "update", "notes", "--redistribution", "perhaps"}).exit_code, 2);
}

TEST(FeedsList, ShowsVisibilityWhereAFeedIsRestricted) {
  Runner runner;
  runner.on_terminal = true;
  std::vector<v1::Feed> feeds = {Public()};
  runner.record->list_feeds = [&feeds](const v1::ListFeedsRequest&) {
    v1::ListFeedsResponse response;
    for (const v1::Feed& feed : feeds) *response.add_feeds() = feed;
    return response;
  };
  EXPECT_EQ(runner({"feeds", "list"}).out,
            "FEED   EVENTS  LICENCE  TITLE\n"
            "notes       3  CC0-1.0  Notes\n");
  feeds.push_back(Restricted());
  EXPECT_EQ(runner({"feeds", "list"}).out,
            "FEED   EVENTS  VISIBILITY  LICENCE  TITLE\n"
            "notes       3              CC0-1.0  Notes\n"
            "leads       0  restricted  CC0-1.0  Leads\n");
  EXPECT_THAT(
      runner({"feeds", "list", "-o", "ndjson"}).out,
      HasSubstr(R"("visibility":"FEED_VISIBILITY_RESTRICTED","readers":["principals/anna")"));
}

// An event of two revisions, the second of which retracts.
Runner TwoRevisions(bool audited) {
  Runner runner;
  runner.on_terminal = true;
  runner.columns = 0;
  runner.record->list_event_revisions = [audited](const v1::ListEventRevisionsRequest&) {
    v1::ListEventRevisionsResponse response;
    for (const int number : {2, 1}) {
      v1::EventRevision& revision = *response.add_revisions();
      revision.mutable_event()->set_revision(number);
      revision.mutable_event()->set_title("Capture");
      revision.mutable_event()->set_state(v1::EVENT_STATE_ACTIVE);
      if (!audited) continue;
      revision.mutable_audit()->set_principal(number == 1 ? "principals/anna" : "principals/ben");
      revision.mutable_audit()->set_address("192.0.2.7");
      revision.mutable_audit()->mutable_time()->set_seconds(number);
    }
    v1::EventRevision& last = *response.mutable_revisions(0);
    last.mutable_event()->set_state(v1::EVENT_STATE_RETRACTED);
    last.mutable_event()->set_retraction_reason("Entered twice");
    if (audited) last.mutable_audit()->set_reason("Entered twice");
    return response;
  };
  return runner;
}

TEST(History, SaysWhoMadeARevision) {
  Runner runner = TwoRevisions(true);
  const std::string out = runner({"history", "notes/1"}).out;
  EXPECT_THAT(out, HasSubstr("  BY "));
  EXPECT_THAT(out, HasSubstr("  ben from 192.0.2.7   retracted: Entered twice  "));
  EXPECT_THAT(out, HasSubstr("  anna from 192.0.2.7  created  "));
  EXPECT_THAT(runner({"history", "notes/1", "-o", "ndjson"}).out,
              HasSubstr(R"("audit":{"principal":"principals/anna","address":"192.0.2.7",)"
                        R"("time":"1970-01-01T00:00:01Z"})"));
}

TEST(History, SaysWhyWhereNoOtherColumnDoes) {
  Runner runner;
  runner.on_terminal = true;
  runner.columns = 0;
  runner.record->list_event_revisions = [](const v1::ListEventRevisionsRequest&) {
    v1::ListEventRevisionsResponse response;
    v1::AuditEntry& audit = *response.add_revisions()->mutable_audit();
    audit.set_principal("principals/anna");
    audit.set_reason("Asked by the court");
    return response;
  };
  EXPECT_THAT(runner({"history", "notes/1"}).out, HasSubstr("  anna: Asked by the court  "));
}

TEST(History, HasNoColumnForWhatIsNotSaid) {
  EXPECT_THAT(TwoRevisions(false)({"history", "notes/1"}).out, Not(HasSubstr("BY")));
}

TEST(Status, SaysAsWhomTheServerKnowsTheCaller) {
  Runner runner;
  runner.on_terminal = true;
  runner.record->get_status = [](const v1::GetStatusRequest&) {
    v1::GetStatusResponse response;
    response.mutable_caller()->set_principal("principals/anna");
    response.mutable_caller()->set_role(v1::ROLE_CONTRIBUTOR);
    response.mutable_caller()->add_feeds("feeds/leads");
    response.mutable_caller()->add_feeds("feeds/notes");
    return response;
  };
  const std::string out = runner({"status"}).out;
  EXPECT_THAT(out, HasSubstr("\nprincipal      principals/anna\n"));
  EXPECT_THAT(out, HasSubstr("\nrole           contributor\n"));
  EXPECT_THAT(out, HasSubstr("\nof feeds       leads, notes\n"));
  EXPECT_THAT(runner({"status", "-o", "json"}).out,
              HasSubstr(R"("caller":{"principal":"principals/anna","role":"ROLE_CONTRIBUTOR",)"));
}

TEST(Status, SaysNothingOfACallerThatTheServerDoesNotName) {
  Runner runner;
  runner.on_terminal = true;
  runner.record->get_status = [](const v1::GetStatusRequest&) { return v1::GetStatusResponse(); };
  const std::string out = runner({"status"}).out;
  EXPECT_THAT(out, Not(HasSubstr("principal")));
  EXPECT_THAT(out, Not(HasSubstr("role")));
}

}  // namespace
}  // namespace annals::cli

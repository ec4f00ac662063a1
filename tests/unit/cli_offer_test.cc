#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli_runner.h"
#include "tests/support/offer_steps.h"

namespace annals::cli {
namespace {

using ::annals::testing::EventBuilder;
using ::annals::testing::OfferOf;
using ::annals::testing::OfferStepOf;
using ::testing::HasSubstr;

// An offer of two steps from the feed and one that was added here.
v1::Event Offer() {
  v1::Event event = OfferOf("f", "offer", "PA");
  event.set_title("An offer");
  event.set_state(v1::EVENT_STATE_ACTIVE);
  auto* offer = event.mutable_exchange_offer();
  auto* added = offer->add_steps();
  *added = OfferStepOf('E', 3);
  added->set_claimant("actors/ukr");
  added->set_note("All came home");
  added->set_url("https://example.org/1");
  *added->mutable_advance_time() = storage::ToTimestamp(testing::At("2025-01-04T10:00:00Z"));
  auto* claim = offer->mutable_steps(1);
  claim->set_disputed(true);
  offer->set_status(v1::OFFER_STATUS_EXECUTED);
  auto* offered = offer->add_offered();
  offered->set_side("actors/prk");
  offered->set_category("soldier");
  offered->mutable_persons()->set_low(2);
  offered->mutable_persons()->set_best(2);
  offered->mutable_persons()->set_high(2);
  offered->set_held_by("actors/ukr");
  auto* requested = offer->add_requested();
  requested->set_side("actors/ukr");
  requested->set_held_by("actors/rus");
  offer->set_addressee("actors/prk-leader");
  offer->add_conditions("That he asks for them");
  offer->add_alternatives("They may stay");
  auto* link = event.add_links();
  link->set_kind(v1::LINK_KIND_CONCERNS);
  link->set_target("feeds/f/events/capture");
  *event.add_links() = *link;
  event.mutable_links(1)->set_target("feeds/f/events/gone");
  return event;
}

struct OfferRunner : Runner {
  OfferRunner() {
    on_terminal = true;
    record->batch_get_events = [this](const v1::BatchGetEventsRequest& request) {
      v1::BatchGetEventsResponse response;
      for (const std::string& name : request.names()) {
        if (name == "feeds/f/events/offer") *response.add_events() = Offer();
        if (name == "feeds/f/events/battle") {
          *response.add_events() = EventBuilder("f", "battle").Build();
        }
        if (name == "feeds/f/events/capture") {
          *response.add_events() = EventBuilder("f", "capture")
                                       .Kind(v1::EVENT_KIND_CAPTURE)
                                       .Title("Two soldiers taken")
                                       .Build();
        }
      }
      return response;
    };
    record->list_events = [this](const v1::ListEventsRequest& request) {
      listed = request;
      v1::ListEventsResponse response;
      *response.add_events() = EventBuilder("f", "other").Kind(v1::EVENT_KIND_EXCHANGE).Build();
      auto by_offer = EventBuilder("f", "x1").Kind(v1::EVENT_KIND_EXCHANGE).Build();
      by_offer.mutable_exchange()->set_offer("feeds/f/events/offer");
      *response.add_events() = by_offer;
      auto by_link = EventBuilder("f", "x2").Kind(v1::EVENT_KIND_RELEASE).Build();
      by_link.add_links()->set_kind(v1::LINK_KIND_FULFILS);
      by_link.mutable_links(0)->set_target("feeds/f/events/offer");
      *response.add_events() = by_link;
      return response;
    };
    record->advance_exchange_offer = [this](const v1::AdvanceExchangeOfferRequest& request) {
      advanced = request;
      v1::AdvanceExchangeOfferResponse response;
      *response.mutable_event() = Offer();
      response.mutable_event()->set_revision(4);
      return response;
    };
  }

  v1::ListEventsRequest listed;
  v1::AdvanceExchangeOfferRequest advanced;
};

TEST(OfferCommand, ShowsTheLifeOfAnOffer) {
  OfferRunner runner;
  const Ran ran = runner({"offer", "show", "f/offer"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "offer         feeds/f/events/offer\n"
            "title         An offer\n"
            "path          proposed 2025-01-01 → executed 2025-01-03\n"
            "status        executed\n"
            "steps         2025-01-01 proposed\n"
            "              2025-01-02 disputed: agreed\n"
            "              2025-01-03 executed, says actors/ukr: All came home "
            "(https://example.org/1) [added\n"
            "              here 2025-01-04 10:00]\n"
            "offered       2 persons of actors/prk: soldier, held by actors/ukr\n"
            "requested     unknown number of actors/ukr: held by actors/rus\n"
            "addressee     actors/prk-leader\n"
            "conditions    That he asks for them\n"
            "alternatives  They may stay\n"
            "concerns      f/capture: capture 2025-01-05: Two soldiers taken\n"
            "              f/gone: not found\n"
            "fulfilled by  f/x1: exchange 2025-01-05: Event x1\n"
            "              f/x2: release 2025-01-05: Event x2\n");
  EXPECT_EQ(storage::ToMicros(runner.listed.filter().occurred().start()),
            testing::At("2025-01-05"));
}

TEST(OfferCommand, ShowsTheEventItselfToPrograms) {
  OfferRunner runner;
  const Ran ran = runner({"offer", "show", "f/offer", "-o", "ndjson"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(R"("advanceTime":"2025-01-04T10:00:00Z")"));
}

TEST(OfferCommand, ShowsOffersAlone) {
  OfferRunner runner;
  Ran ran = runner({"offer", "show", "f/battle"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("no exchange offer"));
  ran = runner({"offer", "show", "f/none"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("feeds/f/events/none"));
}

TEST(OfferCommand, AdvancesAnOffer) {
  OfferRunner runner;
  const Ran ran = runner({"offer", "advance", "f/offer", "--status", "partly-executed", "--on",
                          "2025-02", "--claimant", "actors/ukr", "--url", "https://example.org",
                          "--note", "some", "--disputed", "--etag", "e", "--dry-run"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("dry run, nothing changed: feeds/f/events/offer: "
                                 "partly-executed 2025-02; its status is executed, at revision 4"));
  const auto& request = runner.advanced;
  EXPECT_EQ(request.name(), "feeds/f/events/offer");
  EXPECT_EQ(request.etag(), "e");
  EXPECT_TRUE(request.validate_only());
  EXPECT_EQ(request.step().status(), v1::OFFER_STATUS_PARTLY_EXECUTED);
  EXPECT_EQ(request.step().occurred().precision(), v1::TIME_PRECISION_MONTH);
  EXPECT_EQ(storage::ToMicros(request.step().occurred().end()), testing::At("2025-03-01"));
  EXPECT_EQ(request.step().claimant(), "actors/ukr");
  EXPECT_EQ(request.step().url(), "https://example.org");
  EXPECT_EQ(request.step().note(), "some");
  EXPECT_TRUE(request.step().disputed());
}

TEST(OfferCommand, TakesAWindowOrATime) {
  OfferRunner runner;
  const auto window = [&](const std::string& flag, const std::string& value) {
    const Ran ran = runner({"offer", "advance", "f/offer", "--status", "agreed", flag, value});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return runner.advanced.step().occurred();
  };
  EXPECT_EQ(window("--on", "2025").precision(), v1::TIME_PRECISION_YEAR);
  EXPECT_EQ(window("--on", "2025-02-03").precision(), v1::TIME_PRECISION_DAY);
  const auto instant = window("--on", "2025-02-03T10:00Z");
  EXPECT_EQ(instant.precision(), v1::TIME_PRECISION_INSTANT);
  EXPECT_EQ(storage::ToMicros(instant.start()), storage::ToMicros(instant.end()));
  const auto range = window("--window", "2025-02-03/2025-02-05");
  EXPECT_EQ(range.precision(), v1::TIME_PRECISION_RANGE);
  EXPECT_EQ(storage::ToMicros(range.end()), testing::At("2025-02-05"));
}

TEST(OfferCommand, RefusesWhatIsNoStep) {
  OfferRunner runner;
  const auto fails = [&](std::vector<std::string> flags, const std::string& said) {
    flags.insert(flags.begin(), {"offer", "advance", "f/offer"});
    const Ran ran = runner(flags);
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_THAT(ran.err, HasSubstr(said));
  };
  fails({"--status", "agreed"}, "--on or else with --window");
  fails({"--status", "agreed", "--on", "2025", "--window", "2025/2026"}, "--on");
  fails({"--status", "done", "--on", "2025"}, "called-off");
  fails({"--status", "agreed", "--on", "soon"}, "--on: 'soon'");
  for (const char* window : {"2025", "2025/..", "../2025", "2026/2025", "2025/2025", "x/y"}) {
    fails({"--status", "agreed", "--window", window}, "--window: '");
  }
  fails({"--on", "2025"}, "--status");
}

TEST(OfferCommand, IsToldLikewiseByGet) {
  OfferRunner runner;
  const Ran ran = runner({"get", "f/offer"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("status        executed\n"
                                 "steps         2025-01-01 proposed\n"
                                 "              2025-01-02 disputed: agreed\n"));
  EXPECT_THAT(ran.out, HasSubstr("alternatives  They may stay\n"));
}

}  // namespace
}  // namespace annals::cli

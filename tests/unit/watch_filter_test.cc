// What becomes of a change for a filter.
#include "service/watch/watch_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/error.h"
#include "storage/removal.h"
#include "tests/support/event_builder.h"
#include "tests/support/service_fixture.h"
#include "tests/support/small_gazetteer.h"

namespace annals::service {
namespace {

using namespace annals::v1;  // NOLINT(google-build-using-namespace): kinds, states and views
using annals::testing::EventBuilder;
using annals::testing::SmallGazetteer;
using storage::FeedAccess;

const Principal kReader{"rita", ROLE_READER, {}};

std::shared_ptr<const CatalogSnapshot> Catalog(const std::vector<FeedAccess>& feeds,
                                               CatalogSnapshot::FeedTimes created = {},
                                               std::vector<Actor> actors = {}) {
  return std::make_shared<const CatalogSnapshot>(1, feeds, std::move(actors),
                                                 std::set<std::string>(), std::move(created));
}

std::shared_ptr<const WatchFilter> Filter(
    const EventFilter& filter,
    std::shared_ptr<const CatalogSnapshot> catalog = Catalog({{.feed = "f"}, {"s", true, {}}}),
    const Principal& principal = kReader) {
  auto compiled = WatchFilter::Compile(SmallGazetteer(), std::move(catalog), principal, filter);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return *compiled;
}

EventFilter Strikes() {
  EventFilter filter;
  filter.add_kinds(EVENT_KIND_STRIKE);
  return filter;
}

EventFilter InKursk() {
  EventFilter filter = Strikes();
  filter.mutable_regions()->add_regions("regions/RU-KRS");
  return filter;
}

Event Strike(EventState state = EVENT_STATE_ACTIVE) {
  Event event = EventBuilder("f", "1").Kind(EVENT_KIND_STRIKE).Place(35, 51).Build();
  storage::FillDerivedFields(SmallGazetteer(), &event);
  event.set_state(state);
  return event;
}

Event Battle(EventState state = EVENT_STATE_ACTIVE) {
  Event event = EventBuilder("f", "1").Place(35, 51).Build();
  event.set_state(state);
  return event;
}

Event Redacted(Event event) {
  storage::RemoveContent(&event);
  return event;
}

// The only change of a block.
ChangeBlock Block(Event event, std::optional<Event> before = {}) {
  storage::ChangePage page;
  page.changes.push_back({storage::Position{7}, 0, std::move(event), std::move(before)});
  return MakeChangeBlock(SmallGazetteer(), {}, std::move(page));
}

// The kind's name, "+" after it where the event entered the filter; empty where nothing is told.
std::string KindFor(const EventFilter& filter, const Event& event,
                    const std::optional<Event>& before = {}) {
  const auto told = Filter(filter)->Select(Block(event, before).changes[0], EVENT_VIEW_FULL);
  if (!told) return "";
  return ChangeKind_Name(told->kind()).substr(sizeof("CHANGE_KIND_") - 1) +
         (told->entered_filter() ? "+" : "");
}

TEST(WatchFilter, TellsWhatBecameOfAnEvent) {
  EXPECT_EQ(KindFor(Strikes(), Strike()), "CREATED");
  EXPECT_EQ(KindFor(Strikes(), Battle()), "");
  EXPECT_EQ(KindFor(Strikes(), Strike(), Strike()), "UPDATED");
  EXPECT_EQ(KindFor(Strikes(), Strike(), Battle()), "UPDATED+");
  EXPECT_EQ(KindFor(Strikes(), Strike(), Strike(EVENT_STATE_RETRACTED)), "UPDATED+");
  EXPECT_EQ(KindFor(Strikes(), Strike(), Strike(EVENT_STATE_MERGED)), "UPDATED+");
  EXPECT_EQ(KindFor(Strikes(), Battle(), Strike()), "LEFT_FILTER");
  EXPECT_EQ(KindFor(Strikes(), Battle(), Battle()), "");
  EXPECT_EQ(KindFor(Strikes(), Strike(EVENT_STATE_RETRACTED), Strike()), "RETRACTED");
  EXPECT_EQ(KindFor(Strikes(), Strike(EVENT_STATE_MERGED), Strike()), "MERGED");
  EXPECT_EQ(KindFor(Strikes(), Battle(EVENT_STATE_RETRACTED), Battle()), "");
  EXPECT_EQ(KindFor(Strikes(), Strike(EVENT_STATE_RETRACTED), Strike(EVENT_STATE_RETRACTED)), "");
}

TEST(WatchFilter, TellsChangesOfStateOfEventsThatMatchWithTheRetracted) {
  EventFilter filter = Strikes();
  filter.set_include_retracted(true);
  const Event retracted = Strike(EVENT_STATE_RETRACTED);
  EXPECT_EQ(KindFor(filter, retracted, Strike()), "RETRACTED");
  EXPECT_EQ(KindFor(filter, retracted, Battle()), "RETRACTED");
  EXPECT_EQ(KindFor(filter, Battle(EVENT_STATE_RETRACTED), Strike()), "RETRACTED");
  EXPECT_EQ(KindFor(filter, Strike(EVENT_STATE_MERGED), Strike()), "MERGED");
  EXPECT_EQ(KindFor(filter, retracted, retracted), "UPDATED");
  EXPECT_EQ(KindFor(filter, Strike(), retracted), "UPDATED");
  EXPECT_EQ(KindFor(filter, retracted), "CREATED");
  EXPECT_EQ(KindFor(filter, Battle(), retracted), "LEFT_FILTER");
}

TEST(WatchFilter, TellsARedactionToAllThatTakeInWhatIsLeft) {
  const Event retracted = Redacted(Strike(EVENT_STATE_RETRACTED));
  EXPECT_EQ(KindFor(InKursk(), retracted, Redacted(Strike())), "RETRACTED");
  EXPECT_EQ(KindFor(InKursk(), retracted, retracted), "RETRACTED");
  const Event merged = Redacted(Strike(EVENT_STATE_MERGED));
  EXPECT_EQ(KindFor(InKursk(), merged, merged), "MERGED");
  // Not what the filter cannot have taken in.
  EXPECT_EQ(KindFor(InKursk(), Redacted(Battle(EVENT_STATE_RETRACTED)), Redacted(Battle())), "");
  EventFilter later = InKursk();
  *later.mutable_occurred()->mutable_start() =
      storage::ToTimestamp(annals::testing::At("2026-01-01"));
  EXPECT_EQ(KindFor(later, retracted, Redacted(Strike())), "");
}

TEST(WatchFilter, TakesWhatWasRedactedSinceForMatching) {
  EXPECT_EQ(KindFor(InKursk(), Redacted(Battle()), Redacted(Strike())), "LEFT_FILTER");
  EXPECT_EQ(KindFor(InKursk(), Redacted(Strike()), Redacted(Strike())), "LEFT_FILTER");
  EXPECT_EQ(KindFor(Strikes(), Redacted(Strike()), Redacted(Strike())), "UPDATED");
  EXPECT_EQ(KindFor(InKursk(), Redacted(Strike())), "");
}

TEST(WatchFilter, HidesFeedsThatItsCallerDoesNotSee) {
  Event hidden = Strike();
  hidden.set_name("feeds/s/events/1");
  EXPECT_EQ(KindFor(Strikes(), hidden), "");
  const auto all = Filter(Strikes(), Catalog({{.feed = "f"}, {"s", true, {}}}), Principal::Local());
  EXPECT_TRUE(all->Select(Block(hidden).changes[0], EVENT_VIEW_FULL));
  Event event = Strike();
  event.add_links()->set_target("feeds/s/events/1");
  event.add_links()->set_target("feeds/f/events/2");
  const auto told = Filter(Strikes())->Select(Block(event).changes[0], EVENT_VIEW_FULL);
  ASSERT_TRUE(told);
  ASSERT_EQ(told->event().links_size(), 1);
  EXPECT_EQ(told->event().links(0).target(), "feeds/f/events/2");
  event.set_merged_into("feeds/s/events/1");
  event.set_state(EVENT_STATE_MERGED);
  const auto merged = Filter(Strikes())->Select(Block(event, Strike()).changes[0], {});
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->event().merged_into(), "");
}

TEST(WatchFilter, AnswersInTheViewAndWithTheMatch) {
  Event event = Strike();
  event.set_description("long");
  const auto basic = Filter(InKursk())->Select(Block(event).changes[0], EVENT_VIEW_BASIC);
  EXPECT_EQ(basic->event().description(), "");
  EXPECT_EQ(basic->event().match(), MATCH_MODE_DEFINITE);
  const auto full = Filter(Strikes())->Select(Block(event).changes[0], EVENT_VIEW_FULL);
  EXPECT_EQ(full->event().description(), "long");
  EXPECT_EQ(full->event().match(), MATCH_MODE_UNSPECIFIED);
}

TEST(WatchFilter, IsAboutTheSameUntilAFeedThatWasThereComesOrGoes) {
  const CatalogSnapshot::FeedTimes two = {{"f", 10}, {"g", 20}};
  const WatchScope scope = Filter({}, Catalog({{.feed = "f"}, {"g", true, {}}}, two))->Scope();
  EXPECT_EQ(scope.feeds_until, 20);
  const auto still = [&](const std::vector<FeedAccess>& feeds, CatalogSnapshot::FeedTimes times) {
    return Filter({}, Catalog(feeds, std::move(times)))->ScopeUntil(scope.feeds_until) == scope;
  };
  EXPECT_TRUE(still({{.feed = "f"}, {"g", true, {}}}, two));
  EXPECT_TRUE(still({{.feed = "f"}}, {{"f", 10}})) << "one that was not seen may go";
  EXPECT_TRUE(still({{.feed = "f"}, {.feed = "n"}}, {{"f", 10}, {"n", 30}})) << "one is new";
  EXPECT_FALSE(still({{.feed = "f"}, {.feed = "g"}}, two)) << "one came to be seen";
  EXPECT_FALSE(still({{"f", true, {}}}, two)) << "one is not seen any more";
  EXPECT_FALSE(still({}, {})) << "one was deleted";
  EXPECT_FALSE(still({{.feed = "f"}}, {{"f", 30}})) << "one was deleted and made anew";
}

TEST(WatchFilter, IsAboutItsCallerFilterAndWhatThatWasResolvedTo) {
  EventFilter filter;
  filter.add_actors()->set_actor("actors/state");
  Actor state = annals::testing::MakeActor("state", "The State");
  Actor army = annals::testing::MakeActor("army", "The Army");
  const auto scope = [&](const EventFilter& asked, const std::vector<Actor>& actors,
                         const Principal& principal = kReader) {
    return Filter(asked, Catalog({{.feed = "f"}}, {}, actors), principal)->Scope();
  };
  const WatchScope before = scope(filter, {state, army});
  EXPECT_EQ(scope(filter, {state, army}), before);
  EXPECT_EQ(scope(filter, {state}), before) << "of no concern to the filter";
  EXPECT_NE(scope(filter, {state, army}, {"bob", ROLE_READER, {}}), before);
  EXPECT_NE(scope(Strikes(), {state, army}), before);
  army.add_parents()->set_parent("actors/state");
  EXPECT_NE(scope(filter, {state, army}), before);
  filter.mutable_actors(0)->set_exclude_subordinates(true);
  EXPECT_EQ(scope(filter, {state, army}), scope(filter, {state}));
}

TEST(WatchFilter, NamesTheFieldAtFault) {
  EventFilter filter;
  filter.add_feeds("feeds/s");
  const auto compiled =
      WatchFilter::Compile(SmallGazetteer(), Catalog({{"s", true, {}}}), kReader, filter);
  EXPECT_EQ(storage::ErrorReason(compiled.status()), "UNKNOWN_FEED");
  EXPECT_EQ(storage::ErrorField(compiled.status()), "filter.feeds[0]");
}

}  // namespace
}  // namespace annals::service

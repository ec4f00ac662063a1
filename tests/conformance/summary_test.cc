// Counts and sums.
#include "tests/conformance/store_conformance.h"

namespace annals::testing {
namespace {

using annals::v1::EVENT_KIND_CAPTURE;
using annals::v1::PARTICIPANT_ROLE_CAPTIVE;
using annals::v1::PARTICIPANT_ROLE_CAPTOR;
using storage::Dimension;
using storage::EventQuery;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class StoreSummary : public StoreConformance {
 protected:
  // Each group as "key[/key]" and its count.
  static std::vector<std::pair<std::string, std::int64_t>> Counts(const storage::Summary& summary) {
    std::vector<std::pair<std::string, std::int64_t>> counts;
    for (const auto& group : summary.groups) {
      std::string keys;
      for (const auto& key : group.keys) keys += (keys.empty() ? "" : " ") + key;
      counts.emplace_back(keys, group.totals.event_count);
    }
    return counts;
  }
};

TEST_P(StoreSummary, CountsTheWholeAndTheMatching) {
  Upsert({EventBuilder("f", "1").Row(), EventBuilder("f", "2").Kind(EVENT_KIND_CAPTURE).Row()});
  EventQuery query;
  query.kinds = {EVENT_KIND_CAPTURE};
  const auto summary = Summarize(query, {});
  EXPECT_EQ(summary.totals.event_count, 1);
  EXPECT_EQ(summary.record_count, 2);
  EXPECT_EQ(summary.remainder_count, 0);
  EXPECT_THAT(summary.groups, IsEmpty());
}

TEST_P(StoreSummary, NeverTakesUnknownForZero) {
  Upsert(EventBuilder("f", "unknown"));
  Upsert(EventBuilder("f", "range").Fatalities(1, 2, 5));
  Upsert(EventBuilder("f", "best").Persons(3));
  const auto totals = Summarize({}, {}).totals;
  EXPECT_EQ(totals.event_count, 3);
  EXPECT_EQ(totals.fatalities, (storage::CountTotals{1, 2, 5, 1}));
  EXPECT_EQ(totals.persons, (storage::CountTotals{3, 3, 3, 1}));
}

TEST_P(StoreSummary, PutsAnEventInOneBucketOfTime) {
  Upsert(EventBuilder("f", "1").Day("2025-01-01"));
  Upsert(EventBuilder("f", "2").Day("2025-01-31"));
  Upsert(EventBuilder("f", "3").Between(At("2024-11-20"), At("2025-02-02")));
  EventQuery query;
  query.occurred = {At("2025-01-01"), At("2025-03-01")};
  EXPECT_THAT(Counts(Summarize(query, {{Dimension::Kind::kMonth}})),
              ElementsAre(Pair("2025-01-01T00:00:00Z", 3)));
  EXPECT_THAT(Counts(Summarize({}, {{Dimension::Kind::kMonth}})),
              ElementsAre(Pair("2024-11-01T00:00:00Z", 1), Pair("2025-01-01T00:00:00Z", 2)));
  EXPECT_THAT(Counts(Summarize({}, {{Dimension::Kind::kWeek}})),
              ElementsAre(Pair("2024-11-18T00:00:00Z", 1), Pair("2024-12-30T00:00:00Z", 1),
                          Pair("2025-01-27T00:00:00Z", 1)));
  EXPECT_THAT(Counts(Summarize({}, {{Dimension::Kind::kQuarter}})),
              ElementsAre(Pair("2024-10-01T00:00:00Z", 1), Pair("2025-01-01T00:00:00Z", 2)));
  EXPECT_THAT(Counts(Summarize({}, {{Dimension::Kind::kYear}})),
              ElementsAre(Pair("2024-01-01T00:00:00Z", 1), Pair("2025-01-01T00:00:00Z", 2)));
  EXPECT_THAT(Counts(Summarize(query, {{Dimension::Kind::kDay}})),
              ElementsAre(Pair("2025-01-01T00:00:00Z", 2), Pair("2025-01-31T00:00:00Z", 1)));
}

TEST_P(StoreSummary, BucketsTimesBeforeTheEpoch) {
  Upsert(EventBuilder("f", "1").Instant("1914-06-28T10:50:00Z"));
  Upsert(EventBuilder("f", "2").Instant("0900-02-03T00:00:00Z"));
  EXPECT_THAT(Counts(Summarize({}, {{Dimension::Kind::kMonth}})),
              ElementsAre(Pair("0900-02-01T00:00:00Z", 1), Pair("1914-06-01T00:00:00Z", 1)));
}

TEST_P(StoreSummary, GroupsByAttributesAndStatesTheRemainder) {
  Upsert(EventBuilder("f", "1").Place(35.27, 51.19));
  Upsert(EventBuilder("f", "2").Region("RU").Kind(EVENT_KIND_CAPTURE));
  Upsert(EventBuilder("g", "3").Place(0, 0));
  const auto regions = Summarize({}, {{Dimension::Kind::kRegion}});
  EXPECT_THAT(Counts(regions), ElementsAre(Pair("regions/RU", 1), Pair("regions/RU-KRS", 1)));
  EXPECT_EQ(regions.remainder_count, 1);
  const auto countries = Summarize({}, {{Dimension::Kind::kCountry}});
  EXPECT_THAT(Counts(countries), ElementsAre(Pair("regions/RU", 2)));
  EXPECT_EQ(countries.remainder_count, 1);
  EXPECT_THAT(
      Counts(Summarize({}, {{Dimension::Kind::kFeed}, {Dimension::Kind::kKind}})),
      ElementsAre(Pair("feeds/f EVENT_KIND_BATTLE", 1), Pair("feeds/f EVENT_KIND_CAPTURE", 1),
                  Pair("feeds/g EVENT_KIND_BATTLE", 1)));
}

TEST_P(StoreSummary, CountsAnEventOnceForEachOfItsActors) {
  Upsert(EventBuilder("f", "1")
             .Actor("ukr", PARTICIPANT_ROLE_CAPTOR)
             .Actor("ukr", PARTICIPANT_ROLE_CAPTIVE)
             .Label("Band", PARTICIPANT_ROLE_CAPTIVE)
             .Persons(2));
  Upsert(EventBuilder("f", "2").Actor("ukr", PARTICIPANT_ROLE_CAPTOR));
  Upsert(EventBuilder("f", "3"));
  const auto summary = Summarize({}, {{Dimension::Kind::kActor}});
  EXPECT_THAT(Counts(summary), ElementsAre(Pair("Band", 1), Pair("actors/ukr", 2)));
  EXPECT_EQ(summary.remainder_count, 1);
  EXPECT_EQ(summary.totals.event_count, 3);
  EXPECT_EQ(summary.groups.at(0).totals.persons.best, 2);
}

ANNALS_ON_EVERY_STORE(StoreSummary);

class CatalogConformance : public StoreConformance {};

TEST_P(CatalogConformance, KeepsFeeds) {
  annals::v1::Feed feed;
  feed.set_name("feeds/f");
  feed.set_title("Again");
  feed.set_licence("CC0-1.0");
  EXPECT_EQ(storage::ErrorReason(catalog().CreateFeed(context_, feed).status()), "FEED_EXISTS");
  const auto before = catalog().CatalogVersion(context_);
  feed.set_attribution("Us");
  feed.set_reliability("B");
  const auto updated = catalog().UpdateFeed(context_, feed);
  ASSERT_TRUE(updated.ok()) << updated.status();
  const auto after = catalog().CatalogVersion(context_);
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_NE(*before, *after);
  const auto found = catalog().GetFeed(context_, "f");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->title(), "Again");
  EXPECT_EQ(found->attribution(), "Us");
  EXPECT_EQ(found->reliability(), "B");
  EXPECT_GT(found->create_time().seconds(), 0);
  EXPECT_EQ(storage::ErrorReason(catalog().GetFeed(context_, "nowhere").status()),
            "FEED_NOT_FOUND");
  feed.set_name("feeds/nowhere");
  EXPECT_EQ(storage::ErrorReason(catalog().UpdateFeed(context_, feed).status()), "FEED_NOT_FOUND");
}

TEST_P(CatalogConformance, TellsWhatAFeedCovers) {
  Upsert(EventBuilder("f", "1").Day("2024-03-01"));
  Upsert(EventBuilder("f", "2").Day("2025-01-05"));
  Upsert(EventBuilder("f", "3").Day("1999-01-01"));
  Retract("3");
  const auto feed = catalog().GetFeed(context_, "f");
  ASSERT_TRUE(feed.ok()) << feed.status();
  EXPECT_EQ(feed->event_count(), 2);
  EXPECT_EQ(storage::ToMicros(feed->coverage().start()), At("2024-03-01"));
  EXPECT_EQ(storage::ToMicros(feed->coverage().end()), At("2025-01-06"));
  const auto empty = catalog().GetFeed(context_, "g");
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_FALSE(empty->has_coverage());
}

TEST_P(CatalogConformance, ListsFeedsByName) {
  CreateFeed("a-b");
  CreateFeed("a0");
  const auto ids = [&](std::string_view after, int limit) {
    std::vector<std::string> names;
    const auto feeds = catalog().ListFeeds(context_, after, limit);
    EXPECT_TRUE(feeds.ok()) << feeds.status();
    for (const auto& feed : *feeds) names.push_back(feed.name());
    return names;
  };
  EXPECT_THAT(ids("", 10), ElementsAre("feeds/a-b", "feeds/a0", "feeds/f", "feeds/g"));
  EXPECT_THAT(ids("a-b", 2), ElementsAre("feeds/a0", "feeds/f"));
}

TEST_P(CatalogConformance, StartsWithTheStarterActorsAndTakesMore) {
  const auto before = catalog().ListActors(context_);
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->size(), storage::StarterActors().size());
  annals::v1::Actor actor;
  actor.set_name("actors/zz-test");
  actor.set_title("Test");
  actor.set_kind(annals::v1::ACTOR_KIND_OTHER);
  ASSERT_TRUE(catalog().CreateActor(context_, actor).ok());
  EXPECT_EQ(storage::ErrorReason(catalog().CreateActor(context_, actor).status()), "ACTOR_EXISTS");
  const auto after = catalog().ListActors(context_);
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->back().name(), "actors/zz-test");
}

TEST_P(CatalogConformance, HasAKeyForTokens) {
  const auto keys = catalog().TokenKeys(context_);
  ASSERT_TRUE(keys.ok()) << keys.status();
  ASSERT_FALSE(keys->empty());
  EXPECT_EQ(keys->at(0).size(), 32U);
}

ANNALS_ON_EVERY_STORE(CatalogConformance);

}  // namespace
}  // namespace annals::testing

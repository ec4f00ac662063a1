// What a caller may not see does not exist for that caller, in any answer; and who changed what.
#include <set>

#include "storage/event_columns.h"
#include "tests/conformance/store_conformance.h"

namespace annals::testing {
namespace {

using annals::v1::PARTICIPANT_ROLE_INITIATOR;
using storage::CallContext;
using storage::Dimension;
using storage::ErrorReason;
using storage::EventName;
using storage::EventQuery;
using storage::Position;
using storage::Snapshot;
using storage::Visibility;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

annals::v1::Feed RestrictedFeed(std::string_view id, std::vector<std::string> readers = {}) {
  annals::v1::Feed feed;
  feed.set_name(fmt::format("feeds/{}", id));
  feed.set_title("Restricted");
  feed.set_licence("CC0-1.0");
  feed.set_visibility(annals::v1::FEED_VISIBILITY_RESTRICTED);
  for (std::string& reader : readers) feed.add_readers(std::move(reader));
  return feed;
}

// Beside the public feeds f and g: feed s, which only anna, editors, its owner and administrators
// see.
class StoreVisibility : public StoreConformance {
 protected:
  void SetUp() override {
    StoreConformance::SetUp();
    const auto made =
        catalog().CreateFeed(admin_, RestrictedFeed("s", {"principals/anna", "roles/editor"}));
    ASSERT_TRUE(made.ok()) << made.status();
  }

  void UpsertAs(const CallContext& context, const EventBuilder& builder) {
    const auto receipt = events().UpsertEvents(context, {builder.Row()}, {});
    ASSERT_TRUE(receipt.ok()) << receipt.status();
  }
  std::vector<std::string> NamesFor(const CallContext& context, const EventQuery& query = {},
                                    const Snapshot& snapshot = {}) {
    std::vector<std::string> names;
    const auto page = events().ListEvents(context, query, {}, snapshot);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) return names;
    for (const auto& event : page->events) names.push_back(event.name());
    std::ranges::sort(names);
    return names;
  }
  storage::Summary SummaryFor(const CallContext& context, std::vector<Dimension> dimensions = {},
                              const Snapshot& snapshot = {}) {
    auto summary = events().SummarizeEvents(context, {}, dimensions, snapshot);
    EXPECT_TRUE(summary.ok()) << summary.status();
    return summary.ok() ? *std::move(summary) : storage::Summary{};
  }
  annals::v1::Event GetFor(const CallContext& context, std::string_view feed, std::string_view id) {
    const auto found =
        events().GetEvents(context, {EventName{std::string(feed), std::string(id)}}, Snapshot{});
    EXPECT_TRUE(found.ok()) << found.status();
    if (!found.ok() || !found->events.at(0)) return {};
    return *found->events.at(0);
  }
  static std::set<std::string> KeysOf(const storage::Summary& summary) {
    std::set<std::string> keys;
    for (const auto& group : summary.groups) keys.insert(group.keys.at(0));
    return keys;
  }

  const CallContext admin_{.visibility = Visibility::All()};
  const CallContext anna_{.visibility = Visibility::Of({"principals/anna", "roles/reader"}, {})};
  const CallContext editor_{.visibility = Visibility::Of({"principals/eve", "roles/editor"}, {})};
  const CallContext owner_{.visibility = Visibility::Of({"principals/olga"}, {"s"})};
  const CallContext bob_{.visibility = Visibility::Of({"principals/bob", "roles/reader"}, {"g"})};
};

TEST_P(StoreVisibility, ShowsARestrictedFeedToItsReadersAndOwnersAlone) {
  UpsertAs(admin_, EventBuilder("f", "1"));
  UpsertAs(owner_, EventBuilder("s", "1"));
  for (const CallContext& context : {admin_, anna_, editor_, owner_}) {
    EXPECT_THAT(NamesFor(context), ElementsAre("feeds/f/events/1", "feeds/s/events/1"));
    EXPECT_EQ(GetFor(context, "s", "1").name(), "feeds/s/events/1");
    EXPECT_EQ(SummaryFor(context).record_count, 2);
    EXPECT_TRUE(catalog().GetFeed(context, "s").ok());
  }
  for (const CallContext& context : {bob_, CallContext{}}) {
    EXPECT_THAT(NamesFor(context), ElementsAre("feeds/f/events/1"));
    EXPECT_EQ(GetFor(context, "s", "1").name(), "");
  }
}

TEST_P(StoreVisibility, CountsOnlyWhatIsSeen) {
  UpsertAs(admin_, EventBuilder("f", "1").Fatalities(1, 2, 3));
  UpsertAs(owner_, EventBuilder("s", "1").Fatalities(10, 20, 30));
  UpsertAs(owner_, EventBuilder("s", "1").Fatalities(10, 20, 31));
  UpsertAs(owner_, EventBuilder("s", "2"));
  ASSERT_TRUE(events().RetractEvent(owner_, {"s", "2"}, "wrong", "", false).ok());
  const auto seen = SummaryFor(bob_, {{Dimension::Kind::kFeed}});
  EXPECT_THAT(KeysOf(seen), ElementsAre("feeds/f"));
  EXPECT_EQ(seen.totals.event_count, 1);
  EXPECT_EQ(seen.totals.fatalities.high, 3);
  EXPECT_EQ(seen.record_count, 1);
  const auto all = SummaryFor(anna_, {{Dimension::Kind::kFeed}});
  EXPECT_THAT(KeysOf(all), ElementsAre("feeds/f", "feeds/s"));
  EXPECT_EQ(all.totals.fatalities.high, 34);
  EXPECT_EQ(all.record_count, 2);
  const auto info = events().Info(bob_);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->event_count, 1);
  EXPECT_EQ(info->retracted_count, 0);
  EXPECT_EQ(info->superseded_revision_count, 0);
  EXPECT_EQ(info->feed_count, 2);
  const auto whole = events().Info(admin_);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->event_count, 2);
  EXPECT_EQ(whole->retracted_count, 1);
  EXPECT_EQ(whole->superseded_revision_count, 2);
  EXPECT_EQ(whole->feed_count, 3);
  EXPECT_LT(*info->last_change, *whole->last_change);
}

TEST_P(StoreVisibility, CountsTheRecordOfEachPosition) {
  UpsertAs(admin_, EventBuilder("f", "1"));
  UpsertAs(owner_, EventBuilder("s", "1"));
  UpsertAs(admin_, EventBuilder("f", "2"));
  ASSERT_TRUE(events().RetractEvent(admin_, {"f", "1"}, "wrong", "", false).ok());
  const std::vector<std::int64_t> all = {0, 1, 2, 3, 2}, seen = {0, 1, 1, 2, 1};
  for (std::int64_t position = 0; position <= 4; ++position) {
    const auto at = static_cast<std::size_t>(position);
    EXPECT_EQ(SummaryFor(admin_, {}, {Position{position}}).record_count, all[at]);
    EXPECT_EQ(SummaryFor(bob_, {}, {Position{position}}).record_count, seen[at]);
  }
}

TEST_P(StoreVisibility, AnswersForWhatIsHiddenAsForWhatIsNot) {
  UpsertAs(owner_, EventBuilder("s", "1"));
  const auto same = [](const absl::Status& hidden, const absl::Status& absent) {
    EXPECT_FALSE(hidden.ok());
    std::string said(hidden.message()), expected(absent.message());
    for (std::size_t at; (at = expected.find("nn")) != std::string::npos;) {
      expected.replace(at, 2, "s");
    }
    EXPECT_EQ(said, expected);
    EXPECT_EQ(hidden.code(), absent.code());
    EXPECT_EQ(ErrorReason(hidden), ErrorReason(absent));
  };
  same(events().ListRevisions(bob_, {"s", "1"}, std::nullopt, 10).status(),
       events().ListRevisions(bob_, {"nn", "1"}, std::nullopt, 10).status());
  same(events().UpsertEvents(bob_, {EventBuilder("s", "1").Row()}, {}).status(),
       events().UpsertEvents(bob_, {EventBuilder("nn", "1").Row()}, {}).status());
  same(events().RetractEvent(bob_, {"s", "1"}, "no", "", false).status(),
       events().RetractEvent(bob_, {"nn", "1"}, "no", "", false).status());
  same(events().RetractAbsent(bob_, "s", {}, "no", 1, false).status(),
       events().RetractAbsent(bob_, "nn", {}, "no", 1, false).status());
  same(catalog().GetFeed(bob_, "s").status(), catalog().GetFeed(bob_, "nn").status());
  same(catalog().UpdateFeed(bob_, RestrictedFeed("s")).status(),
       catalog().UpdateFeed(bob_, RestrictedFeed("nn")).status());
  const auto feeds = catalog().ListFeeds(bob_, "", 10);
  ASSERT_TRUE(feeds.ok());
  EXPECT_EQ(feeds->size(), 2U);
  // Nothing was changed.
  EXPECT_EQ(GetFor(anna_, "s", "1").revision(), 1);
}

TEST_P(StoreVisibility, SpellsLabelsAsThoseSeenDo) {
  UpsertAs(owner_, EventBuilder("s", "1").Label("ALPHA GROUP", PARTICIPANT_ROLE_INITIATOR));
  UpsertAs(admin_, EventBuilder("f", "1").Label("Alpha Group", PARTICIPANT_ROLE_INITIATOR));
  UpsertAs(admin_, EventBuilder("g", "1").Label("alpha group", PARTICIPANT_ROLE_INITIATOR));
  EXPECT_THAT(KeysOf(SummaryFor(bob_, {{Dimension::Kind::kActor}})), ElementsAre("Alpha Group"));
  EXPECT_THAT(KeysOf(SummaryFor(anna_, {{Dimension::Kind::kActor}})), ElementsAre("ALPHA GROUP"));
}

TEST_P(StoreVisibility, LeavesLinksOutThatLeadWhereTheCallerSeesNothing) {
  auto row = EventBuilder("f", "1").Kind(annals::v1::EVENT_KIND_EXCHANGE).Row();
  for (const char* target : {"feeds/s/events/1", "feeds/nn/events/1", "feeds/g/events/none"}) {
    auto* link = row.event.add_links();
    link->set_kind(annals::v1::LINK_KIND_CONCERNS);
    link->set_target(target);
  }
  row.event.mutable_exchange()->set_offer("feeds/s/events/1");
  ASSERT_TRUE(events().UpsertEvents(admin_, {row}, {}).ok());
  const auto targets = [](const annals::v1::Event& event) {
    std::vector<std::string> names;
    for (const auto& link : event.links()) names.push_back(link.target());
    return names;
  };
  EXPECT_THAT(targets(GetFor(admin_, "f", "1")),
              ElementsAre("feeds/s/events/1", "feeds/nn/events/1", "feeds/g/events/none"));
  EXPECT_THAT(targets(GetFor(anna_, "f", "1")),
              ElementsAre("feeds/s/events/1", "feeds/g/events/none"));
  EXPECT_EQ(GetFor(anna_, "f", "1").exchange().offer(), "feeds/s/events/1");
  const auto page = events().ListEvents(bob_, {}, {}, {});
  ASSERT_TRUE(page.ok());
  const auto revisions = events().ListRevisions(bob_, {"f", "1"}, std::nullopt, 10);
  ASSERT_TRUE(revisions.ok());
  const auto retracted = events().RetractEvent(bob_, {"f", "1"}, "try", "", true);
  ASSERT_TRUE(retracted.ok());
  for (const auto& event : {GetFor(bob_, "f", "1"), page->events.at(0),
                            revisions->revisions.at(0).event, retracted->event}) {
    EXPECT_THAT(targets(event), ElementsAre("feeds/g/events/none"));
    EXPECT_EQ(event.exchange().offer(), "");
  }
}

TEST_P(StoreVisibility, GoesByWhoMaySeeTheFeedToday) {
  UpsertAs(owner_, EventBuilder("s", "1"));
  UpsertAs(admin_, EventBuilder("f", "1"));
  EXPECT_THAT(NamesFor(bob_, {}, {Position{1}}), IsEmpty());
  annals::v1::Feed open = RestrictedFeed("s");
  open.set_visibility(annals::v1::FEED_VISIBILITY_PUBLIC);
  ASSERT_TRUE(catalog().UpdateFeed(admin_, open).ok());
  EXPECT_THAT(NamesFor(bob_, {}, {Position{1}}), ElementsAre("feeds/s/events/1"));
  EXPECT_EQ(SummaryFor(bob_, {}, {Position{1}}).record_count, 1);
  ASSERT_TRUE(catalog().UpdateFeed(admin_, RestrictedFeed("s")).ok());
  EXPECT_THAT(NamesFor(anna_, {}, {Position{1}}), IsEmpty());
  EXPECT_THAT(NamesFor(owner_, {}, {Position{1}}), ElementsAre("feeds/s/events/1"));
}

TEST_P(StoreVisibility, LetsOnlyThoseWhoSeeAllChangeWhoSeesAFeed) {
  annals::v1::Feed feed = RestrictedFeed("s", {"principals/anna", "roles/editor"});
  feed.set_title("New title");
  const auto retitled = catalog().UpdateFeed(owner_, feed);
  ASSERT_TRUE(retitled.ok()) << retitled.status();
  EXPECT_EQ(retitled->title(), "New title");
  EXPECT_EQ(retitled->readers_size(), 2);
  feed.add_readers("principals/bob");
  const auto refused = catalog().UpdateFeed(owner_, feed);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ErrorReason(refused.status()), "VISIBILITY_NOT_YOURS");
  EXPECT_THAT(NamesFor(bob_), IsEmpty());
  const auto widened = catalog().UpdateFeed(admin_, feed);
  ASSERT_TRUE(widened.ok()) << widened.status();
  EXPECT_EQ(widened->visibility(), annals::v1::FEED_VISIBILITY_RESTRICTED);
  EXPECT_TRUE(catalog().GetFeed(bob_, "s").ok());
}

TEST_P(StoreVisibility, LeavesVisibilityAsItIsWhereAChangeDoesNotSay) {
  annals::v1::Feed feed = RestrictedFeed("s");
  feed.clear_visibility();
  feed.set_title("New title");
  for (const CallContext& context : {owner_, admin_}) {
    const auto changed = catalog().UpdateFeed(context, feed);
    ASSERT_TRUE(changed.ok()) << changed.status();
    EXPECT_EQ(changed->title(), "New title");
    EXPECT_EQ(changed->visibility(), annals::v1::FEED_VISIBILITY_RESTRICTED);
    EXPECT_THAT(changed->readers(), ElementsAre("principals/anna", "roles/editor"));
  }
  EXPECT_FALSE(catalog().GetFeed(bob_, "s").ok());
}

TEST_P(StoreVisibility, KeepsWhetherAFeedIsRedistributed) {
  const auto held = [&](const std::string& id) {
    const auto feed = catalog().GetFeed(admin_, id);
    return feed.ok() ? feed->redistribution() : annals::v1::REDISTRIBUTION_UNSPECIFIED;
  };
  EXPECT_EQ(held("f"), annals::v1::REDISTRIBUTION_ALLOWED);
  annals::v1::Feed feed = RestrictedFeed("n");
  feed.set_redistribution(annals::v1::REDISTRIBUTION_FORBIDDEN);
  const auto made = catalog().CreateFeed(admin_, feed);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->redistribution(), annals::v1::REDISTRIBUTION_FORBIDDEN);
  feed.clear_redistribution();
  const auto left = catalog().UpdateFeed(admin_, feed);
  ASSERT_TRUE(left.ok()) << left.status();
  EXPECT_EQ(left->redistribution(), annals::v1::REDISTRIBUTION_FORBIDDEN);
  feed.set_redistribution(annals::v1::REDISTRIBUTION_ALLOWED);
  ASSERT_TRUE(catalog().UpdateFeed(admin_, feed).ok());
  EXPECT_EQ(held("n"), annals::v1::REDISTRIBUTION_ALLOWED);
  const auto listed = catalog().ListFeeds(admin_, "f", 10);
  ASSERT_TRUE(listed.ok());
  for (const auto& each : *listed) {
    EXPECT_EQ(each.redistribution(), annals::v1::REDISTRIBUTION_ALLOWED) << each.name();
  }
}

TEST_P(StoreVisibility, NotesWhoChangedWhatAndWhy) {
  const CallContext ingest{.visibility = Visibility::All(),
                           .caller = {"principals/olga", "192.0.2.7", "Ingest/Upsert", "r1"},
                           .reason = "labels checked"};
  const CallContext retract{.visibility = Visibility::All(),
                            .caller = {"principals/eve", "unix", "Ingest/Retract", "r2"}};
  UpsertAs(ingest, EventBuilder("f", "1"));
  ASSERT_TRUE(events().RetractEvent(retract, {"f", "1"}, "entered twice", "", false).ok());
  const auto page = events().ListRevisions(admin_, {"f", "1"}, std::nullopt, 10);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->revisions.size(), 2U);
  const auto& last = page->revisions[0].audit;
  EXPECT_EQ(last.principal(), "principals/eve");
  EXPECT_EQ(last.address(), "unix");
  EXPECT_EQ(last.method(), "Ingest/Retract");
  EXPECT_EQ(last.request_id(), "r2");
  EXPECT_EQ(last.reason(), "entered twice");
  EXPECT_EQ(storage::ToMicros(last.time()),
            storage::ToMicros(page->revisions[0].event.update_time()));
  EXPECT_EQ(page->revisions[1].audit.principal(), "principals/olga");
  EXPECT_EQ(page->revisions[1].audit.reason(), "labels checked");
}

TEST_P(StoreVisibility, MakesNewTokenKeysTheNewest) {
  const auto first = catalog().TokenKeys(admin_);
  ASSERT_TRUE(first.ok());
  ASSERT_EQ(first->size(), 1U);
  ASSERT_TRUE(catalog().RotateTokenKeys(admin_, false).ok());
  const auto second = catalog().TokenKeys(admin_);
  ASSERT_TRUE(second.ok());
  ASSERT_EQ(second->size(), 2U);
  EXPECT_EQ(second->at(0).size(), 32U);
  EXPECT_EQ(second->at(1), first->at(0));
  ASSERT_TRUE(catalog().RotateTokenKeys(admin_, true).ok());
  const auto third = catalog().TokenKeys(admin_);
  ASSERT_TRUE(third.ok());
  ASSERT_EQ(third->size(), 1U);
  EXPECT_NE(third->at(0), second->at(0));
}

ANNALS_ON_EVERY_STORE(StoreVisibility);

}  // namespace
}  // namespace annals::testing

#include "storage/visibility.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "storage/error.h"

namespace annals::storage {
namespace {

using ::testing::ElementsAre;

const FeedAccess kOpen{.feed = "open", .restricted = false, .readers = {}};
const FeedAccess kClosed{.feed = "closed", .restricted = true, .readers = {}};
const FeedAccess kShared{"shared", true, {"principals/ann", "roles/editor"}};

TEST(Visibility, IsOfPublicFeedsAlone) {
  const Visibility nobody;
  EXPECT_TRUE(nobody.Sees(kOpen));
  EXPECT_FALSE(nobody.Sees(kClosed));
  EXPECT_FALSE(nobody.Sees(kShared));
  EXPECT_FALSE(nobody.sees_all());
}

TEST(Visibility, IsOfEverything) {
  const Visibility all = Visibility::All();
  EXPECT_TRUE(all.sees_all());
  EXPECT_TRUE(all.Sees(kOpen) && all.Sees(kClosed) && all.Sees(kShared));
}

TEST(Visibility, IsOfFeedsThatNameAReaderAndOfOnesOwn) {
  EXPECT_TRUE(Visibility::Of({"principals/ann", "roles/reader"}, {}).Sees(kShared));
  EXPECT_TRUE(Visibility::Of({"principals/bob", "roles/editor"}, {}).Sees(kShared));
  EXPECT_FALSE(Visibility::Of({"principals/bob", "roles/reader"}, {}).Sees(kShared));
  EXPECT_FALSE(Visibility::Of({"ann", "editor", "principals/"}, {}).Sees(kShared));
  EXPECT_TRUE(Visibility::Of({}, {"closed"}).Sees(kClosed));
  EXPECT_FALSE(Visibility::Of({}, {"closed"}).Sees(kShared));
  EXPECT_FALSE(Visibility::Of({"principals/ann"}, {"closed"}).sees_all());
}

TEST(Visibility, IsThatOfTheFeedAsItIsStored) {
  annals::v1::Feed feed;
  feed.set_name("feeds/f");
  EXPECT_EQ(AccessOf(feed), (FeedAccess{"f", false, {}}));
  feed.set_visibility(annals::v1::FEED_VISIBILITY_PUBLIC);
  EXPECT_EQ(AccessOf(feed), (FeedAccess{"f", false, {}}));
  feed.set_visibility(annals::v1::FEED_VISIBILITY_RESTRICTED);
  feed.add_readers("roles/reader");
  EXPECT_EQ(AccessOf(feed), (FeedAccess{"f", true, {"roles/reader"}}));
}

TEST(Visibility, IsChangedByThoseWhoSeeAll) {
  const Visibility editor = Visibility::Of({"roles/editor"}, {"closed"});
  FeedAccess opened = kClosed;
  opened.restricted = false;
  FeedAccess shared = kClosed;
  shared.readers = {"roles/reader"};
  EXPECT_TRUE(CheckAccessChange(editor, kClosed, kClosed).ok());
  for (const FeedAccess& after : {opened, shared}) {
    const absl::Status status = CheckAccessChange(editor, kClosed, after);
    EXPECT_TRUE(absl::IsPermissionDenied(status));
    EXPECT_EQ(ErrorReason(status), "VISIBILITY_NOT_YOURS");
    EXPECT_EQ(ErrorField(status), "feed.visibility");
    EXPECT_TRUE(CheckAccessChange(Visibility::All(), kClosed, after).ok());
  }
}

annals::v1::Event EventWithLinks(const std::vector<std::string>& targets) {
  annals::v1::Event event;
  event.set_name("feeds/open/events/1");
  for (const std::string& target : targets) event.add_links()->set_target(target);
  return event;
}

std::vector<std::string> TargetsOf(const annals::v1::Event& event) {
  std::vector<std::string> targets;
  for (const auto& link : event.links()) targets.push_back(link.target());
  return targets;
}

bool SeesOpen(const std::string& feed) { return feed == "open"; }

TEST(HideUnseen, TakesOutLinksIntoFeedsThatAreNotSeen) {
  annals::v1::Event event =
      EventWithLinks({"feeds/closed/events/1", "feeds/open/events/2", "feeds/closed/events/3",
                      "feeds/open/events/4", "feeds/none/events/5"});
  HideUnseen(SeesOpen, &event);
  EXPECT_THAT(TargetsOf(event), ElementsAre("feeds/open/events/2", "feeds/open/events/4"));
  EXPECT_EQ(event.name(), "feeds/open/events/1");
}

TEST(HideUnseen, TakesOutTheOfferThatIsNotSeen) {
  annals::v1::Event event;
  event.mutable_exchange()->set_offer("feeds/open/events/1");
  event.mutable_exchange()->add_delivered();
  HideUnseen(SeesOpen, &event);
  EXPECT_EQ(event.exchange().offer(), "feeds/open/events/1");
  event.mutable_exchange()->set_offer("feeds/closed/events/1");
  HideUnseen(SeesOpen, &event);
  EXPECT_EQ(event.exchange().offer(), "");
  EXPECT_EQ(event.exchange().delivered_size(), 1);
}

TEST(HideUnseen, TakesOutWhereAMergeLeads) {
  annals::v1::Event event;
  event.set_merged_into("feeds/open/events/1");
  HideUnseen(SeesOpen, &event);
  EXPECT_EQ(event.merged_into(), "feeds/open/events/1");
  event.set_merged_into("feeds/closed/events/1");
  HideUnseen(SeesOpen, &event);
  EXPECT_EQ(event.merged_into(), "");
}

TEST(CheckMergeAccess, LetsNobodyLoseSightOfAnEvent) {
  const FeedAccess open{"open", false, {}}, other{"other", false, {}};
  const FeedAccess closed{"closed", true, {"principals/ann"}};
  const FeedAccess alike{"alike", true, {"principals/ann"}};
  EXPECT_TRUE(CheckMergeAccess(open, other).ok());
  EXPECT_TRUE(CheckMergeAccess(closed, open).ok());
  EXPECT_TRUE(CheckMergeAccess(closed, closed).ok());
  EXPECT_EQ(ErrorReason(CheckMergeAccess(open, closed)), "TARGET_LESS_VISIBLE");
  // Who may write to a feed sees it without being named: alike is not the same.
  EXPECT_EQ(ErrorReason(CheckMergeAccess(closed, alike)), "TARGET_LESS_VISIBLE");
}

TEST(HideUnseen, LeavesTheRestAsItIs) {
  annals::v1::Event event = EventWithLinks({"feeds/open/events/2"});
  event.mutable_exchange();
  const std::string before = event.SerializeAsString();
  HideUnseen(SeesOpen, &event);
  EXPECT_EQ(event.SerializeAsString(), before);
  annals::v1::Event plain = EventWithLinks({});
  HideUnseen(SeesOpen, &plain);
  EXPECT_FALSE(plain.has_exchange());
}

}  // namespace
}  // namespace annals::storage

#include "service/validate/catalog_validator.h"

#include <gtest/gtest.h>

#include <string>

#include "storage/error.h"
#include "tests/support/service_fixture.h"
#include "tests/support/small_gazetteer.h"

namespace annals::service {
namespace {

using ::annals::testing::SmallGazetteer;
using ::annals::testing::TestSight;
using annals::v1::FEED_VISIBILITY_PUBLIC;
using annals::v1::FEED_VISIBILITY_RESTRICTED;
using storage::ErrorField;
using storage::ErrorReason;

annals::v1::Feed Feed() {
  annals::v1::Feed feed;
  feed.set_name("feeds/f");
  feed.set_title("A feed");
  feed.set_licence("CC-BY-4.0");
  return feed;
}

annals::v1::Feed Restricted(const std::string& reader) {
  annals::v1::Feed feed = Feed();
  feed.set_visibility(FEED_VISIBILITY_RESTRICTED);
  feed.add_readers(reader);
  return feed;
}

void ExpectRefused(const absl::Status& status, const std::string& reason,
                   const std::string& field) {
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(ErrorReason(status), reason);
  EXPECT_EQ(ErrorField(status), field);
}

TEST(CatalogValidator, TakesAFeed) {
  EXPECT_TRUE(ValidateFeed(Feed()).ok());
  for (const char* grade : {"", "A", "F"}) {
    annals::v1::Feed feed = Feed();
    feed.set_reliability(grade);
    EXPECT_TRUE(ValidateFeed(feed).ok()) << grade;
  }
}

TEST(CatalogValidator, NamesWhatIsWrongWithAFeed) {
  annals::v1::Feed feed = Feed();
  feed.clear_name();
  ExpectRefused(ValidateFeed(feed), "REQUIRED", "feed.name");
  feed.set_name("feeds/F");
  ExpectRefused(ValidateFeed(feed), "BAD_NAME", "feed.name");
  feed = Feed();
  feed.clear_title();
  ExpectRefused(ValidateFeed(feed), "REQUIRED", "feed.title");
  feed = Feed();
  feed.set_licence(std::string(301, 'x'));
  ExpectRefused(ValidateFeed(feed), "TOO_LONG", "feed.licence");
  for (const char* grade : {"G", "a", "AA"}) {
    feed = Feed();
    feed.set_reliability(grade);
    ExpectRefused(ValidateFeed(feed), "UNKNOWN_RELIABILITY", "feed.reliability");
  }
  feed = Feed();
  feed.set_visibility(static_cast<annals::v1::FeedVisibility>(77));
  ExpectRefused(ValidateFeed(feed), "UNKNOWN_VALUE", "feed.visibility");
}

TEST(CatalogValidator, TakesReadersOfARestrictedFeed) {
  for (const char* reader : {"principals/ann", "principals/a.b_c-9", "roles/reader",
                             "roles/contributor", "roles/editor"}) {
    EXPECT_TRUE(ValidateFeed(Restricted(reader)).ok()) << reader;
  }
}

TEST(CatalogValidator, RefusesReadersThatNameNobody) {
  for (const char* reader :
       {"", "ann", "principals/", "principals/Ann", "principals/ann/x", "principals/ ann", "roles/",
        "roles/admin", "roles/owner", "Roles/reader", "feeds/f", "roles/reader "}) {
    ExpectRefused(ValidateFeed(Restricted(reader)), "BAD_READER", "feed.readers[0]");
  }
  annals::v1::Feed feed = Restricted("roles/reader");
  feed.add_readers("nobody");
  ExpectRefused(ValidateFeed(feed), "BAD_READER", "feed.readers[1]");
}

TEST(CatalogValidator, GivesReadersToRestrictedFeedsAlone) {
  annals::v1::Feed feed = Restricted("roles/reader");
  feed.clear_visibility();
  ExpectRefused(ValidateFeed(feed), "READERS_OF_PUBLIC", "feed.readers[0]");
  feed.set_visibility(FEED_VISIBILITY_PUBLIC);
  ExpectRefused(ValidateFeed(feed), "READERS_OF_PUBLIC", "feed.readers[0]");
}

TEST(CatalogValidator, TakesSoManyReaders) {
  annals::v1::Feed feed = Restricted("principals/p0");
  for (int i = 1; i < 200; ++i) feed.add_readers("principals/p" + std::to_string(i));
  EXPECT_TRUE(ValidateFeed(feed).ok());
  feed.add_readers("principals/one-more");
  ExpectRefused(ValidateFeed(feed), "TOO_MANY_VALUES", "feed.readers");
}

TEST(CatalogValidator, NamesWhatIsWrongWithAnActor) {
  const auto validate = [](const annals::v1::Actor& actor) {
    return ValidateActor(actor, SmallGazetteer(), TestSight());
  };
  const annals::v1::Actor good = annals::testing::MakeActor("new-army", "New Army", "NA");
  EXPECT_TRUE(validate(good).ok());
  annals::v1::Actor actor = good;
  actor.set_name("actors/New");
  ExpectRefused(validate(actor), "BAD_NAME", "actor.name");
  actor = good;
  actor.clear_kind();
  ExpectRefused(validate(actor), "REQUIRED", "actor.kind");
  actor = good;
  actor.set_country("regions/XX");
  ExpectRefused(validate(actor), "UNKNOWN_REGION", "actor.country");
  actor = good;
  actor.add_parents()->set_parent(actor.name());
  ExpectRefused(validate(actor), "OWN_PARENT", "actor.parents[0].parent");
  actor = good;
  actor.add_parents()->set_parent("actors/nobody");
  ExpectRefused(validate(actor), "UNKNOWN_ACTOR", "actor.parents[0].parent");
}

}  // namespace
}  // namespace annals::service

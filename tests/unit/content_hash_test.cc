// Content hashes and derived columns.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/event_columns.h"
#include "storage/event_name.h"
#include "tests/support/event_builder.h"
#include "tests/support/small_gazetteer.h"

namespace annals::testing {
namespace {

using storage::HashContent;

std::string Hex(const storage::ContentHash& hash) {
  std::string text;
  for (const auto byte : hash) text += fmt::format("{:02x}", byte);
  return text;
}

TEST(ContentHash, IsStable) {
  const auto event = EventBuilder("f", "1")
                         .Place(35.27, 51.19)
                         .Persons(2)
                         .Actor("ukr", annals::v1::PARTICIPANT_ROLE_CAPTOR)
                         .Build();
  EXPECT_EQ(Hex(HashContent(event)), "708f703de155ee4516cc291c8f37af4f");
}

TEST(ContentHash, LeavesOutWhatTheServerFills) {
  auto event = EventBuilder("f", "1").Place(1, 2).Build();
  const auto hash = HashContent(event);
  event.set_revision(7);
  event.set_etag("x");
  event.mutable_location()->set_resolved_region("regions/UA");
  EXPECT_EQ(HashContent(event), hash);
  storage::ClearOutputOnlyFields(&event);
  EXPECT_EQ(event.SerializeAsString(),
            EventBuilder("f", "1").Place(1, 2).Build().SerializeAsString());
}

TEST(ContentHash, TellsUnknownFromZero) {
  auto zero = EventBuilder("f", "1").Build();
  zero.mutable_fatalities()->set_best(0);
  EXPECT_NE(HashContent(zero), HashContent(EventBuilder("f", "1").Build()));
}

TEST(ContentHash, SeesOrderAndPlaceOfValues) {
  auto one = EventBuilder("f", "1").Build();
  one.add_tags("a");
  one.add_tags("b");
  auto other = EventBuilder("f", "1").Build();
  other.add_tags("b");
  other.add_tags("a");
  EXPECT_NE(HashContent(one), HashContent(other));
  auto joined = EventBuilder("f", "1").Build();
  joined.add_tags("ab");
  EXPECT_NE(HashContent(one), HashContent(joined));
}

TEST(EventColumns, NamesEachPartyOnceInARole) {
  const auto columns = storage::DeriveColumns(
      SmallGazetteer(), EventBuilder("f", "1")
                            .Actor("ukr", annals::v1::PARTICIPANT_ROLE_CAPTOR)
                            .Actor("ukr", annals::v1::PARTICIPANT_ROLE_CAPTOR)
                            .Actor("ukr", annals::v1::PARTICIPANT_ROLE_HOLDER)
                            .Label("A band", annals::v1::PARTICIPANT_ROLE_CAPTIVE)
                            .Build());
  ASSERT_EQ(columns.participants.size(), 3U);
  EXPECT_EQ(columns.participants[0].key, storage::ActorKey("ukr"));
  EXPECT_EQ(columns.participants[2].key, storage::LabelKey("a BAND"));
}

TEST(EventName, ParsesWhatItPrints) {
  const auto name = storage::ParseEventName("feeds/ucdp-ged/events/A.b_c~1-2");
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_EQ(name->ToString(), "feeds/ucdp-ged/events/A.b_c~1-2");
  EXPECT_GT(name->Id(), 0);
}

TEST(EventName, RefusesWhatIsNone) {
  for (const char* text : {"", "feeds/f", "feeds/f/events/", "feeds/F/events/1", "feeds/-/events/1",
                           "feeds/f/events/a b", "feeds/f/events/a/b", "events/1",
                           "feeds//events/1", "feeds/f/events/ц"}) {
    EXPECT_FALSE(storage::ParseEventName(text).ok()) << text;
  }
  EXPECT_FALSE(storage::ParseEventName("feeds/f/events/" + std::string(129, 'x')).ok());
  EXPECT_TRUE(storage::ParseEventName("feeds/f/events/" + std::string(128, 'x')).ok());
}

}  // namespace
}  // namespace annals::testing

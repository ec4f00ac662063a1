#include "clients/cli/details_text.h"

#include "gtest/gtest.h"
#include "tests/support/event_builder.h"

namespace annals::cli {
namespace {

TEST(DetailsText, TellsASideWithItsHolder) {
  v1::CaptiveSide side;
  side.set_side("actors/ukr");
  side.set_category("prisoner");
  side.set_held_by("actors/rus");
  EXPECT_EQ(DetailsText(side), "unknown number of actors/ukr: prisoner, held by actors/rus");
  side.mutable_persons()->set_low(55);
  side.mutable_persons()->set_high(56);
  EXPECT_EQ(DetailsText(side), "55–56 persons of actors/ukr: prisoner, held by actors/rus");
  EXPECT_EQ(DetailsText(v1::CaptiveSide()), "unknown number");
}

TEST(DetailsText, KeepsZeroApartFromUnknown) {
  v1::CaptiveGroup group;
  group.set_condition("bandaged jaw");
  EXPECT_EQ(DetailsText(group), "unknown number: bandaged jaw");
  group.mutable_persons()->set_low(0);
  group.mutable_persons()->set_best(0);
  group.mutable_persons()->set_high(0);
  EXPECT_EQ(DetailsText(group), "0 persons: bandaged jaw");
  v1::CaptiveWishes wishes;
  EXPECT_EQ(DetailsText(wishes), "");
  wishes.set_return_count(0);
  wishes.set_stay_count(1);
  EXPECT_EQ(DetailsText(wishes), "0 to return, 1 to stay");
}

TEST(DetailsText, TellsAStage) {
  v1::ExchangeStage stage;
  stage.set_place_name("Riyadh");
  stage.set_region("regions/SA-01");
  stage.mutable_persons()->set_best(10);
  EXPECT_EQ(DetailsText(stage), "Riyadh, SA-01, about 10 persons");
  *stage.mutable_occurred() = testing::EventBuilder("f", "1").Day("2022-09-21").Build().occurred();
  EXPECT_EQ(DetailsText(stage), "2022-09-21: Riyadh, SA-01, about 10 persons");
}

TEST(DetailsText, PutsNoClaimInOrder) {
  v1::ClaimedCount count;
  count.set_low(7);
  count.set_high(3);
  EXPECT_EQ(DetailsText(count), "7–3");
  count.set_best(9);
  EXPECT_EQ(DetailsText(count), "9 (7–3)");
}

TEST(DetailsText, HasNoFormForOtherMessages) {
  EXPECT_EQ(DetailsText(v1::Location()), std::nullopt);
}

TEST(ClaimText, TellsWhoSaysWhatAndHowGoodItIs) {
  v1::Claim claim;
  claim.set_actor("actors/rus");
  claim.set_stance(v1::CLAIM_STANCE_NEITHER);
  EXPECT_EQ(ClaimText(claim), "actors/rus neither asserts nor denies");
  claim.set_stance(v1::CLAIM_STANCE_DENIES);
  claim.mutable_persons()->set_best(56);
  claim.mutable_fatalities()->set_best(1);
  claim.set_reliability(v1::SOURCE_RELIABILITY_B);
  EXPECT_EQ(ClaimText(claim), "actors/rus denies 56 persons, 1 death, reliability B");
  claim.set_credibility(v1::INFORMATION_CREDIBILITY_2);
  claim.set_note("No.");
  claim.set_url("https://example.org");
  EXPECT_EQ(ClaimText(claim),
            "actors/rus denies 56 persons, 1 death, grade B2: No. (https://example.org)");
}

}  // namespace
}  // namespace annals::cli

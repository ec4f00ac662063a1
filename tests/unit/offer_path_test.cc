#include "storage/offer_path.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/error.h"
#include "storage/event_columns.h"
#include "tests/support/offer_steps.h"

namespace annals::testing {
namespace {

using annals::v1::Event;
using annals::v1::OfferStep;
using storage::AddedSteps;
using storage::AddStep;
using storage::CheckPath;
using storage::CheckWithAdded;
using storage::ErrorField;
using storage::ErrorReason;
using storage::OfferSteps;
using storage::StatusOf;

constexpr storage::Micros kNow = 1'800'000'000'000'000;

OfferSteps* StepsOf(Event* event) { return event->mutable_exchange_offer()->mutable_steps(); }

OfferStep Disputed(OfferStep step) {
  step.set_disputed(true);
  return step;
}

// The event with a step added; fails the test where that is refused.
Event Advanced(Event event, const OfferStep& step) {
  const auto added = AddStep(step, kNow, &event);
  EXPECT_TRUE(added.ok() && *added) << added.status();
  return event;
}

TEST(OfferPath, AgreesWithTheOracleOnEverySequence) {
  int legal = 0, illegal = 0;
  ForEveryOffer(4, [&](const std::string& letters) {
    Event event = OfferOf("f", "1", letters);
    ++(IsLegalOffer(letters) ? legal : illegal);
    EXPECT_EQ(CheckPath(*StepsOf(&event)).ok(), IsLegalOffer(letters)) << letters;
    std::reverse(StepsOf(&event)->begin(), StepsOf(&event)->end());
    EXPECT_EQ(CheckPath(*StepsOf(&event)).ok(), IsLegalOffer(letters)) << letters;
  });
  EXPECT_EQ(legal + illegal, 11'111);
  EXPECT_GT(legal, 500);
}

TEST(OfferPath, NamesBothStepsAndTheLaterOne) {
  Event event = OfferOf("f", "1", "PRA");
  StepsOf(&event)->SwapElements(0, 2);
  const auto status = CheckPath(event.exchange_offer().steps());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(status), "ILLEGAL_STEP");
  EXPECT_EQ(ErrorField(status), "steps[0]");
  const std::string message(status.message());
  EXPECT_THAT(message, ::testing::HasSubstr("OFFER_STATUS_AGREED of 2025-01-03"));
  EXPECT_THAT(message, ::testing::HasSubstr("OFFER_STATUS_REJECTED of 2025-01-02"));
}

TEST(OfferPath, SortsByStartThenStatusThenAllElse) {
  std::vector<OfferStep> sorted = {OfferStepOf('R', 1), OfferStepOf('P', 2), OfferStepOf('A', 2),
                                   OfferStepOf('A', 2), OfferStepOf('A', 2)};
  sorted[3].set_claimant("a");
  sorted[4].set_claimant("a");
  sorted[4].set_note("n");
  std::vector<int> order = {0, 1, 2, 3, 4};
  do {
    OfferSteps steps;
    for (const int i : order) *steps.Add() = sorted[static_cast<std::size_t>(i)];
    storage::SortSteps(&steps);
    for (int i = 0; i < steps.size(); ++i) {
      EXPECT_EQ(steps[i].SerializeAsString(),
                sorted[static_cast<std::size_t>(i)].SerializeAsString());
    }
  } while (std::ranges::next_permutation(order).found);
}

TEST(OfferPath, TakesTheLastUndisputedStepForTheStatus) {
  Event event = OfferOf("f", "1", "PAE");
  EXPECT_EQ(StatusOf(event.exchange_offer().steps()), annals::v1::OFFER_STATUS_EXECUTED);
  StepsOf(&event)->Mutable(2)->set_disputed(true);
  StepsOf(&event)->SwapElements(0, 1);
  EXPECT_EQ(StatusOf(event.exchange_offer().steps()), annals::v1::OFFER_STATUS_AGREED);
  EXPECT_EQ(StatusOf({}), annals::v1::OFFER_STATUS_UNSPECIFIED);
}

TEST(OfferPath, LeavesDisputedStepsOut) {
  Event event = OfferOf("f", "1", "PRA");
  EXPECT_FALSE(CheckPath(event.exchange_offer().steps()).ok());
  for (const int index : {1, 2}) {
    Event claimed = event;
    StepsOf(&claimed)->Mutable(index)->set_disputed(true);
    EXPECT_TRUE(CheckPath(claimed.exchange_offer().steps()).ok());
  }
}

TEST(AddStep, PutsTheStepWhereItsDateDoes) {
  Event event = Advanced(OfferOf("f", "1", "P"), OfferStepOf('E', 9));
  event = Advanced(event, OfferStepOf('A', 4));
  EXPECT_EQ(LettersOf(event), "PAE");
  EXPECT_EQ(event.exchange_offer().status(), annals::v1::OFFER_STATUS_EXECUTED);
  EXPECT_FALSE(event.exchange_offer().steps(0).has_advance_time());
  EXPECT_EQ(storage::ToMicros(event.exchange_offer().steps(1).advance_time()), kNow);
}

TEST(AddStep, RefusesWhatCannotStandThereAndChangesNothing) {
  Event event = OfferOf("f", "1", "PR");
  OfferStep again = OfferStepOf('P', 1);
  again.set_claimant("another");
  for (const auto& step : {OfferStepOf('A', 3), again, OfferStepOf('E', 2)}) {
    Event asked = event;
    const auto refused = AddStep(step, kNow, &asked);
    EXPECT_EQ(ErrorReason(refused.status()), "ILLEGAL_STEP");
    EXPECT_EQ(ErrorField(refused.status()), "step");
    EXPECT_THAT(std::string(refused.status().message()),
                ::testing::Not(::testing::HasSubstr("added here")));
    EXPECT_EQ(asked.SerializeAsString(), event.SerializeAsString());
  }
}

TEST(AddStep, ChangesNothingWhereTheStepWasAddedBefore) {
  Event event = Advanced(OfferOf("f", "1", "P"), OfferStepOf('A', 2));
  const auto again = AddStep(OfferStepOf('A', 2), kNow + 1, &event);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(*again);
  EXPECT_EQ(storage::ToMicros(event.exchange_offer().steps(1).advance_time()), kNow);
}

TEST(AddStep, DisputesAStepThatWasAdded) {
  Event event = Advanced(OfferOf("f", "1", "P"), OfferStepOf('A', 2));
  event = Advanced(event, Disputed(OfferStepOf('A', 2)));
  EXPECT_EQ(event.exchange_offer().steps_size(), 2);
  EXPECT_EQ(event.exchange_offer().status(), annals::v1::OFFER_STATUS_PROPOSED);
  event = Advanced(event, OfferStepOf('R', 3));
  const auto refused = AddStep(OfferStepOf('P', 2), kNow, &event);
  EXPECT_EQ(ErrorReason(refused.status()), "ILLEGAL_STEP");
}

TEST(AddStep, KeepsAStepOfTheFeedThatIsAddedToo) {
  Event event = Advanced(OfferOf("f", "1", "PA"), OfferStepOf('A', 2));
  ASSERT_EQ(event.exchange_offer().steps_size(), 2);
  EXPECT_TRUE(event.exchange_offer().steps(1).sent_by_feed());
  EXPECT_THAT(AddedSteps(event), ::testing::SizeIs(1));
  Event content = event;
  storage::KeepContent(StepsOf(&content));
  EXPECT_EQ(LettersOf(content), "PA");
  EXPECT_FALSE(content.exchange_offer().steps(1).has_advance_time());
}

TEST(AddStep, TakesSoManyStepsAndNoMore) {
  Event event = OfferOf("f", "1", "P");
  for (int day = 2; day <= storage::kOfferStepsMax; ++day) {
    event = Advanced(event, OfferStepOf('C', day));
  }
  const auto steps = AddStep(OfferStepOf('C', 300), kNow, &event);
  EXPECT_EQ(ErrorReason(steps.status()), "TOO_MANY_STEPS");
  Event large = OfferOf("f", "1", "P");
  large.set_description(std::string(60'000, 'x'));
  OfferStep wordy = OfferStepOf('A', 2);
  wordy.set_note(std::string(6'000, 'x'));
  EXPECT_EQ(ErrorReason(AddStep(wordy, kNow, &large).status()), "EVENT_TOO_LARGE");
  EXPECT_EQ(ErrorReason(CheckWithAdded(std::vector{wordy}, large)), "EVENT_TOO_LARGE");
}

TEST(CheckWithAdded, NamesTheStepThatTheFeedSent) {
  const auto added = AddedSteps(Advanced(OfferOf("f", "1", "P"), OfferStepOf('R', 5)));
  EXPECT_TRUE(CheckWithAdded(added, OfferOf("f", "1", "PCA")).ok());
  Event late = OfferOf("f", "1", "PC");
  *StepsOf(&late)->Add() = OfferStepOf('A', 6);
  auto status = CheckWithAdded(added, late);
  EXPECT_EQ(ErrorReason(status), "ILLEGAL_STEP");
  EXPECT_EQ(ErrorField(status), "exchange_offer.steps[2]");
  // The later of the two is the one that was added.
  status = CheckWithAdded(added, OfferOf("f", "1", "PE"));
  EXPECT_EQ(ErrorField(status), "exchange_offer.steps[1]");
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("added here"));
}

TEST(CheckWithAdded, NamesNoStepWhereOnlyAddedOnesAreAtOdds) {
  Event event = Advanced(OfferOf("f", "1", "PR"), OfferStepOf('P', 1));
  event = Advanced(event, OfferStepOf('P', 3));
  const auto status = CheckWithAdded(AddedSteps(event), OfferOf("f", "1", ""));
  EXPECT_EQ(ErrorReason(status), "ILLEGAL_STEP");
  EXPECT_EQ(ErrorField(status), "exchange_offer.steps");
}

TEST(CheckWithAdded, KeepsAnAdvancedOfferAnOffer) {
  const auto added = AddedSteps(Advanced(OfferOf("f", "1", "P"), OfferStepOf('A', 5)));
  const Event battle = EventBuilder("f", "1").Build();
  EXPECT_EQ(ErrorReason(CheckWithAdded(added, battle)), "OFFER_WAS_ADVANCED");
  EXPECT_EQ(ErrorField(CheckWithAdded(added, battle)), "kind");
  EXPECT_TRUE(CheckWithAdded({}, battle).ok());
  EXPECT_TRUE(CheckWithAdded(added, OfferOf("f", "1", "")).ok());
}

TEST(OfferContent, IsToldFromTheRecord) {
  const auto hash = [](const Event& event) { return storage::HashContent(event); };
  for (const char* letters : {"", "P", "PA", "PCC"}) {
    const Event content = OfferOf("f", "1", letters);
    Event record = Advanced(content, OfferStepOf('E', 9));
    EXPECT_EQ(hash(record), hash(content)) << letters;
    storage::ClearOutputOnlyFields(&record);
    EXPECT_EQ(LettersOf(record), letters);
    EXPECT_EQ(hash(record), hash(content)) << letters;
  }
  Event both = Advanced(OfferOf("f", "1", "PA"), OfferStepOf('A', 2));
  EXPECT_EQ(hash(both), hash(OfferOf("f", "1", "PA")));
  EXPECT_NE(hash(both), hash(OfferOf("f", "1", "P")));
  StepsOf(&both)->SwapElements(0, 1);
  EXPECT_EQ(hash(both), hash(OfferOf("f", "1", "PA")));
}

}  // namespace
}  // namespace annals::testing

#include "storage/failpoint.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace annals::storage {
namespace {

using Kind = FailpointAction::Kind;

FailpointPlan Plan(std::string_view text, std::uint64_t seed = 1) {
  auto plan = FailpointPlan::Parse(text, seed);
  EXPECT_TRUE(plan.ok()) << plan.status().message();
  return *std::move(plan);
}

std::vector<Kind> Kinds(FailpointPlan plan, std::string_view name, int passes) {
  std::vector<Kind> kinds;
  for (int i = 0; i < passes; ++i) kinds.push_back(plan.Pass(name).kind);
  return kinds;
}

TEST(Failpoint, ActsAtEachPassUnlessToldOtherwise) {
  EXPECT_THAT(Kinds(Plan("a.b=error"), "a.b", 3), testing::Each(Kind::kError));
  EXPECT_THAT(Kinds(Plan("a.b=error"), "a.c", 3), testing::Each(Kind::kNone));
  EXPECT_THAT(Kinds(Plan(""), "a.b", 3), testing::Each(Kind::kNone));
}

TEST(Failpoint, ActsAtTheNthPassAlone) {
  EXPECT_THAT(Kinds(Plan("x=kill,a=error@2"), "a", 4),
              testing::ElementsAre(Kind::kNone, Kind::kError, Kind::kNone, Kind::kNone));
}

TEST(Failpoint, DelaysForTheTimeGiven) {
  const FailpointAction wanted{Kind::kDelay, absl::Milliseconds(250)};
  EXPECT_EQ(Plan("a=delay:250").Pass("a"), wanted);
}

TEST(Failpoint, RepeatsItsChancesWithTheSeed) {
  constexpr int kPasses = 1'000;
  const auto first = Kinds(Plan("a=error%25", 7), "a", kPasses);
  EXPECT_EQ(first, Kinds(Plan("a=error%25", 7), "a", kPasses));
  EXPECT_NE(first, Kinds(Plan("a=error%25", 8), "a", kPasses));
  const auto failed = std::ranges::count(first, Kind::kError);
  EXPECT_GT(failed, kPasses / 5);
  EXPECT_LT(failed, 3 * kPasses / 10);
}

TEST(Failpoint, RefusesWhatItCannotRead) {
  for (const char* text : {"a", "=kill", "a=", "a=die", "a=kill@0", "a=kill@x", "a=error%101",
                           "a=delay:", "a=delay:-1", "a=kill,a=kill", ",a=kill"}) {
    EXPECT_FALSE(FailpointPlan::Parse(text, 1).ok()) << text;
  }
}

}  // namespace
}  // namespace annals::storage

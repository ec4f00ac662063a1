#include <vector>

#include "clients/cpp/retry_policy.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace annals::client {
namespace {

using ::testing::ElementsAre;

// A world whose clock moves only by sleeping.
struct FakeWorld {
  absl::Time now = absl::UnixEpoch();
  std::vector<absl::Duration> sleeps;
  double uniform = 0.5;

  RetryEnvironment Environment() {
    return {.now = [this] { return now; },
            .sleep =
                [this](absl::Duration delay) {
                  sleeps.push_back(delay);
                  now += delay;
                },
            .uniform = [this] { return uniform; }};
  }
};

constexpr RetryLimits kLimits{
    .delay_initial = absl::Seconds(1), .delay_max = absl::Seconds(4), .attempts_max = 6};

TEST(RetryPolicy, SucceedsWithoutWaiting) {
  FakeWorld world;
  int attempts = 0;
  EXPECT_TRUE(RetryPolicy(kLimits, world.Environment())
                  .Run(absl::InfiniteFuture(),
                       [&] {
                         ++attempts;
                         return absl::OkStatus();
                       })
                  .ok());
  EXPECT_EQ(attempts, 1);
  EXPECT_TRUE(world.sleeps.empty());
}

TEST(RetryPolicy, WaitsLongerEachTimeUpToItsLimit) {
  FakeWorld world;
  int attempts = 0;
  const absl::Status status =
      RetryPolicy(kLimits, world.Environment()).Run(absl::InfiniteFuture(), [&] {
        ++attempts;
        return absl::UnavailableError("away");
      });
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_EQ(attempts, 6);
  EXPECT_THAT(world.sleeps, ElementsAre(absl::Seconds(0.5), absl::Seconds(1), absl::Seconds(2),
                                        absl::Seconds(2), absl::Seconds(2)));
}

TEST(RetryPolicy, DrawsTheWaitFromZeroOn) {
  FakeWorld world;
  world.uniform = 0;
  const RetryPolicy policy(kLimits, world.Environment());
  EXPECT_TRUE(policy.WaitToRetry(absl::UnavailableError(""), 3, absl::InfiniteFuture()));
  EXPECT_THAT(world.sleeps, ElementsAre(absl::ZeroDuration()));
}

TEST(RetryPolicy, NeverRetriesOtherErrors) {
  FakeWorld world;
  int attempts = 0;
  const absl::Status status =
      RetryPolicy(kLimits, world.Environment()).Run(absl::InfiniteFuture(), [&] {
        ++attempts;
        return absl::InvalidArgumentError("bad");
      });
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(attempts, 1);
}

TEST(RetryPolicy, GivesUpBeforeTheDeadlineWouldPass) {
  FakeWorld world;
  int attempts = 0;
  const absl::Status status =
      RetryPolicy(kLimits, world.Environment()).Run(world.now + absl::Seconds(2), [&] {
        ++attempts;
        return absl::UnavailableError("away");
      });
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_EQ(attempts, 3);
  EXPECT_THAT(world.sleeps, ElementsAre(absl::Seconds(0.5), absl::Seconds(1)));
}

}  // namespace
}  // namespace annals::client

#include <vector>

#include "clients/cpp/retry_policy.h"
#include "clients/cpp/status.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
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
                [this](absl::Duration delay, absl::Notification*) {
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
  const RetryPolicy policy(kLimits, world.Environment());
  for (const absl::Status& error :
       {absl::InvalidArgumentError("bad"), absl::UnauthenticatedError("who?"),
        absl::PermissionDeniedError("no"), absl::ResourceExhaustedError("too much")}) {
    int attempts = 0;
    const absl::Status status = policy.Run(absl::InfiniteFuture(), [&] {
      ++attempts;
      return error;
    });
    EXPECT_EQ(status, error);
    EXPECT_EQ(attempts, 1);
  }
  EXPECT_TRUE(world.sleeps.empty());
}

// An error of a server that asks to wait for three seconds.
absl::Status Asking(grpc::StatusCode code) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(3);
  google::rpc::Status details;
  details.add_details()->PackFrom(info);
  return FromGrpcStatus(grpc::Status(code, "wait", details.SerializeAsString()));
}

TEST(RetryPolicy, WaitsAtLeastAsLongAsTheServerAsks) {
  for (const auto code : {grpc::StatusCode::RESOURCE_EXHAUSTED, grpc::StatusCode::UNAVAILABLE}) {
    FakeWorld world;
    int attempts = 0;
    const absl::Status status =
        RetryPolicy(kLimits, world.Environment()).Run(absl::InfiniteFuture(), [&] {
          return ++attempts < 3 ? Asking(code) : absl::OkStatus();
        });
    EXPECT_TRUE(status.ok());
    EXPECT_THAT(world.sleeps, ElementsAre(absl::Seconds(3.5), absl::Seconds(4)));
  }
}

TEST(RetryPolicy, GivesUpWhereTheServerAsksForMoreThanTheDeadlineLeaves) {
  FakeWorld world;
  const RetryPolicy policy(kLimits, world.Environment());
  const absl::Status asking = Asking(grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_FALSE(policy.WaitToRetry(asking, 1, world.now + absl::Seconds(3.5)));
  EXPECT_TRUE(world.sleeps.empty());
}

TEST(RetryPolicy, KeepsToItsAttemptsWhateverTheServerAsks) {
  FakeWorld world;
  const RetryPolicy policy(kLimits, world.Environment());
  const absl::Status asking = Asking(grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_FALSE(policy.WaitToRetry(asking, kLimits.attempts_max, absl::InfiniteFuture()));
}

TEST(RetryPolicy, NeverRetriesARefusalWhateverTheServerAsks) {
  FakeWorld world;
  const RetryPolicy policy(kLimits, world.Environment());
  for (const auto code : {grpc::StatusCode::UNAUTHENTICATED, grpc::StatusCode::PERMISSION_DENIED}) {
    EXPECT_FALSE(policy.WaitToRetry(Asking(code), 1, absl::InfiniteFuture()));
  }
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

// An error of a server with this reason.
absl::Status Reasoned(grpc::StatusCode code, const std::string& reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  google::rpc::Status details;
  details.add_details()->PackFrom(info);
  return FromGrpcStatus(grpc::Status(code, "", details.SerializeAsString()));
}

TEST(IsTransient, HoldsForWhatAnotherAttemptMayMend) {
  EXPECT_TRUE(IsTransient(absl::UnavailableError("")));
  EXPECT_TRUE(IsTransient(Asking(grpc::StatusCode::RESOURCE_EXHAUSTED)));
  EXPECT_TRUE(IsTransient(Reasoned(grpc::StatusCode::RESOURCE_EXHAUSTED, "SLOW_CONSUMER")));
  EXPECT_TRUE(IsTransient(Reasoned(grpc::StatusCode::UNKNOWN, "OUTCOME_UNKNOWN")));
  EXPECT_TRUE(IsTransient(absl::CancelledError("by a proxy")));
  EXPECT_FALSE(IsTransient(Reasoned(grpc::StatusCode::CANCELLED, "CANCELLED")));
  EXPECT_FALSE(IsTransient(absl::UnknownError("")));
  EXPECT_FALSE(IsTransient(absl::DeadlineExceededError("")));
  EXPECT_FALSE(IsTransient(absl::AbortedError("")));
  EXPECT_FALSE(IsTransient(absl::OkStatus()));
}

constexpr RetryBudgetLimits kBudget{.burst = 3, .per_call = 0.5, .per_second = 2};

TEST(RetryBudget, GivesItsBurstAtOnceAndThenByTheSecond) {
  RetryBudget budget(kBudget);
  const absl::Time now = absl::UnixEpoch();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(budget.Take(now, absl::Hours(1)), absl::ZeroDuration());
  EXPECT_EQ(budget.Take(now, absl::Hours(1)), absl::Seconds(0.5));
  EXPECT_EQ(budget.Take(now, absl::Hours(1)), absl::Seconds(1)) << "each waits for its own";
  EXPECT_EQ(budget.Take(now, absl::Seconds(1)), std::nullopt) << "1.5 s is too long";
  EXPECT_EQ(budget.Take(now + absl::Seconds(1), absl::Hours(1)), absl::Seconds(0.5));
}

TEST(RetryBudget, EarnsByCallsUpToItsBurst) {
  RetryBudget budget(kBudget);
  const absl::Time now = absl::UnixEpoch();
  for (int i = 0; i < 100; ++i) budget.AddCall();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(budget.Take(now, absl::Hours(1)), absl::ZeroDuration());
  budget.AddCall();
  budget.AddCall();
  EXPECT_EQ(budget.Take(now, absl::Hours(1)), absl::ZeroDuration());
  EXPECT_EQ(budget.Take(now, absl::Hours(1)), absl::Seconds(0.5));
}

TEST(RetryBudget, GivesNothingAfterItsBurstWhereNothingIsEarnedByTheSecond) {
  RetryBudget budget({.burst = 1, .per_call = 0.5, .per_second = 0});
  EXPECT_EQ(budget.Take(absl::UnixEpoch(), absl::InfiniteDuration()), absl::ZeroDuration());
  EXPECT_EQ(budget.Take(absl::UnixEpoch(), absl::InfiniteDuration()), std::nullopt);
}

TEST(RetryBudget, BoundsTheRetriesOfManyCallers) {
  FakeWorld world;
  world.uniform = 0;
  const RetryPolicy policy(kLimits, world.Environment());
  RetryBudget budget(kBudget);
  int attempts = 0;
  const absl::Time begin = world.now;
  for (int caller = 0; caller < 100; ++caller) {
    EXPECT_FALSE(policy
                     .Run(
                         world.now + absl::Seconds(1),
                         [&] {
                           ++attempts;
                           return absl::UnavailableError("ill");
                         },
                         &budget)
                     .ok());
  }
  // A call each, the burst, half a retry for each call, and two a second.
  EXPECT_LE(attempts, 100 + 3 + 50 + 2 * absl::ToDoubleSeconds(world.now - begin) + 1);
}

TEST(RetryBudget, MakesARetryWaitNoLongerThanItsDeadline) {
  FakeWorld world;
  world.uniform = 0;
  const RetryPolicy policy(kLimits, world.Environment());
  RetryBudget budget({.burst = 0, .per_call = 0, .per_second = 0.5});
  const absl::Status ill = absl::UnavailableError("ill");
  EXPECT_TRUE(policy.WaitToRetry(ill, 1, world.now + absl::Seconds(3), &budget));
  EXPECT_THAT(world.sleeps, ElementsAre(absl::Seconds(2)));
  EXPECT_FALSE(policy.WaitToRetry(ill, 1, world.now + absl::Seconds(1), &budget));
  EXPECT_EQ(world.sleeps.size(), 1u);
}

}  // namespace
}  // namespace annals::client

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

}  // namespace
}  // namespace annals::client

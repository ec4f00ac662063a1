#include "service/auth/call_limits.h"

#include <gtest/gtest.h>

#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "service/grpc_status.h"
#include "storage/error.h"

namespace annals::service {
namespace {

using storage::ErrorReason;

// When an error says to come back; none where it does not say.
std::optional<absl::Duration> DelayOf(const absl::Status& status) {
  google::rpc::Status rich;
  EXPECT_TRUE(rich.ParseFromString(ToGrpcStatus(status, "id").error_details()));
  google::rpc::RetryInfo info;
  for (const auto& detail : rich.details()) {
    if (!detail.UnpackTo(&info)) continue;
    return absl::Seconds(info.retry_delay().seconds()) +
           absl::Nanoseconds(info.retry_delay().nanos());
  }
  return std::nullopt;
}

class CallLimitsTest : public ::testing::Test {
 protected:
  CallLimits Limits(const LimitOptions& options) {
    return CallLimits(options, [this] { return now; });
  }

  absl::Time now = absl::FromUnixSeconds(1'800'000'000);
};

TEST_F(CallLimitsTest, AllowABurstAndThenTheRate) {
  CallLimits limits = Limits({.requests_per_second = 4});
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(limits.TakeRequest("ann").ok()) << i;
  const absl::Status full = limits.TakeRequest("ann");
  EXPECT_TRUE(absl::IsResourceExhausted(full));
  EXPECT_EQ(ErrorReason(full), "TOO_MANY_REQUESTS");
  EXPECT_EQ(DelayOf(full), absl::Milliseconds(250));
  EXPECT_TRUE(limits.TakeRequest("bob").ok());
  now += absl::Milliseconds(100);
  EXPECT_EQ(DelayOf(limits.TakeRequest("ann")), absl::Milliseconds(150));
  now += absl::Milliseconds(150);
  EXPECT_TRUE(limits.TakeRequest("ann").ok());
  EXPECT_FALSE(limits.TakeRequest("ann").ok());
  // A long pause gives no more than the burst.
  now += absl::Hours(1);
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(limits.TakeRequest("ann").ok()) << i;
  EXPECT_FALSE(limits.TakeRequest("ann").ok());
}

TEST_F(CallLimitsTest, LetInWhoComesBackWhenTold) {
  for (const int rate : {1, 3, 7, 30, 999, 1'000, 100'000}) {
    CallLimits limits = Limits({.requests_per_second = rate});
    for (int i = 0; i < 2 * rate; ++i) ASSERT_TRUE(limits.TakeRequest("ann").ok());
    for (int i = 0; i < 100; ++i) {
      const auto delay = DelayOf(limits.TakeRequest("ann"));
      ASSERT_TRUE(delay) << rate;
      ASSERT_GT(*delay, absl::ZeroDuration()) << rate;
      now += *delay;
      ASSERT_TRUE(limits.TakeRequest("ann").ok()) << rate << " a second, time " << i;
    }
  }
}

TEST_F(CallLimitsTest, AreNotMovedByAClockSetBack) {
  CallLimits limits = Limits({.requests_per_second = 1});
  EXPECT_TRUE(limits.TakeRequest("ann").ok());
  now -= absl::Hours(1);
  EXPECT_TRUE(limits.TakeRequest("ann").ok());
  EXPECT_FALSE(limits.TakeRequest("ann").ok());
  now += absl::Hours(1);
  EXPECT_FALSE(limits.TakeRequest("ann").ok());
}

TEST_F(CallLimitsTest, CountStreamsThatAreOpen) {
  CallLimits limits = Limits({.streams_max = 2});
  EXPECT_TRUE(limits.OpenStream("ann").ok());
  EXPECT_TRUE(limits.OpenStream("ann").ok());
  const absl::Status full = limits.OpenStream("ann");
  EXPECT_TRUE(absl::IsResourceExhausted(full));
  EXPECT_EQ(ErrorReason(full), "TOO_MANY_STREAMS");
  EXPECT_EQ(DelayOf(full), absl::Seconds(1));
  EXPECT_TRUE(limits.OpenStream("bob").ok());
  limits.CloseStream("ann");
  EXPECT_TRUE(limits.OpenStream("ann").ok());
  EXPECT_FALSE(limits.OpenStream("ann").ok());
}

TEST_F(CallLimitsTest, CountCallsUnderWayApartFromStreams) {
  CallLimits limits = Limits({.calls_max = 2, .streams_max = 1});
  EXPECT_TRUE(limits.OpenCall("ann").ok());
  EXPECT_TRUE(limits.OpenStream("ann").ok());
  EXPECT_TRUE(limits.OpenCall("ann").ok());
  const absl::Status full = limits.OpenCall("ann");
  EXPECT_EQ(ErrorReason(full), "TOO_MANY_CALLS");
  EXPECT_EQ(DelayOf(full), absl::Seconds(1));
  EXPECT_TRUE(limits.OpenCall("bob").ok());
  limits.CloseCall("ann");
  EXPECT_TRUE(limits.OpenCall("ann").ok());
}

TEST_F(CallLimitsTest, CountRowsByTheDayInUtc) {
  now = absl::FromCivil(absl::CivilSecond(2026, 3, 1, 23, 59, 0), absl::UTCTimeZone());
  CallLimits limits = Limits({.rows_per_day = 10});
  EXPECT_TRUE(limits.TakeRows("ann", 6).ok());
  const absl::Status full = limits.TakeRows("ann", 5);
  EXPECT_TRUE(absl::IsResourceExhausted(full));
  EXPECT_EQ(ErrorReason(full), "TOO_MANY_ROWS");
  EXPECT_EQ(DelayOf(full), absl::Minutes(1));
  // None of the five was counted.
  EXPECT_TRUE(limits.TakeRows("ann", 4).ok());
  EXPECT_FALSE(limits.TakeRows("ann", 1).ok());
  EXPECT_TRUE(limits.TakeRows("bob", 10).ok());
  now += absl::Minutes(1);
  EXPECT_TRUE(limits.TakeRows("ann", 10).ok());
  EXPECT_EQ(DelayOf(limits.TakeRows("ann", 1)), absl::Hours(24));
  // A clock that goes back over midnight gives nothing away.
  now -= absl::Minutes(1);
  EXPECT_FALSE(limits.TakeRows("ann", 1).ok());
}

TEST_F(CallLimitsTest, AreNoneWhereZero) {
  CallLimits limits = Limits({.requests_per_second = 0, .streams_max = 0, .rows_per_day = 0});
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(limits.TakeRequest("ann").ok());
    ASSERT_TRUE(limits.OpenStream("ann").ok());
    ASSERT_TRUE(limits.TakeRows("ann", 1'000'000).ok());
  }
}

}  // namespace
}  // namespace annals::service

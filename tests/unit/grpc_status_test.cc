#include "service/grpc_status.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "service/call.h"
#include "storage/error.h"

namespace annals::service {
namespace {

google::rpc::Status Rich(const grpc::Status& status) {
  google::rpc::Status rich;
  EXPECT_TRUE(rich.ParseFromString(status.error_details()));
  return rich;
}

template <typename Message>
std::optional<Message> Detail(const google::rpc::Status& rich) {
  Message message;
  for (const auto& detail : rich.details()) {
    if (detail.UnpackTo(&message)) return message;
  }
  return std::nullopt;
}

TEST(GrpcStatus, CarriesReasonFieldAndRequestId) {
  const grpc::Status status =
      ToGrpcStatus(storage::InvalidField("filter.circle", "RADIUS_RANGE", "too wide"), "id1");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "filter.circle: too wide");
  const auto rich = Rich(status);
  EXPECT_EQ(rich.code(), grpc::StatusCode::INVALID_ARGUMENT);
  const auto info = Detail<google::rpc::ErrorInfo>(rich);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->reason(), "RADIUS_RANGE");
  EXPECT_EQ(info->domain(), "annals");
  EXPECT_EQ(info->metadata().at("field"), "filter.circle");
  EXPECT_EQ(info->metadata().at("request_id"), "id1");
  const auto bad = Detail<google::rpc::BadRequest>(rich);
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->field_violations(0).field(), "filter.circle");
}

TEST(GrpcStatus, NeverRepeatsWhatADriverSaid) {
  for (const auto code :
       {absl::StatusCode::kInternal, absl::StatusCode::kUnknown, absl::StatusCode::kUnavailable,
        absl::StatusCode::kDeadlineExceeded, absl::StatusCode::kCancelled}) {
    const grpc::Status status =
        ToGrpcStatus(storage::Error(code, "SECRET_REASON", "password of db_host"), "id2");
    EXPECT_EQ(status.error_message().find("db_host"), std::string::npos);
    EXPECT_EQ(status.error_details().find("db_host"), std::string::npos);
    EXPECT_EQ(Detail<google::rpc::ErrorInfo>(Rich(status))->metadata().at("request_id"), "id2");
  }
}

TEST(GrpcStatus, NamesTheCodeWhereThereIsNoReason) {
  const auto info =
      Detail<google::rpc::ErrorInfo>(Rich(ToGrpcStatus(absl::InternalError("x"), "id")));
  EXPECT_EQ(info->reason(), "INTERNAL");
}

// When the client reads that it may come back; none where it is not told to.
std::optional<absl::Duration> DelayOf(const absl::Status& status) {
  const auto retry = Detail<google::rpc::RetryInfo>(Rich(ToGrpcStatus(status, "")));
  if (!retry) return std::nullopt;
  return absl::Seconds(retry->retry_delay().seconds()) +
         absl::Nanoseconds(retry->retry_delay().nanos());
}

absl::Status Exhausted(std::string_view reason) {
  return storage::Error(absl::StatusCode::kResourceExhausted, reason, "too much");
}

TEST(GrpcStatus, SaysWhenToTryAgain) {
  EXPECT_EQ(DelayOf(absl::UnavailableError("gone")), absl::Seconds(1));
  EXPECT_EQ(DelayOf(QueueFull()), absl::Seconds(1));
  EXPECT_EQ(DelayOf(Exhausted("DATABASE_FULL")), absl::Seconds(10));
  for (const absl::Duration delay :
       {absl::Milliseconds(250), absl::Seconds(90) + absl::Nanoseconds(1), absl::ZeroDuration()}) {
    EXPECT_EQ(DelayOf(WithRetryDelay(Exhausted("TOO_MANY_ROWS"), delay)), delay);
    EXPECT_EQ(DelayOf(WithRetryDelay(absl::UnavailableError("gone"), delay)), delay);
  }
}

TEST(GrpcStatus, SaysNothingOfTryingAgainWhereThatMayNotHelp) {
  EXPECT_EQ(DelayOf(Exhausted("STREAM_TOO_LONG")), std::nullopt);
  EXPECT_EQ(DelayOf(absl::ResourceExhaustedError("too much")), std::nullopt);
  EXPECT_EQ(DelayOf(storage::InvalidField("f", "BAD", "bad")), std::nullopt);
  EXPECT_EQ(DelayOf(absl::InternalError("broken")), std::nullopt);
}

TEST(GrpcStatus, ListsViolationsWithinBounds) {
  std::vector<absl::Status> violations;
  for (int i = 0; i < 5'000; ++i) {
    violations.push_back(storage::InvalidField("rows[" + std::to_string(i) + "].event.title",
                                               "TOO_LONG", std::string(200, 'x')));
  }
  const grpc::Status status = ToGrpcStatus(WithViolations(violations[0], violations), "id");
  const auto bad = Detail<google::rpc::BadRequest>(Rich(status));
  ASSERT_TRUE(bad);
  EXPECT_GT(bad->field_violations_size(), 3);
  EXPECT_EQ(bad->field_violations(1).field(), "rows[1].event.title");
  EXPECT_NE(status.error_message().find("4999 more"), std::string::npos);
  // What gRPC clients take by default, with room for the rest of the trailers.
  EXPECT_LT(status.error_details().size() + status.error_message().size(), 6'000u);
}

TEST(GrpcStatus, KeepsMessagesValidAndShort) {
  const grpc::Status status =
      ToGrpcStatus(storage::InvalidField("f", "BAD", "\xFF" + std::string(5'000, 'a')), "id");
  EXPECT_LT(status.error_message().size(), 1'100u);
  EXPECT_EQ(status.error_message().find('\xFF'), std::string::npos);
}

}  // namespace
}  // namespace annals::service

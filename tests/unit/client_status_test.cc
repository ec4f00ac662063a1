#include "clients/cpp/status.h"

#include "clients/cpp/client.h"
#include "fake_connection.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"

namespace annals::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(FromGrpcStatus, ReadsReasonFieldAndViolations) {
  google::rpc::ErrorInfo info;
  info.set_reason("RADIUS_TOO_LARGE");
  (*info.mutable_metadata())["field"] = "filter.circle.radius_m";
  google::rpc::BadRequest request;
  request.add_field_violations()->set_field("filter.circle.radius_m");
  google::rpc::Status details;
  details.add_details()->PackFrom(info);
  details.add_details()->PackFrom(request);

  const absl::Status status = FromGrpcStatus(
      grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "bad", details.SerializeAsString()));

  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "bad");
  EXPECT_EQ(ErrorReason(status), "RADIUS_TOO_LARGE");
  EXPECT_EQ(ErrorField(status), "filter.circle.radius_m");
  ASSERT_EQ(FieldViolations(status).size(), 1u);
  EXPECT_EQ(FieldViolations(status)[0].field, "filter.circle.radius_m");
}

TEST(FromGrpcStatus, LeavesOutDetailsThatCannotBeRead) {
  const absl::Status status =
      FromGrpcStatus(grpc::Status(grpc::StatusCode::INTERNAL, "bad", "\xff\xff\xff"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ErrorReason(status), "");
  EXPECT_THAT(FieldViolations(status), IsEmpty());
}

// What a server asks with a delay of so many seconds, or none.
absl::Status Delayed(std::optional<int> seconds, int nanos = 0) {
  google::rpc::RetryInfo info;
  if (seconds) info.mutable_retry_delay()->set_seconds(*seconds);
  if (nanos != 0) info.mutable_retry_delay()->set_nanos(nanos);
  google::rpc::Status details;
  details.add_details()->PackFrom(info);
  return FromGrpcStatus(
      grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "", details.SerializeAsString()));
}

TEST(RetryDelay, IsWhatTheServerAsks) {
  EXPECT_EQ(RetryDelay(Delayed(2, 500'000'000)), absl::Seconds(2.5));
  EXPECT_EQ(RetryDelay(Delayed(0)), absl::ZeroDuration());
  EXPECT_EQ(RetryDelay(Delayed(-5)), absl::ZeroDuration());
  EXPECT_EQ(RetryDelay(Delayed({})), std::nullopt);
  EXPECT_EQ(RetryDelay(absl::ResourceExhaustedError("")), std::nullopt);
}

// Two pages of one event, an empty one between, then an error or the end.
std::shared_ptr<FakeConnection> Pages(absl::Status end) {
  auto connection = std::make_shared<FakeConnection>();
  connection->list_events =
      [end](const v1::ListEventsRequest& request) -> absl::StatusOr<v1::ListEventsResponse> {
    const int page = request.page_token().empty() ? 0 : request.page_token()[0] - '0';
    if (page == 3 && !end.ok()) return end;
    v1::ListEventsResponse response;
    if (page != 1) response.add_events()->set_title(std::to_string(page));
    if (page < 3) response.set_next_page_token(std::to_string(page + 1));
    return response;
  };
  return connection;
}

TEST(Client, ListsOverEveryPage) {
  std::vector<std::string> titles;
  for (const auto& event : Client(Pages(absl::OkStatus())).ListEvents({})) {
    ASSERT_TRUE(event.ok());
    titles.push_back(event->title());
  }
  EXPECT_THAT(titles, ElementsAre("0", "2", "3"));
}

TEST(Client, EndsARangeWithItsError) {
  std::vector<std::string> seen;
  for (const auto& event : Client(Pages(absl::NotFoundError("gone"))).ListEvents({})) {
    seen.push_back(event.ok() ? event->title() : "error");
  }
  EXPECT_THAT(seen, ElementsAre("0", "2", "error"));
}

TEST(FromGrpcStatus, TakesAnInternalErrorOfTheTransportForUnavailable) {
  const grpc::Status cut(grpc::StatusCode::INTERNAL, "Received RST_STREAM with error code 2");
  EXPECT_TRUE(absl::IsUnavailable(FromGrpcStatus(cut)));
  const grpc::Status said(grpc::StatusCode::INTERNAL, "annalsd failed",
                          google::rpc::Status().SerializeAsString() + "\x08\x0d");
  EXPECT_TRUE(absl::IsInternal(FromGrpcStatus(said)));
}

}  // namespace
}  // namespace annals::client

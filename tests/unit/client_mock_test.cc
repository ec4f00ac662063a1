// How programs that use the client are tested without a server.
#include "clients/cpp/client.h"
#include "clients/cpp/mocks/mock_connection.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace annals::client {
namespace {

using ::testing::ByMove;
using ::testing::NiceMock;
using ::testing::Property;
using ::testing::Return;

// What is tested: the title of an event, or why there is none.
std::string TitleOf(const Client& client, const std::string& name) {
  v1::GetEventRequest request;
  request.set_name(name);
  const auto answer = client.GetEvent(request);
  return answer.ok() ? answer->event().title() : std::string(answer.status().message());
}

TEST(MockConnection, AnswersACall) {
  const auto mock = std::make_shared<NiceMock<MockConnection>>();
  v1::GetEventResponse answer;
  answer.mutable_event()->set_title("A battle");
  EXPECT_CALL(*mock, GetEvent(Property(&v1::GetEventRequest::name, "feeds/f/events/1")))
      .WillOnce(Return(answer))
      .WillOnce(Return(absl::NotFoundError("none such")));
  EXPECT_EQ(TitleOf(Client(mock), "feeds/f/events/1"), "A battle");
  EXPECT_EQ(TitleOf(Client(mock), "feeds/f/events/1"), "none such");
}

TEST(MockConnection, GivesAWatch) {
  const auto mock = std::make_shared<NiceMock<MockConnection>>();
  v1::WatchEventsResponse response;
  response.add_changes()->mutable_event()->set_title("A battle");
  response.set_position("p1");
  auto call = std::make_unique<NiceMock<MockWatchCall>>();
  EXPECT_CALL(*call, Next)
      .WillOnce(Return(response))
      .WillOnce(Return(absl::AbortedError("the scope has changed")));
  EXPECT_CALL(*mock, WatchEvents).WillOnce(Return(ByMove(std::move(call))));

  v1::WatchEventsRequest request;
  request.set_position("p0");
  const auto watch = Client(mock).WatchEvents(request);
  const auto first = watch->Next();
  ASSERT_TRUE(first.ok() && *first);
  EXPECT_EQ((*first)->changes(0).event().title(), "A battle");
  EXPECT_TRUE(absl::IsAborted(watch->Next().status()));
}

TEST(MockConnection, AnswersAnErrorWhereNothingIsExpected) {
  const auto mock = std::make_shared<NiceMock<MockConnection>>();
  EXPECT_FALSE(Client(mock).GetStatus().ok());
}

}  // namespace
}  // namespace annals::client

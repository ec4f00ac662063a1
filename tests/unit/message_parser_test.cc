#include "service/message_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "annals/v1/event_service.pb.h"
#include "annals/v1/ingest_service.pb.h"
#include "google/protobuf/stubs/logging.h"
#include "storage/error.h"

namespace annals::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

grpc::ByteBuffer Bytes(const std::string& text) {
  const grpc::Slice slice(text);
  return grpc::ByteBuffer(&slice, 1);
}

// Serializes with "@" in place of bytes that are not UTF-8: protobuf would complain of them.
std::string WithBadBytes(const google::protobuf::Message& message) {
  std::string bytes = message.SerializeAsString();
  for (char& c : bytes) {
    if (c == '@') c = '\xFF';
  }
  return bytes;
}

TEST(MessageParser, ParsesWhatWasSerialized) {
  annals::v1::GetEventRequest request;
  request.set_name("feeds/f/events/1");
  annals::v1::GetEventRequest parsed;
  std::vector<std::string> malformed;
  ASSERT_TRUE(ParseMessage(ToByteBuffer(request), &parsed, &malformed).ok());
  EXPECT_EQ(parsed.name(), "feeds/f/events/1");
  EXPECT_THAT(malformed, IsEmpty());
}

TEST(MessageParser, NamesTheFieldsThatAreNoUtf8) {
  annals::v1::ListEventsRequest request;
  request.mutable_filter()->add_feeds("feeds/f");
  request.mutable_filter()->add_feeds("feeds/@");
  request.mutable_filter()->add_actors()->set_label("@");
  request.set_page_token("@@");
  annals::v1::ListEventsRequest parsed;
  std::vector<std::string> malformed;
  ASSERT_TRUE(ParseMessage(Bytes(WithBadBytes(request)), &parsed, &malformed).ok());
  EXPECT_THAT(malformed, ::testing::UnorderedElementsAre("filter.feeds[1]",
                                                         "filter.actors[0].label", "page_token"));
  EXPECT_EQ(parsed.filter().feeds(1), "feeds/?");
  const absl::Status whole = ParseWholeMessage(Bytes(WithBadBytes(request)), &parsed);
  EXPECT_TRUE(absl::IsInvalidArgument(whole));
  EXPECT_EQ(storage::ErrorReason(whole), "INVALID_UTF8");
  EXPECT_EQ(storage::ErrorField(whole), malformed.front());
}

TEST(MessageParser, KeepsTheOtherRowsOfABatch) {
  annals::v1::IngestEventsRequest request;
  for (const char* title : {"good", "b@d", "fine"}) {
    request.mutable_batch()->add_rows()->mutable_event()->set_title(title);
  }
  annals::v1::IngestEventsRequest parsed;
  std::vector<std::string> malformed;
  ASSERT_TRUE(ParseMessage(Bytes(WithBadBytes(request)), &parsed, &malformed).ok());
  EXPECT_THAT(malformed, ElementsAre("batch.rows[1].event.title"));
  EXPECT_EQ(parsed.batch().rows(2).event().title(), "fine");
}

TEST(MessageParser, RefusesWhatIsNoMessage) {
  annals::v1::ListEventsRequest parsed;
  for (const std::string& bytes : {std::string("\x0A\xFF"), std::string("\xFF\xFF\xFF"),
                                   std::string("\x0A\x05"
                                               "ab"),
                                   std::string("\x0C")}) {
    const absl::Status status = ParseWholeMessage(Bytes(bytes), &parsed);
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_EQ(storage::ErrorReason(status), "MALFORMED_MESSAGE");
  }
}

TEST(MessageParser, NeverCrashesOnDamagedBytes) {
  annals::v1::BatchUpsertEventsRequest request;
  auto* event = request.add_rows()->mutable_event();
  event->set_title("Courage");
  event->add_claims()->set_source("a source");
  event->mutable_exchange_offer()->add_steps()->set_note("note");
  const std::string bytes = request.SerializeAsString();
  const google::protobuf::LogSilencer silence;
  annals::v1::BatchUpsertEventsRequest parsed;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(value);
      const absl::Status status = ParseWholeMessage(Bytes(damaged), &parsed);
      EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status));
    }
  }
}

}  // namespace
}  // namespace annals::service

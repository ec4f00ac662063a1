#include "service/token_codec.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "annals/v1/event_service.pb.h"
#include "storage/error.h"

namespace annals::service {
namespace {

using storage::ErrorField;
using storage::ErrorReason;
using storage::Position;

constexpr char kStore[] = "00112233445566778899aabbccddeeff";
constexpr char kOtherStore[] = "ff112233445566778899aabbccddeeff";

TokenCodec Codec(std::vector<std::string> keys = {std::string(32, 'k')},
                 std::string_view store = kStore) {
  return *TokenCodec::Create(std::move(keys), store);
}

PageToken Page() {
  PageToken token;
  token.kind = PageKind::kListEvents;
  token.request.fill(7);
  token.done = true;
  token.cursor = storage::Cursor{.key = -5, .id = 9};
  token.pinned = Position{12};
  token.after = "ucdp-ged";
  return token;
}

TEST(TokenCodec, OpensWhatItSealed) {
  const TokenCodec codec = Codec();
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{1}, INT64_MAX}) {
    const auto position = codec.OpenPosition(codec.SealPosition({value}), "position");
    ASSERT_TRUE(position.ok()) << position.status();
    EXPECT_EQ(position->value, value);
  }
  const PageToken token = Page();
  const auto page = codec.OpenPage(codec.SealPage(token), "page_token", token.kind, token.request);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(*page, token);
}

TEST(TokenCodec, HasOneLengthForEachKindAndNeverRepeats) {
  const TokenCodec codec = Codec();
  std::set<std::string> positions;
  for (int i = 0; i < 100; ++i) positions.insert(codec.SealPosition({i % 2 == 0 ? 0 : INT64_MAX}));
  EXPECT_EQ(positions.size(), 100u);
  for (const std::string& position : positions) {
    EXPECT_EQ(position.size(), positions.begin()->size());
  }
  EXPECT_EQ(codec.SealPage(Page()).size(), codec.SealPage(PageToken()).size());
}

// Every bit that is flipped, every byte that is missing.
template <typename Open>
void ExpectAllDamageRefused(const std::string& sealed, std::string_view reason, Open open) {
  for (std::size_t i = 0; i < sealed.size() * 8; ++i) {
    std::string damaged = sealed;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
    const absl::Status status = open(damaged);
    ASSERT_TRUE(absl::IsInvalidArgument(status)) << "bit " << i << ": " << status;
    ASSERT_EQ(ErrorReason(status), reason);
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    ASSERT_EQ(ErrorReason(open(sealed.substr(0, size))), reason);
  }
  ASSERT_EQ(ErrorReason(open(sealed + "A")), reason);
}

TEST(TokenCodec, RefusesEveryDamagedPosition) {
  const TokenCodec codec = Codec();
  ExpectAllDamageRefused(codec.SealPosition({42}), "BAD_POSITION", [&](const std::string& text) {
    return codec.OpenPosition(text, "min_position").status();
  });
}

TEST(TokenCodec, RefusesEveryDamagedPageToken) {
  const TokenCodec codec = Codec();
  const PageToken token = Page();
  ExpectAllDamageRefused(codec.SealPage(token), "BAD_PAGE_TOKEN", [&](const std::string& text) {
    return codec.OpenPage(text, "page_token", token.kind, token.request).status();
  });
}

TEST(TokenCodec, TellsAnotherStoreFromDamage) {
  const auto other = Codec({std::string(32, 'o')}, kOtherStore);
  const auto status = Codec().OpenPosition(other.SealPosition({1}), "as_of.position").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_EQ(ErrorReason(status), "OTHER_STORE");
  EXPECT_EQ(ErrorField(status), "as_of.position");
}

TEST(TokenCodec, OpensWithOlderKeysAndNotWithForeignOnes) {
  const std::string position = Codec().SealPosition({3});
  const auto rotated = Codec({std::string(32, 'n'), std::string(32, 'k')});
  EXPECT_TRUE(rotated.OpenPosition(position, "p").ok());
  const auto foreign = Codec({std::string(32, 'x')});
  EXPECT_EQ(ErrorReason(foreign.OpenPosition(position, "p").status()), "BAD_POSITION");
}

TEST(TokenCodec, BindsPagesToTheirCallAndRequest) {
  const TokenCodec codec = Codec();
  const PageToken token = Page();
  const std::string sealed = codec.SealPage(token);
  RequestHash other = token.request;
  other[3] ^= 1;
  EXPECT_EQ(ErrorReason(codec.OpenPage(sealed, "t", token.kind, other).status()), "TOKEN_MISMATCH");
  EXPECT_EQ(
      ErrorReason(codec.OpenPage(sealed, "t", PageKind::kExportEvents, token.request).status()),
      "TOKEN_MISMATCH");
  EXPECT_EQ(ErrorReason(codec.OpenPosition(sealed, "p").status()), "BAD_POSITION");
}

TEST(TokenCodec, HashesAllOfARequestButTheFieldsApart) {
  annals::v1::ListEventsRequest request;
  request.mutable_filter()->add_feeds("feeds/f");
  const auto hash = [](const auto& r) { return HashRequest(r, {"page_size", "page_token"}); };
  const RequestHash before = hash(request);
  request.set_page_size(3);
  request.set_page_token("t");
  EXPECT_EQ(hash(request), before);
  request.set_view(annals::v1::EVENT_VIEW_BASIC);
  EXPECT_NE(hash(request), before);
}

TEST(TokenCodec, RefusesDamagedKeysAndStores) {
  EXPECT_FALSE(TokenCodec::Create({}, kStore).ok());
  EXPECT_FALSE(TokenCodec::Create({"short"}, kStore).ok());
  EXPECT_FALSE(TokenCodec::Create({std::string(32, 'k')}, "store").ok());
}

}  // namespace
}  // namespace annals::service

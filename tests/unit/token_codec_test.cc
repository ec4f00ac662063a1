#include "service/token_codec.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "annals/v1/event_service.pb.h"
#include "openssl/sha.h"
#include "service/base64url.h"
#include "storage/error.h"

namespace annals::service {
namespace {

using storage::ErrorField;
using storage::ErrorReason;
using storage::Position;

constexpr char kStore[] = "00112233445566778899aabbccddeeff";
constexpr char kOtherStore[] = "ff112233445566778899aabbccddeeff";

TokenCodec::KeySource Always(std::vector<std::string> keys) {
  return [keys = std::move(keys)] { return keys; };
}

std::unique_ptr<TokenCodec> Codec(std::vector<std::string> keys = {std::string(32, 'k')},
                                  std::string_view store = kStore) {
  return *TokenCodec::Create(Always(std::move(keys)), store);
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
  const auto codec = Codec();
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{1}, INT64_MAX}) {
    const auto position = codec->OpenPosition(codec->SealPosition({value}), "position");
    ASSERT_TRUE(position.ok()) << position.status();
    EXPECT_EQ(position->value, value);
  }
  const PageToken token = Page();
  const auto page =
      codec->OpenPage(codec->SealPage(token), "page_token", token.kind, token.request);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(*page, token);
}

TEST(TokenCodec, HasOneLengthForEachKindAndNeverRepeats) {
  const auto codec = Codec();
  std::set<std::string> positions;
  for (int i = 0; i < 100; ++i) positions.insert(codec->SealPosition({i % 2 == 0 ? 0 : INT64_MAX}));
  EXPECT_EQ(positions.size(), 100u);
  for (const std::string& position : positions) {
    EXPECT_EQ(position.size(), positions.begin()->size());
  }
  EXPECT_EQ(codec->SealPage(Page()).size(), codec->SealPage(PageToken()).size());
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
  const auto codec = Codec();
  ExpectAllDamageRefused(codec->SealPosition({42}), "BAD_POSITION", [&](const std::string& text) {
    return codec->OpenPosition(text, "min_position").status();
  });
}

TEST(TokenCodec, RefusesEveryDamagedPageToken) {
  const auto codec = Codec();
  const PageToken token = Page();
  ExpectAllDamageRefused(codec->SealPage(token), "BAD_PAGE_TOKEN", [&](const std::string& text) {
    return codec->OpenPage(text, "page_token", token.kind, token.request).status();
  });
}

// Flips every bit under the seal and makes the checksum anew, as one who knows the format would.
template <typename Open>
void ExpectEveryForgeryRefused(const std::string& sealed, std::string_view reason, Open open) {
  constexpr std::size_t kStoreBegin = 1, kStoreEnd = 9, kChecksumSize = 4;
  const std::string bytes = *FromBase64Url(sealed);
  for (std::size_t i = 0; i < (bytes.size() - kChecksumSize) * 8; ++i) {
    std::string forged = bytes.substr(0, bytes.size() - kChecksumSize);
    forged[i / 8] = static_cast<char>(forged[i / 8] ^ (1 << (i % 8)));
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(forged.data()), forged.size(), digest);
    forged.append(digest, digest + kChecksumSize);
    const absl::Status status = open(ToBase64Url(forged));
    const bool of_another_store = i / 8 >= kStoreBegin && i / 8 < kStoreEnd;
    ASSERT_EQ(ErrorReason(status), of_another_store ? "OTHER_STORE" : reason) << "bit " << i;
    ASSERT_EQ(status.code(), of_another_store ? absl::StatusCode::kFailedPrecondition
                                              : absl::StatusCode::kInvalidArgument);
  }
}

TEST(TokenCodec, RefusesEveryForgedPosition) {
  const auto codec = Codec();
  ExpectEveryForgeryRefused(
      codec->SealPosition({42}), "BAD_POSITION",
      [&](const std::string& text) { return codec->OpenPosition(text, "min_position").status(); });
}

TEST(TokenCodec, RefusesEveryForgedPageToken) {
  const auto codec = Codec();
  const PageToken token = Page();
  ExpectEveryForgeryRefused(codec->SealPage(token), "BAD_PAGE_TOKEN", [&](const std::string& text) {
    return codec->OpenPage(text, "page_token", token.kind, token.request).status();
  });
}

TEST(TokenCodec, RefusesAnothersPageToken) {
  annals::v1::ListEventsRequest request;
  PageToken token = Page();
  token.request = HashRequest("ann", request, {"page_size", "page_token"});
  const auto codec = Codec();
  const std::string sealed = codec->SealPage(token);
  const auto open_as = [&](std::string_view caller) {
    return codec
        ->OpenPage(sealed, "page_token", token.kind,
                   HashRequest(caller, request, {"page_size", "page_token"}))
        .status();
  };
  EXPECT_TRUE(open_as("ann").ok());
  EXPECT_TRUE(absl::IsInvalidArgument(open_as("bob")));
  EXPECT_EQ(ErrorReason(open_as("bob")), "TOKEN_MISMATCH");
  EXPECT_EQ(ErrorField(open_as("bob")), "page_token");
}

TEST(TokenCodec, TellsAnotherStoreFromDamage) {
  const auto other = Codec({std::string(32, 'o')}, kOtherStore);
  const auto status = Codec()->OpenPosition(other->SealPosition({1}), "as_of.position").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_EQ(ErrorReason(status), "OTHER_STORE");
  EXPECT_EQ(ErrorField(status), "as_of.position");
}

TEST(TokenCodec, OpensWithOlderKeysAndNotWithForeignOnes) {
  const std::string position = Codec()->SealPosition({3});
  const auto rotated = Codec({std::string(32, 'n'), std::string(32, 'k')});
  EXPECT_TRUE(rotated->OpenPosition(position, "p").ok());
  const auto foreign = Codec({std::string(32, 'x')});
  EXPECT_EQ(ErrorReason(foreign->OpenPosition(position, "p").status()), "BAD_POSITION");
}

TEST(TokenCodec, BindsPagesToTheirCallAndRequest) {
  const auto codec = Codec();
  const PageToken token = Page();
  const std::string sealed = codec->SealPage(token);
  RequestHash other = token.request;
  other[3] ^= 1;
  EXPECT_EQ(ErrorReason(codec->OpenPage(sealed, "t", token.kind, other).status()),
            "TOKEN_MISMATCH");
  EXPECT_EQ(
      ErrorReason(codec->OpenPage(sealed, "t", PageKind::kExportEvents, token.request).status()),
      "TOKEN_MISMATCH");
  EXPECT_EQ(ErrorReason(codec->OpenPosition(sealed, "p").status()), "BAD_POSITION");
}

TEST(TokenCodec, HashesAllOfARequestButTheFieldsApart) {
  annals::v1::ListEventsRequest request;
  request.mutable_filter()->add_feeds("feeds/f");
  const auto hash = [](const auto& r, std::string_view caller = "ann") {
    return HashRequest(caller, r, {"page_size", "page_token"});
  };
  const RequestHash before = hash(request);
  EXPECT_NE(hash(request, "bob"), before);
  request.set_page_size(3);
  request.set_page_token("t");
  EXPECT_EQ(hash(request), before);
  request.set_view(annals::v1::EVENT_VIEW_BASIC);
  EXPECT_NE(hash(request), before);
}

TEST(TokenCodec, RefusesDamagedKeysAndStores) {
  const std::string key(32, 'k');
  EXPECT_FALSE(TokenCodec::Create(Always({}), kStore).ok());
  EXPECT_FALSE(TokenCodec::Create(Always({"short"}), kStore).ok());
  EXPECT_FALSE(TokenCodec::Create(Always({key, "short"}), kStore).ok());
  EXPECT_FALSE(TokenCodec::Create(Always({key}), "store").ok());
  EXPECT_FALSE(TokenCodec::Create(Always({key}), std::string(32, 'g')).ok());
  EXPECT_FALSE(TokenCodec::Create(Always({key}), std::string(kStore) + "0").ok());
}

}  // namespace
}  // namespace annals::service

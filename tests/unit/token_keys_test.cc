// Keys that change while a codec uses them.
#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "service/token_codec.h"
#include "storage/error.h"

namespace annals::service {
namespace {

using storage::ErrorReason;

constexpr char kStore[] = "00112233445566778899aabbccddeeff";
const std::string kOld(32, 'o');
const std::string kNew(32, 'n');

// A store's keys and the time, as a test changes them.
struct Shelf {
  std::vector<std::string> keys = {kOld};
  absl::Status failure;
  absl::Time now = absl::UnixEpoch();
  int reads = 0;

  std::unique_ptr<TokenCodec> Codec() {
    return *TokenCodec::Create(
        [this]() -> absl::StatusOr<std::vector<std::string>> {
          ++reads;
          if (!failure.ok()) return failure;
          return keys;
        },
        kStore, [this] { return now; });
  }
};

std::string ReasonOfOpening(const TokenCodec& codec, const std::string& position) {
  const auto opened = codec.OpenPosition(position, "p");
  return opened.ok() ? "" : ErrorReason(opened.status());
}

// Of a codec that knows this key alone.
std::string SealedWith(const std::string& key) {
  Shelf shelf{.keys = {key}, .failure = {}};
  return shelf.Codec()->SealPosition({7});
}

TEST(TokenKeys, AreReadAgainForATokenThatANewerOneSealed) {
  Shelf shelf;
  const auto codec = shelf.Codec();
  shelf.keys = {kNew, kOld};
  const std::string position = SealedWith(kNew);
  // Keys read at this very moment are as new as can be.
  EXPECT_EQ(ReasonOfOpening(*codec, position), "BAD_POSITION");
  EXPECT_EQ(shelf.reads, 1);
  shelf.now += absl::Nanoseconds(1);
  EXPECT_EQ(ReasonOfOpening(*codec, position), "");
  EXPECT_EQ(shelf.reads, 2);
}

TEST(TokenKeys, AreReadOnceForAllTokensOfAMomentThatCannotBeOpened) {
  Shelf shelf;
  const auto codec = shelf.Codec();
  const std::string foreign = SealedWith(std::string(32, 'f'));
  shelf.now += kKeysAgeMax / 2;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ReasonOfOpening(*codec, foreign), "BAD_POSITION");
  EXPECT_EQ(shelf.reads, 2);
}

TEST(TokenKeys, SealWithTheNewestWithinAMinute) {
  Shelf shelf;
  const auto codec = shelf.Codec();
  shelf.keys = {kNew, kOld};
  Shelf old_alone;
  Shelf new_alone{.keys = {kNew}, .failure = {}};
  shelf.now += kKeysAgeMax;
  EXPECT_EQ(ReasonOfOpening(*old_alone.Codec(), codec->SealPosition({1})), "");
  shelf.now += absl::Nanoseconds(1);
  EXPECT_EQ(ReasonOfOpening(*new_alone.Codec(), codec->SealPosition({1})), "");
  EXPECT_EQ(ReasonOfOpening(*codec, SealedWith(kOld)), "");
}

TEST(TokenKeys, StayWhereTheStoreDoesNotAnswer) {
  Shelf shelf;
  const auto codec = shelf.Codec();
  const std::string before = codec->SealPosition({1});
  shelf.failure = absl::UnavailableError("gone");
  shelf.now += 2 * kKeysAgeMax;
  EXPECT_EQ(ReasonOfOpening(*codec, before), "");
  EXPECT_EQ(ReasonOfOpening(*codec, codec->SealPosition({2})), "");
  EXPECT_EQ(shelf.reads, 2);
  shelf.failure = absl::OkStatus();
  shelf.keys = {"short"};
  shelf.now += 2 * kKeysAgeMax;
  EXPECT_EQ(ReasonOfOpening(*codec, before), "");
  EXPECT_EQ(shelf.reads, 3);
  // And it recovers.
  shelf.keys = {kNew};
  shelf.now += 2 * kKeysAgeMax;
  EXPECT_EQ(ReasonOfOpening(*codec, SealedWith(kNew)), "");
}

TEST(TokenKeys, TakeWhatTheySealedWithThemWhenForgotten) {
  Shelf shelf;
  const auto codec = shelf.Codec();
  const std::string position = codec->SealPosition({1});
  PageToken token;
  const std::string page = codec->SealPage(token);
  shelf.keys = {kNew};
  shelf.now += kKeysAgeMax + absl::Seconds(1);
  EXPECT_EQ(ReasonOfOpening(*codec, position), "BAD_POSITION");
  EXPECT_EQ(ErrorReason(codec->OpenPage(page, "t", token.kind, token.request).status()),
            "BAD_PAGE_TOKEN");
  EXPECT_EQ(ReasonOfOpening(*codec, codec->SealPosition({1})), "");
}

// Many calls bring tokens of the newest key at once: none is refused because another call is
// reading that key.
TEST(TokenKeys, AreWaitedForByAllWhoNeedThem) {
  constexpr int kThreads = 8;
  std::mutex mutex;
  std::condition_variable asked;
  int times_asked = 0;
  bool created = false;
  absl::Time now = absl::UnixEpoch();
  const auto clock = [&] {
    const std::lock_guard lock(mutex);
    ++times_asked;
    asked.notify_all();
    return now;
  };
  const auto codec = *TokenCodec::Create(
      [&]() -> absl::StatusOr<std::vector<std::string>> {
        std::unique_lock lock(mutex);
        if (!created) return std::vector<std::string>{kOld};
        // Until each has come with its token.
        const bool all =
            asked.wait_for(lock, std::chrono::seconds(30), [&] { return times_asked >= kThreads; });
        EXPECT_TRUE(all);
        return std::vector<std::string>{kNew, kOld};
      },
      kStore, clock);
  {
    const std::lock_guard lock(mutex);
    created = true;
    times_asked = 0;
    now += absl::Seconds(1);
  }
  const std::string position = SealedWith(kNew);
  std::vector<std::string> reasons(kThreads, "not opened");
  std::vector<std::thread> threads;
  for (std::string& reason : reasons) {
    threads.emplace_back([&] { reason = ReasonOfOpening(*codec, position); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(reasons, std::vector<std::string>(kThreads));
}

TEST(TokenKeys, AreSealedWithWhileAnotherThreadReadsThem) {
  std::mutex mutex;
  std::condition_variable changed;
  bool created = false, reading = false, sealed = false;
  absl::Time now = absl::UnixEpoch();
  const auto codec = *TokenCodec::Create(
      [&]() -> absl::StatusOr<std::vector<std::string>> {
        std::unique_lock lock(mutex);
        if (!created) return std::vector<std::string>{kOld};
        reading = true;
        changed.notify_all();
        EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(30), [&] { return sealed; }));
        return std::vector<std::string>{kNew, kOld};
      },
      kStore,
      [&] {
        const std::lock_guard lock(mutex);
        return now;
      });
  {
    const std::lock_guard lock(mutex);
    created = true;
    now += 2 * kKeysAgeMax;
  }
  std::thread reader([&] { EXPECT_FALSE(codec->SealPosition({1}).empty()); });
  {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(30), [&] { return reading; }));
  }
  const std::string position = codec->SealPosition({2});
  {
    const std::lock_guard lock(mutex);
    sealed = true;
    changed.notify_all();
  }
  reader.join();
  EXPECT_EQ(ReasonOfOpening(*codec, position), "");
}

}  // namespace
}  // namespace annals::service

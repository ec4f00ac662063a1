// How changes become messages: what a client gets does not depend on how the log was read.
#include "service/watch/watch_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/watch/change_ring.h"
#include "storage/error.h"
#include "tests/support/event_builder.h"
#include "tests/support/random_record.h"
#include "tests/support/small_gazetteer.h"

namespace annals::service {
namespace {

using annals::testing::EventBuilder;
using annals::testing::SmallGazetteer;
using storage::ChangeCursor;
using storage::Position;
using ::testing::ElementsAre;

constexpr char kStore[] = "00112233445566778899aabbccddeeff";

// Writes by the number of their changes that match and of those that do not, in turn.
storage::ChangePage Log(const std::vector<std::pair<int, int>>& writes) {
  storage::ChangePage page;
  std::vector<std::pair<std::int64_t, storage::RecordChange>> changes;
  std::int64_t position = 0;
  for (const auto& [matching, others] : writes) {
    ++position;
    std::vector<std::pair<std::int64_t, storage::RecordChange>> write;
    for (int i = 0; i < matching + others; ++i) {
      EventBuilder event("f", std::to_string(position) + "-" + std::to_string(i));
      if (i < matching) event.Kind(annals::v1::EVENT_KIND_STRIKE);
      annals::v1::Event built = event.Build();
      built.set_state(annals::v1::EVENT_STATE_ACTIVE);
      const std::int64_t id = storage::ParseEventName(built.name())->Id();
      write.push_back({id, {Position{position}, position * 1'000, std::move(built), {}}});
    }
    std::ranges::sort(write, {}, [](const auto& change) { return change.first; });
    for (auto& change : write) page.changes.push_back(std::move(change.second));
  }
  page.through = {Position{position}};
  page.at_end = true;
  return page;
}

// The log as read in pages of so many changes.
std::vector<ChangeBlock> Blocks(const storage::ChangePage& log, std::size_t size) {
  std::vector<ChangeBlock> blocks;
  ChangeCursor after;
  for (std::size_t i = 0; i < log.changes.size(); i += size) {
    storage::ChangePage page;
    const std::size_t end = std::min(i + size, log.changes.size());
    page.changes.assign(log.changes.begin() + static_cast<std::ptrdiff_t>(i),
                        log.changes.begin() + static_cast<std::ptrdiff_t>(end));
    const auto& last = page.changes.back();
    page.through = {last.position, storage::ParseEventName(last.event.name())->Id()};
    if (end == log.changes.size()) page.through = log.through;
    blocks.push_back(MakeChangeBlock(SmallGazetteer(), after, page));
    after = page.through;
  }
  return blocks;
}

class WatchMessagesTest : public ::testing::Test {
 protected:
  static std::shared_ptr<const WatchFilter> Strikes(const std::vector<std::string>& feeds = {"f"}) {
    std::vector<storage::FeedAccess> access;
    for (const std::string& feed : feeds) access.push_back({.feed = feed});
    annals::v1::EventFilter filter;
    filter.add_kinds(annals::v1::EVENT_KIND_STRIKE);
    return *WatchFilter::Compile(
        SmallGazetteer(),
        std::make_shared<const CatalogSnapshot>(1, access, std::vector<annals::v1::Actor>()),
        Principal::Local(), filter);
  }

  // Each message as "position: number of changes", "…" where the write continues.
  std::vector<std::string> Texts(const std::vector<ChangeBlock>& blocks, ChangeCursor start = {}) {
    WatchMessages messages(tokens_.get(), &options_);
    messages.Begin(start, Strikes(), {});
    std::vector<std::string> texts;
    for (const ChangeBlock& block : blocks) {
      while (messages.Take(block)) {
        const annals::v1::WatchEventsResponse message = messages.Message();
        const ChangeCursor told = tokens_->OpenWatchPosition(message.position(), "p")->cursor;
        EXPECT_EQ(told.event_id == ChangeCursor::kWholeWrite, !message.write_continues());
        EXPECT_EQ(storage::ToMicros(message.commit_time()), told.position.value * 1'000);
        texts.push_back(fmt::format("{}: {}{}", told.position.value, message.changes_size(),
                                    message.write_continues() ? "…" : ""));
        told_.push_back(told);
      }
    }
    EXPECT_EQ(messages.cursor(), blocks.back().through);
    return texts;
  }

  WatchOptions options_;
  const std::unique_ptr<TokenCodec> tokens_ =
      *TokenCodec::Create([] { return std::vector<std::string>{std::string(32, 'k')}; }, kStore);
  std::vector<ChangeCursor> told_;
};

TEST_F(WatchMessagesTest, TellsEachWriteThatConcernsTheFilterInOneMessage) {
  EXPECT_THAT(Texts(Blocks(Log({{1, 0}, {0, 3}, {3, 2}, {0, 0}, {2, 0}}), 100)),
              ElementsAre("1: 1", "3: 3", "5: 2"));
}

TEST_F(WatchMessagesTest, TellsManyChangesInParts) {
  options_.message_changes_max = 3;
  EXPECT_THAT(Texts(Blocks(Log({{3, 1}, {7, 4}, {6, 0}}), 100)),
              ElementsAre("1: 3", "2: 3…", "2: 3…", "2: 1", "3: 3…", "3: 3"));
}

TEST_F(WatchMessagesTest, BoundsPartsByBytes) {
  options_.message_bytes_max = 1;
  EXPECT_THAT(Texts(Blocks(Log({{2, 0}, {1, 0}}), 100)), ElementsAre("1: 1…", "1: 1", "2: 1"));
}

TEST_F(WatchMessagesTest, TellsTheSameHoweverTheLogIsRead) {
  const std::uint64_t seed = annals::testing::TestSeed();
  fmt::print("ANNALS_SEED={}\n", seed);
  annals::testing::RandomRecord random(&SmallGazetteer(), seed);
  options_.message_changes_max = 3;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::pair<int, int>> writes;
    for (int i = 0; i < 8; ++i) writes.emplace_back(random.Below(9), random.Below(9));
    const storage::ChangePage log = Log(writes);
    if (log.changes.empty()) continue;
    told_.clear();
    const std::vector<std::string> whole = Texts(Blocks(log, 1'000));
    const std::vector<ChangeCursor> positions = told_;
    for (const std::size_t size : {1, 2, 5}) EXPECT_EQ(Texts(Blocks(log, size)), whole);
    // And from each position that was told, what is left.
    for (std::size_t i = 0; i < positions.size(); ++i) {
      const std::vector<std::string> rest = Texts(Blocks(log, 4), positions[i]);
      EXPECT_EQ(rest, std::vector<std::string>(whole.begin() + 1 + static_cast<std::ptrdiff_t>(i),
                                               whole.end()));
    }
  }
}

TEST_F(WatchMessagesTest, GivesNoCheckpointWithinAWrite) {
  options_.message_changes_max = 2;
  WatchMessages messages(tokens_.get(), &options_);
  messages.Begin({}, Strikes(), {});
  EXPECT_TRUE(messages.MayCheckpoint());
  const auto blocks = Blocks(Log({{3, 0}, {0, 5}}), 1);
  EXPECT_FALSE(messages.Take(blocks[0]));
  EXPECT_FALSE(messages.MayCheckpoint()) << "one change is kept";
  EXPECT_FALSE(messages.Take(blocks[1]));
  EXPECT_TRUE(messages.Take(blocks[2]));
  EXPECT_TRUE(messages.Message().write_continues());
  EXPECT_FALSE(messages.MayCheckpoint()) << "more was announced";
  EXPECT_FALSE(messages.Take(blocks[2]));
  EXPECT_TRUE(messages.Take(blocks[3]));
  EXPECT_FALSE(messages.Message().write_continues());
  EXPECT_TRUE(messages.MayCheckpoint());
  EXPECT_FALSE(messages.Take(blocks[3]));
  EXPECT_FALSE(messages.Take(blocks[4]));
  const auto checkpoint = messages.Checkpoint();
  EXPECT_EQ(checkpoint.changes_size(), 0);
  EXPECT_FALSE(checkpoint.has_commit_time());
  EXPECT_EQ(tokens_->OpenWatchPosition(checkpoint.position(), "p")->cursor, blocks[4].through);
}

TEST_F(WatchMessagesTest, GoesOnWithAFilterThatIsAboutTheSame) {
  WatchMessages messages(tokens_.get(), &options_);
  messages.Begin({}, Strikes(), {});
  EXPECT_TRUE(messages.Change(Strikes()).ok());
  const absl::Status other = messages.Change(Strikes({"f", "g"}));
  EXPECT_TRUE(absl::IsAborted(other));
  EXPECT_EQ(storage::ErrorReason(other), "SCOPE_CHANGED");
}

TEST(ChangeRing, KeepsTheNewestThatFit) {
  WatchOptions options;
  options.ring_changes_max = 5;
  ChangeRing ring(options);
  ring.Restart({Position{3}});
  EXPECT_EQ(ring.After({Position{3}}), nullptr);
  EXPECT_EQ(ring.After({Position{9}}), nullptr);
  const auto append = [&](std::int64_t position, std::size_t changes) {
    ChangeBlock block{.after = ring.end(), .through = {Position{position}}, .changes = {}};
    block.changes.resize(changes);
    ring.Append(std::make_shared<const ChangeBlock>(std::move(block)));
  };
  append(4, 2);
  append(5, 0);
  append(6, 2);
  EXPECT_EQ(ring.begin(), ChangeCursor{Position{3}});
  EXPECT_EQ(ring.After({Position{3}})->through, ChangeCursor{Position{4}});
  EXPECT_EQ(ring.After({Position{4}, 17})->through, ChangeCursor{Position{4}});
  EXPECT_EQ(ring.After({Position{5}})->through, ChangeCursor{Position{6}});
  append(7, 1);
  EXPECT_EQ(ring.begin(), ChangeCursor{Position{4}});
  append(8, 9);
  EXPECT_EQ(ring.begin(), ChangeCursor{Position{7}}) << "the newest stays whatever its size";
  EXPECT_EQ(ring.end(), ChangeCursor{Position{8}});
  EXPECT_EQ(ring.After({Position{8}}), nullptr);
}

}  // namespace
}  // namespace annals::service

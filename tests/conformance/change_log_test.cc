// The log of changes: complete, in order, the same however it is paged, and waited for.
// ANNALS_SEED repeats a run.
#include <set>
#include <thread>

#include "tests/conformance/store_conformance.h"
#include "tests/support/random_record.h"

namespace annals::testing {
namespace {

using annals::v1::EVENT_STATE_ACTIVE;
using annals::v1::EVENT_STATE_MERGED;
using annals::v1::EVENT_STATE_RETRACTED;
using storage::CallContext;
using storage::ChangeCursor;
using storage::ChangeLimits;
using storage::ChangePage;
using storage::ErrorReason;
using storage::EventName;
using storage::Position;
using storage::RecordChange;
using storage::RecordHead;
using storage::Visibility;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ChangeLimits kAll = {.changes_max = 1'000'000, .bytes_max = std::int64_t{1} << 40};

CallContext Soon() {
  return {.visibility = Visibility::All(), .deadline = absl::Now() + absl::Seconds(30)};
}

std::int64_t IdOf(const RecordChange& change) {
  const auto name = storage::ParseEventName(change.event.name());
  return name.ok() ? name->Id() : 0;
}

ChangePage ReadFrom(storage::ChangeLog& log, const ChangeCursor& after = {},
                    const ChangeLimits& limits = kAll) {
  auto page = log.ReadChanges(Soon(), after, limits);
  EXPECT_TRUE(page.ok()) << page.status();
  return page.ok() ? *std::move(page) : ChangePage{};
}

// "position name revision state", "< revision" where it replaced one.
std::string TextOf(const RecordChange& change) {
  std::string text = fmt::format("{} {} {} {}", change.position.value, change.event.name(),
                                 change.event.revision(), int{change.event.state()});
  if (change.before) text += fmt::format(" < {}", change.before->revision());
  return text;
}

std::vector<std::string> TextsOf(const ChangePage& page) {
  std::vector<std::string> texts;
  for (const RecordChange& change : page.changes) texts.push_back(TextOf(change));
  return texts;
}

// A write of every kind, at random; the same on every store that is given the same seed.
class RandomWrites {
 public:
  explicit RandomWrites(std::uint64_t seed) : random_(&TestGazetteer(), seed) {}

  void Write(storage::EventStore& events) {
    const std::string id = std::to_string(random_.Below(40));
    const CallContext all = Soon();
    switch (random_.Below(6)) {
      case 0:
        (void)events.RetractEvent(all, {"f", id}, "wrong", "", false);
        return;
      case 1:
        (void)events.MergeEvents(
            all, {{{"f", id}}, {}, {"g", std::to_string(random_.Below(40))}, "the same"}, false);
        return;
      case 2:
        (void)events.UnmergeEvents(all, {{"f", id}}, "not the same", false);
        return;
      case 3:
        if (random_.Chance(0.2)) (void)events.RedactEvent(all, {"f", id}, "safety", false);
        return;
      default:
        std::vector<storage::UpsertRow> rows;
        for (const char* feed : {"f", "g"}) {
          std::set<int> ids;
          for (int i = random_.Below(8); i > 0; --i) ids.insert(random_.Below(40));
          for (const int row : ids) {
            rows.push_back({random_.Event(feed, std::to_string(row)), {}, random_.Chance(0.5)});
          }
        }
        EXPECT_TRUE(events.UpsertEvents(all, rows, {}).ok());
    }
  }

 private:
  RandomRecord random_;
};

class StoreChangeLog : public StoreConformance {
 protected:
  ChangePage Read(const ChangeCursor& after = {}, const ChangeLimits& limits = kAll) {
    return ReadFrom(changes(), after, limits);
  }
  RecordHead Head() {
    const auto head = changes().WaitForChange(Soon(), {Position{-1}, -1});
    EXPECT_TRUE(head.ok()) << head.status();
    return head.ok() ? *head : RecordHead{};
  }
  Position LastPurge(const CallContext& context, const std::vector<std::string>& feeds = {}) {
    const auto purge = changes().LastPurge(context, feeds);
    EXPECT_TRUE(purge.ok()) << purge.status();
    return purge.ok() ? *purge : Position{-1};
  }
  void CreateRestricted(std::string_view id, std::string_view reader) {
    annals::v1::Feed feed;
    feed.set_name(fmt::format("feeds/{}", id));
    feed.set_title("Feed");
    feed.set_licence("CC0-1.0");
    feed.set_visibility(annals::v1::FEED_VISIBILITY_RESTRICTED);
    feed.add_readers(std::string(reader));
    ASSERT_TRUE(catalog().CreateFeed(Soon(), feed).ok());
  }
  void Purge(std::string_view feed) {
    ASSERT_TRUE(events().DeleteFeed(Soon(), feed, "withdrawn", true, false).ok());
  }
};

TEST_P(StoreChangeLog, IsEmptyWhereTheRecordIs) {
  const ChangePage page = Read();
  EXPECT_THAT(page.changes, IsEmpty());
  EXPECT_TRUE(page.at_end);
  EXPECT_EQ(page.through, ChangeCursor{Position{0}});
  EXPECT_EQ(page.catalog_version, Head().catalog_version);
}

TEST_P(StoreChangeLog, HoldsEveryRevisionWhereItWasCommitted) {
  Upsert(EventBuilder("f", "1"));
  Upsert(EventBuilder("f", "1").Title("Other"));
  Upsert(EventBuilder("f", "1").Title("Other"));  // changes nothing
  Upsert(EventBuilder("g", "2"));
  Retract("1");
  Upsert(EventBuilder("g", "3"));
  ASSERT_TRUE(events().MergeEvents(Soon(), {{{"g", "2"}}, {}, {"g", "3"}, "same"}, false).ok());
  ASSERT_TRUE(events().UnmergeEvents(Soon(), {{"g", "2"}}, "not", false).ok());
  const ChangePage page = Read();
  EXPECT_THAT(TextsOf(page), ElementsAre("1 feeds/f/events/1 1 1", "2 feeds/f/events/1 2 1 < 1",
                                         "3 feeds/g/events/2 1 1", "4 feeds/f/events/1 3 2 < 2",
                                         "5 feeds/g/events/3 1 1", "6 feeds/g/events/2 2 3 < 1",
                                         "7 feeds/g/events/2 3 1 < 2"));
  EXPECT_EQ(page.changes[1].event.title(), "Other");
  EXPECT_EQ(page.changes[1].before->title(), "Event 1");
  EXPECT_EQ(page.changes[5].event.merged_into(), "feeds/g/events/3");
  EXPECT_EQ(page.through, ChangeCursor{Position{7}});
  EXPECT_TRUE(page.at_end);
  storage::Micros before = 0;
  for (const RecordChange& change : page.changes) {
    EXPECT_EQ(change.commit_time, storage::ToMicros(change.event.update_time()));
    EXPECT_GT(change.commit_time, before);
    before = change.commit_time;
  }
}

TEST_P(StoreChangeLog, TellsChangesOfOneWriteInTheOrderOfTheirIds) {
  std::vector<storage::UpsertRow> rows;
  for (int i = 0; i < 50; ++i) rows.push_back(EventBuilder("f", std::to_string(i)).Row());
  Upsert(rows);
  const ChangePage page = Read();
  ASSERT_EQ(page.changes.size(), 50U);
  EXPECT_TRUE(std::ranges::is_sorted(page.changes, std::less<>(), IdOf));
  // From the middle of it on.
  const ChangePage rest = Read({Position{1}, IdOf(page.changes[19])});
  ASSERT_EQ(rest.changes.size(), 30U);
  EXPECT_EQ(rest.changes[0].event.name(), page.changes[20].event.name());
  EXPECT_THAT(Read({Position{1}}).changes, IsEmpty());
}

TEST_P(StoreChangeLog, IsTheSameHoweverItIsPaged) {
  const std::uint64_t seed = TestSeed();
  fmt::print("ANNALS_SEED={}\n", seed);
  RandomWrites writes(seed);
  for (int i = 0; i < 60; ++i) writes.Write(events());
  const ChangePage whole = Read();
  ASSERT_GT(whole.changes.size(), 50U);
  for (const ChangeLimits& limits : {ChangeLimits{.changes_max = 1}, ChangeLimits{.changes_max = 7},
                                     ChangeLimits{.changes_max = 1'000, .bytes_max = 1},
                                     ChangeLimits{.changes_max = 1'000, .bytes_max = 3'000}}) {
    std::vector<std::string> texts;
    ChangeCursor cursor;
    for (bool at_end = false; !at_end;) {
      const ChangePage page = Read(cursor, limits);
      ASSERT_LE(std::ssize(page.changes), limits.changes_max);
      std::int64_t bytes = 0;
      for (const RecordChange& change : page.changes) {
        bytes += static_cast<std::int64_t>(change.event.ByteSizeLong());
        texts.push_back(TextOf(change));
      }
      ASSERT_TRUE(page.changes.size() <= 1 || bytes <= limits.bytes_max);
      if (!page.at_end) {
        ASSERT_FALSE(page.changes.empty());
        ASSERT_EQ(page.through,
                  (ChangeCursor{page.changes.back().position, IdOf(page.changes.back())}));
      }
      at_end = page.at_end;
      cursor = page.through;
    }
    EXPECT_EQ(texts, TextsOf(whole));
    EXPECT_EQ(cursor, whole.through);
  }
}

TEST_P(StoreChangeLog, HoldsWhatIsLeftOfWhatWasRedacted) {
  Upsert(EventBuilder("f", "1").Title("Secret"));
  Upsert(EventBuilder("f", "1").Title("Secret too"));
  ASSERT_TRUE(events().RedactEvent(Soon(), {"f", "1"}, "safety", false).ok());
  const ChangePage page = Read();
  EXPECT_THAT(TextsOf(page), ElementsAre("1 feeds/f/events/1 1 1", "2 feeds/f/events/1 2 1 < 1",
                                         "3 feeds/f/events/1 3 2 < 2"));
  for (const RecordChange& change : page.changes) {
    EXPECT_TRUE(change.event.redacted());
    EXPECT_EQ(change.event.title(), "[redacted]");
    EXPECT_TRUE(!change.before || change.before->redacted());
  }
}

TEST_P(StoreChangeLog, ForgetsFeedsThatWereDeletedWithTheirEvents) {
  Upsert(EventBuilder("f", "1"));
  Upsert(EventBuilder("g", "1"));
  Upsert({EventBuilder("f", "2").Row(), EventBuilder("g", "2").Row()});
  const std::int64_t before = Head().catalog_version;
  Purge("g");
  const ChangePage page = Read();
  EXPECT_THAT(TextsOf(page), ElementsAre("1 feeds/f/events/1 1 1", "3 feeds/f/events/2 1 1"));
  EXPECT_EQ(page.through, ChangeCursor{Position{4}});
  EXPECT_GT(page.catalog_version, before);
  EXPECT_EQ(LastPurge(context_), Position{4});
}

TEST_P(StoreChangeLog, SaysOfPurgesWhatTheCallerSawAndAsksFor) {
  CreateRestricted("s", "principals/anna");
  EXPECT_EQ(LastPurge(Soon()), Position{0});
  for (const char* feed : {"f", "g", "s"}) {
    ASSERT_TRUE(events().UpsertEvents(Soon(), {EventBuilder(feed, "1").Row()}, {}).ok());
  }
  Purge("f");
  Purge("s");
  const CallContext anna{.visibility = Visibility::Of({"principals/anna"}, {})};
  EXPECT_EQ(LastPurge(Soon()), Position{5});
  EXPECT_EQ(LastPurge(anna), Position{5});
  EXPECT_EQ(LastPurge(context_), Position{4});
  EXPECT_EQ(LastPurge(Soon(), {"f"}), Position{4});
  EXPECT_EQ(LastPurge(Soon(), {"g"}), Position{0});
  EXPECT_EQ(LastPurge(context_, {"s"}), Position{0});
  EXPECT_EQ(LastPurge(anna, {"g", "s"}), Position{5});
  // One without events takes no position and nothing from anyone.
  CreateFeed("empty");
  Purge("empty");
  EXPECT_EQ(LastPurge(Soon()), Position{5});
}

TEST_P(StoreChangeLog, RefusesPositionsAhead) {
  Upsert(EventBuilder("f", "1"));
  EXPECT_THAT(Read({Position{1}}).changes, IsEmpty());
  const auto ahead = changes().ReadChanges(Soon(), {Position{2}, 0}, kAll);
  EXPECT_TRUE(absl::IsOutOfRange(ahead.status())) << ahead.status();
  EXPECT_EQ(ErrorReason(ahead.status()), "POSITION_AHEAD");
}

TEST_P(StoreChangeLog, SaysWhereTheRecordIs) {
  const RecordHead start = Head();
  EXPECT_EQ(start.position, Position{0});
  Upsert(EventBuilder("f", "1"));
  EXPECT_EQ(Head().position, Position{1});
  EXPECT_EQ(Head().catalog_version, start.catalog_version);
  CreateFeed("h");
  EXPECT_EQ(Head().position, Position{1});
  EXPECT_GT(Head().catalog_version, start.catalog_version);
}

TEST_P(StoreChangeLog, WaitsUntilTheDeadlineWhereNothingChanges) {
  const RecordHead head = Head();
  CallContext brief = Soon();
  brief.deadline = absl::Now() + absl::Milliseconds(50);
  const auto same = changes().WaitForChange(brief, head);
  if (same.ok()) {
    EXPECT_EQ(same->position, head.position);
    EXPECT_EQ(same->catalog_version, head.catalog_version);
  } else {
    EXPECT_TRUE(absl::IsDeadlineExceeded(same.status())) << same.status();
  }
  EXPECT_GE(absl::Now(), brief.deadline);
}

TEST_P(StoreChangeLog, WakesAfterEveryChange) {
  RecordHead seen = Head();
  const std::vector<std::function<void()>> steps = {[&] { Upsert(EventBuilder("f", "1")); },
                                                    [&] { CreateFeed("h"); }, [&] { Retract("1"); },
                                                    [&] { Purge("f"); }};
  for (const auto& change : steps) {
    absl::StatusOr<RecordHead> head = RecordHead{};
    std::thread waiting([&] { head = changes().WaitForChange(Soon(), seen); });
    change();
    waiting.join();
    ASSERT_TRUE(head.ok()) << head.status();
    EXPECT_TRUE(head->position > seen.position || head->catalog_version > seen.catalog_version);
    seen = Head();
  }
}

TEST_P(StoreChangeLog, StopsWaiting) {
  const RecordHead seen = Head();
  absl::StatusOr<RecordHead> head = RecordHead{};
  std::thread waiting([&] { head = changes().WaitForChange(Soon(), seen); });
  changes().StopWaiting();
  waiting.join();
  EXPECT_TRUE(absl::IsCancelled(head.status())) << head.status();
  EXPECT_TRUE(absl::IsCancelled(changes().WaitForChange(Soon(), seen).status()));
}

ANNALS_ON_EVERY_STORE(StoreChangeLog);

TEST(StoreChangeLogs, HoldTheSame) {
  const std::uint64_t seed = TestSeed();
  fmt::print("ANNALS_SEED={}\n", seed);
  const auto memory = MakeMemoryStore();
  const auto postgres = MakePostgresStore();
  std::vector<ChangePage> logs;
  for (StoreUnderTest* store : {memory.get(), postgres.get()}) {
    for (const char* id : {"f", "g"}) {
      annals::v1::Feed feed;
      feed.set_name(fmt::format("feeds/{}", id));
      feed.set_title("Feed");
      feed.set_licence("CC0-1.0");
      ASSERT_TRUE(store->catalog().CreateFeed(Soon(), feed).ok());
    }
    RandomWrites writes(seed);
    for (int i = 0; i < 200; ++i) writes.Write(store->events());
    logs.push_back(ReadFrom(store->changes()));
  }
  ASSERT_EQ(TextsOf(logs[0]), TextsOf(logs[1]));
  const auto content = [](annals::v1::Event event) {
    event.clear_create_time();
    event.clear_update_time();
    event.clear_etag();
    return event.DebugString();
  };
  for (std::size_t i = 0; i < logs[0].changes.size(); ++i) {
    const RecordChange& a = logs[0].changes[i];
    const RecordChange& b = logs[1].changes[i];
    ASSERT_EQ(content(a.event), content(b.event));
    ASSERT_EQ(a.before.has_value(), b.before.has_value());
    if (a.before) {
      ASSERT_EQ(content(*a.before), content(*b.before));
    }
  }
}

}  // namespace
}  // namespace annals::testing

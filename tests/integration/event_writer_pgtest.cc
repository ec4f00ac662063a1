#include "storage/postgres/event_writer.h"

#include <future>
#include <thread>

#include "storage/postgres/sql_value.h"
#include "tests/integration/postgres_fixture.h"
#include "tests/support/cutting_proxy.h"

namespace annals::testing {
namespace {

using storage::ErrorReason;
using storage::EventName;
using storage::Position;

class Writer : public PostgresStore {
 protected:
  using Answer = std::future<absl::StatusOr<storage::UpsertReceipt>>;

  // On the store or a writer; does not wait.
  template <typename Store>
  Answer Start(Store& store, std::vector<storage::UpsertRow> rows) const {
    const auto answer = std::make_shared<std::promise<absl::StatusOr<storage::UpsertReceipt>>>();
    store.StartUpsert(context_, std::move(rows), {},
                      [answer](auto receipt) { answer->set_value(std::move(receipt)); });
    return answer->get_future();
  }
  // Events 0, 1, … in a write each.
  std::vector<Answer> StartMany(int count) {
    std::vector<Answer> answers;
    for (int i = 0; i < count; ++i) {
      answers.push_back(Start(events_, {EventBuilder("f", fmt::format("{}", i)).Row()}));
    }
    return answers;
  }
  absl::StatusOr<storage::UpsertReceipt> UpsertWith(storage::EventWriter& writer,
                                                    std::vector<storage::UpsertRow> rows) const {
    std::promise<absl::StatusOr<storage::UpsertReceipt>> answer;
    writer.StartUpsert(context_, std::move(rows), {},
                       [&](auto receipt) { answer.set_value(std::move(receipt)); });
    return answer.get_future().get();
  }
};

TEST_F(Writer, GivesDensePositionsToWritersAtOnce) {
  constexpr int kWriters = 4;
  constexpr int kWrites = 10;
  std::vector<std::thread> threads;
  std::vector<std::vector<std::int64_t>> positions(kWriters);
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      // Writers of two processes wait for each other on the lock, those of one on its connection.
      storage::FeedDirectory feeds;
      storage::EventWriter own(database_.connection_string(), &PostgresTestGazetteer(), &feeds);
      for (int i = 0; i < kWrites; ++i) {
        const auto receipt =
            UpsertWith(own, {EventBuilder("f", fmt::format("{}-{}", writer, i)).Row()});
        ASSERT_TRUE(receipt.ok()) << receipt.status();
        positions[static_cast<std::size_t>(writer)].push_back(receipt->position.value);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::vector<std::int64_t> all, expected;
  for (const auto& own : positions) {
    EXPECT_TRUE(std::ranges::is_sorted(own));
    all.insert(all.end(), own.begin(), own.end());
  }
  for (int i = 1; i <= kWriters * kWrites; ++i) expected.push_back(i);
  EXPECT_THAT(all, ::testing::UnorderedElementsAreArray(expected));
  EXPECT_EQ(database_.Run("SELECT count(DISTINCT commit_time) FROM commit_log"),
            std::to_string(kWriters * kWrites));
}

// While one write holds the lock, others gather.
TEST_F(Writer, SharesATransactionAmongWritesThatWait) {
  constexpr int kWrites = 50;
  (void)database_.Run(
      "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS"
      " $$ BEGIN PERFORM pg_sleep(0.2); RETURN NEW; END $$;"
      "CREATE TRIGGER dawdle_trigger BEFORE INSERT ON commit_log"
      " FOR EACH STATEMENT EXECUTE FUNCTION dawdle()");
  auto answers = StartMany(kWrites);
  for (int i = 0; i < kWrites; ++i) {
    const auto receipt = answers[static_cast<std::size_t>(i)].get();
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    EXPECT_EQ(receipt->position, Position{i + 1});
    EXPECT_EQ(receipt->rows[0].outcome, annals::v1::ROW_OUTCOME_CREATED);
  }
  EXPECT_EQ(database_.Run("SELECT count(*) FROM audit WHERE position IS NOT NULL"),
            std::to_string(kWrites));
  EXPECT_EQ(database_.Run("SELECT max(active_count) FROM feed_count"), std::to_string(kWrites));
  EXPECT_EQ(database_.Run("SELECT count(DISTINCT request_id) < 5 FROM commit_log"), "t");
}

TEST_F(Writer, KeepsAFailureToTheWriteThatHasIt) {
  constexpr int kWrites = 20;
  (void)database_.Run(
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
      " $$ BEGIN IF NEW.event = '7' THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END $$;"
      "CREATE TRIGGER refuse_trigger BEFORE INSERT ON event"
      " FOR EACH ROW EXECUTE FUNCTION refuse()");
  auto answers = StartMany(kWrites);
  std::int64_t position = 0;
  for (int i = 0; i < kWrites; ++i) {
    const auto receipt = answers[static_cast<std::size_t>(i)].get();
    EXPECT_EQ(receipt.ok(), i != 7) << receipt.status();
    if (receipt.ok()) {
      EXPECT_EQ(receipt->position, Position{++position});
    }
  }
  EXPECT_EQ(database_.Run("SELECT count(*) FROM event"), std::to_string(kWrites - 1));
}

TEST_F(Writer, RemembersANamedBatchOverARestartForAWeek) {
  const auto send = [&](std::string_view title) {
    storage::PostgresEventStore restarted(&pool_, &PostgresTestGazetteer());
    return restarted.UpsertEvents(context_, {EventBuilder("f", "1").Title(title).Row()},
                                  {.batch_id = "b"});
  };
  ASSERT_EQ(send("one")->rows[0].outcome, annals::v1::ROW_OUTCOME_CREATED);
  ASSERT_TRUE(Upsert(EventBuilder("f", "1").Title("two")).ok());
  EXPECT_EQ(send("one")->rows[0].outcome, annals::v1::ROW_OUTCOME_CREATED);
  EXPECT_EQ(send("one")->position, Position{1});
  EXPECT_EQ(ErrorReason(send("other").status()), "BATCH_ID_REUSED");
  (void)database_.Run("UPDATE batch_answer SET create_time = now() - interval '169 hours'");
  EXPECT_EQ(send("one")->rows[0].outcome, annals::v1::ROW_OUTCOME_UPDATED);
  EXPECT_EQ(*Head(), Position{3});
}

TEST_F(Writer, RefusesANameWhoseNumberIsTaken) {
  ASSERT_TRUE(Upsert(EventBuilder("f", "1")).ok());
  (void)database_.Run("UPDATE event SET event = 'other'");
  const auto taken = Upsert(EventBuilder("f", "1").Title("Changed"));
  EXPECT_EQ(taken.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(taken.status()), "NAME_HASH_TAKEN");
}

TEST_F(Writer, RecoversWhenItsSessionDiesBetweenWrites) {
  ASSERT_TRUE(Upsert(EventBuilder("f", "1")).ok());
  KillSessions();
  const auto receipt = Upsert(EventBuilder("f", "2"));
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->position, Position{2});
}

TEST_F(Writer, LeavesNothingWhenItsSessionDiesInAWrite) {
  (void)database_.Run(
      "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS"
      " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10);"
      " RETURN NEW; END $$;"
      "CREATE TRIGGER die_trigger BEFORE INSERT ON event_posting FOR EACH ROW EXECUTE FUNCTION "
      "die()");
  const auto builder = EventBuilder("f", "1").Actor("a", annals::v1::PARTICIPANT_ROLE_CAPTOR);
  const auto died = Upsert(builder);
  EXPECT_EQ(died.status().code(), absl::StatusCode::kUnavailable) << died.status();
  EXPECT_EQ(*Head(), Position{0});
  EXPECT_EQ(database_.Run("SELECT count(*) FROM event"), "0");
  (void)database_.Run("DROP TRIGGER die_trigger ON event_posting");
  const auto receipt = Upsert(builder);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->position, Position{1});
}

// A constraint trigger runs in COMMIT itself: the writer hears of neither success nor failure.
TEST_F(Writer, ResolvesACommitThatWasLostAndNotStored) {
  (void)database_.Run(
      "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS"
      " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10);"
      " RETURN NEW; END $$;"
      "CREATE CONSTRAINT TRIGGER die_trigger AFTER INSERT ON commit_log"
      " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()");
  const auto died = Upsert(EventBuilder("f", "1"));
  EXPECT_EQ(died.status().code(), absl::StatusCode::kUnavailable) << died.status();
  EXPECT_EQ(*Head(), Position{0});
  (void)database_.Run("DROP TRIGGER die_trigger ON commit_log");
  EXPECT_TRUE(Upsert(EventBuilder("f", "1")).ok());
}

TEST_F(Writer, ResolvesACommitThatWasStoredButNotAnswered) {
  CuttingProxy proxy(database_.connection_string());
  storage::FeedDirectory feeds;
  storage::EventWriter writer(proxy.connection_string(), &PostgresTestGazetteer(), &feeds);
  const std::vector<storage::UpsertRow> rows = {EventBuilder("f", "1").Row()};
  proxy.CutAfterNextCommit();
  const auto receipt = UpsertWith(writer, rows);
  EXPECT_FALSE(proxy.armed());
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->position, Position{1});
  EXPECT_EQ(receipt->rows[0].outcome, annals::v1::ROW_OUTCOME_CREATED);
  EXPECT_EQ(*Head(), Position{1});
  const auto again = UpsertWith(writer, rows);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->rows[0].outcome, annals::v1::ROW_OUTCOME_UNCHANGED);
}

TEST_F(Writer, RollsBackAtItsDeadline) {
  (void)database_.Run(
      "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS"
      " $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;"
      "CREATE TRIGGER dawdle_trigger BEFORE INSERT ON commit_log"
      " FOR EACH ROW EXECUTE FUNCTION dawdle()");
  const storage::CallContext brief{storage::Visibility::All(),
                                   absl::Now() + absl::Milliseconds(500)};
  const auto late = events_.UpsertEvents(brief, {EventBuilder("f", "1").Row()}, {});
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded) << late.status();
  EXPECT_EQ(database_.Run("SELECT count(*) FROM event"), "0");
}

TEST_F(Writer, KeepsTimesToTheMicrosecondFromYear1To9999) {
  for (const char* time :
       {"0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"}) {
    ASSERT_TRUE(Upsert(EventBuilder("f", "1").Instant(time)).ok());
    EXPECT_EQ(database_.Run("SELECT " + storage::MicrosOf("occurred_start") + " FROM event"),
              std::to_string(At(time)));
  }
}

TEST_F(Writer, KeepsActorsOfActiveEventsOnly) {
  const auto builder = EventBuilder("f", "1")
                           .Actor("a", annals::v1::PARTICIPANT_ROLE_CAPTOR)
                           .Actor("a", annals::v1::PARTICIPANT_ROLE_HOLDER)
                           .Label("somebody", annals::v1::PARTICIPANT_ROLE_CAPTIVE);
  ASSERT_TRUE(Upsert(builder).ok());
  EXPECT_EQ(database_.Run("SELECT count(*) FROM event_posting"), "2");
  ASSERT_TRUE(Upsert(EventBuilder(builder).Day("2025-02-01").Title("Later")).ok());
  EXPECT_EQ(database_.Run("SELECT count(*) FROM event_posting"), "2");
  ASSERT_TRUE(events_.RetractEvent(context_, EventName{"f", "1"}, "no", "", false).ok());
  EXPECT_EQ(database_.Run("SELECT count(*) FROM event_posting"), "0");
  EXPECT_EQ(database_.Run("SELECT count(*) FROM event_revision"), "2");
}

TEST_F(Writer, ShowsReadableRowsInTheView) {
  ASSERT_TRUE(Upsert(EventBuilder("f", "1").Place(35.3, 51.2)).ok());
  EXPECT_EQ(database_.Run("SELECT name || ' ' || kind || ' ' || state || ' ' || ST_AsText(geom)"
                          " FROM event_flat"),
            "feeds/f/events/1 BATTLE ACTIVE POINT(35.3 51.2)");
}

TEST_F(Writer, NamesItsEngine) {
  const auto info = events_.Info(context_);
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_THAT(info->engine,
              ::testing::ContainsRegex("^PostgreSQL [0-9.]+, PostGIS [0-9]+\\.[0-9]+\\.[0-9]+"));
}

}  // namespace
}  // namespace annals::testing

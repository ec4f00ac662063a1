// Batches with a name, rows that were refused before they came, and the order of what is started
// without waiting.
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "tests/conformance/store_conformance.h"
#include "tests/support/offer_steps.h"

namespace annals::testing {
namespace {

using annals::v1::ROW_OUTCOME_CREATED;
using annals::v1::ROW_OUTCOME_INVALID;
using annals::v1::ROW_OUTCOME_UNCHANGED;
using annals::v1::ROW_OUTCOME_UPDATED;
using storage::ErrorField;
using storage::ErrorReason;
using storage::EventName;
using storage::Position;
using storage::UpsertOptions;
using storage::UpsertReceipt;
using storage::UpsertRow;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The answers to upserts that were started, by a number.
class Answers {
 public:
  storage::EventStore::UpsertDone Take(int number) {
    return [this, number](absl::StatusOr<UpsertReceipt> receipt) {
      const std::lock_guard lock(mutex_);
      EXPECT_TRUE(answers_.emplace(number, std::move(receipt)).second) << "answered twice";
      changed_.notify_all();
    };
  }
  std::map<int, absl::StatusOr<UpsertReceipt>> Await(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return answers_.size() >= count; });
    return answers_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int, absl::StatusOr<UpsertReceipt>> answers_;
};

class StoreBatch : public StoreConformance {
 protected:
  void SetUp() override {
    StoreConformance::SetUp();
    context_.caller.principal = "principals/anna";
  }

  UpsertReceipt Send(std::vector<UpsertRow> rows, const UpsertOptions& options) {
    auto receipt = events().UpsertEvents(context_, std::move(rows), options);
    EXPECT_TRUE(receipt.ok()) << receipt.status();
    return receipt.ok() ? *receipt : UpsertReceipt{};
  }
  std::optional<annals::v1::Event> Get(std::string_view id) {
    const auto found = events().GetEvents(context_, {EventName{"f", std::string(id)}}, {});
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? found->events.at(0) : std::nullopt;
  }
  Position Head() {
    const auto info = events().Info(context_);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.ok() ? info->position : Position{-1};
  }
  static std::vector<int> Outcomes(const UpsertReceipt& receipt) {
    std::vector<int> outcomes;
    for (const auto& row : receipt.rows) outcomes.push_back(row.outcome);
    return outcomes;
  }
  static UpsertRow Refused(UpsertRow row, std::string_view message = "title: must be given") {
    row.refused = storage::Error(absl::StatusCode::kInvalidArgument, "REQUIRED", message, "title");
    return row;
  }
};

void ExpectSame(const UpsertReceipt& again, const UpsertReceipt& first) {
  EXPECT_EQ(again.position, first.position);
  ASSERT_EQ(again.rows.size(), first.rows.size());
  for (std::size_t i = 0; i < first.rows.size(); ++i) {
    EXPECT_EQ(again.rows[i].outcome, first.rows[i].outcome) << i;
    EXPECT_EQ(again.rows[i].revision, first.rows[i].revision) << i;
    EXPECT_EQ(again.rows[i].error.code(), first.rows[i].error.code()) << i;
    EXPECT_EQ(again.rows[i].error.message(), first.rows[i].error.message()) << i;
    EXPECT_EQ(ErrorReason(again.rows[i].error), ErrorReason(first.rows[i].error)) << i;
    EXPECT_EQ(ErrorField(again.rows[i].error), ErrorField(first.rows[i].error)) << i;
  }
}

TEST_P(StoreBatch, AnswersARepeatedBatchAsAtFirst) {
  Upsert({{OfferOf("f", "offer", "P"), std::nullopt, false}, EventBuilder("f", "old").Row()});
  ASSERT_TRUE(events().AdvanceOffer(context_, {"f", "offer"}, OfferStepOf('R', 2), "", false).ok());
  // A message may end within a character: what was sent is quoted up to some length.
  const std::vector<UpsertRow> rows = {EventBuilder("f", "new").Row(),
                                       EventBuilder("f", "old").Title("Other").Row(),
                                       Refused(EventBuilder("f", "refused").Row(), "title: \xD0"),
                                       {OfferOf("f", "offer", "PCA"), 7, true}};
  const UpsertReceipt first = Send(rows, {.batch_id = "a"});
  EXPECT_THAT(Outcomes(first), ElementsAre(ROW_OUTCOME_CREATED, ROW_OUTCOME_UPDATED,
                                           ROW_OUTCOME_INVALID, ROW_OUTCOME_INVALID));
  EXPECT_EQ(first.rows[1].revision, 2);
  EXPECT_EQ(ErrorReason(first.rows[3].error), "ILLEGAL_STEP");
  Upsert({EventBuilder("f", "new").Title("Since").Row(), EventBuilder("f", "old").Row()});
  Retract("new");
  const Position head = Head();
  ExpectSame(Send(rows, {.batch_id = "a"}), first);
  ExpectSame(Send(rows, {.batch_id = "a"}), first);
  EXPECT_EQ(Head(), head);
  EXPECT_EQ(Get("new")->title(), "Since");
  EXPECT_EQ(Get("old")->revision(), 3);
}

TEST_P(StoreBatch, RemembersOneThatChangedNothing) {
  const std::vector<UpsertRow> rows = {EventBuilder("f", "1").Row()};
  Upsert(rows);
  const UpsertReceipt first = Send(rows, {.batch_id = "a"});
  EXPECT_THAT(Outcomes(first), ElementsAre(ROW_OUTCOME_UNCHANGED));
  Upsert(EventBuilder("f", "1").Title("Since"));
  ExpectSame(Send(rows, {.batch_id = "a"}), first);
  EXPECT_EQ(Get("1")->title(), "Since");
}

TEST_P(StoreBatch, IsAnotherOfAnotherPrincipal) {
  Send({EventBuilder("f", "1").Row()}, {.batch_id = "a"});
  context_.caller.principal = "principals/bert";
  EXPECT_THAT(Outcomes(Send({EventBuilder("f", "2").Row()}, {.batch_id = "a"})),
              ElementsAre(ROW_OUTCOME_CREATED));
  context_.caller.principal = "principals/anna";
  EXPECT_THAT(Outcomes(Send({EventBuilder("f", "1").Row()}, {.batch_id = "b"})),
              ElementsAre(ROW_OUTCOME_UNCHANGED));
}

TEST_P(StoreBatch, RefusesAnIdThatComesWithOtherRows) {
  const UpsertRow row = EventBuilder("f", "1").Row();
  Send({row}, {.batch_id = "a"});
  UpsertRow versioned = row, reinstating = row;
  versioned.source_version = 1;
  reinstating.reinstate = true;
  const std::vector<std::vector<UpsertRow>> others = {
      {EventBuilder("f", "1").Title("Other").Row()},
      {EventBuilder("f", "2").Title("Event 1").Row()},
      {EventBuilder("g", "1").Row()},
      {row, EventBuilder("f", "2").Row()},
      {versioned},
      {reinstating}};
  const Position head = Head();
  for (std::size_t i = 0; i < others.size(); ++i) {
    const auto receipt = events().UpsertEvents(context_, others[i], {.batch_id = "a"});
    EXPECT_EQ(receipt.status().code(), absl::StatusCode::kInvalidArgument) << i;
    EXPECT_EQ(ErrorReason(receipt.status()), "BATCH_ID_REUSED") << i;
    EXPECT_EQ(ErrorField(receipt.status()), "batch_id") << i;
  }
  EXPECT_EQ(Head(), head);
  EXPECT_FALSE(Get("2").has_value());
}

TEST_P(StoreBatch, ForgetsWhatDidNotGoIn) {
  // What only validates neither remembers nor asks.
  const std::vector<UpsertRow> rows = {EventBuilder("f", "1").Row()};
  EXPECT_THAT(Outcomes(Send(rows, {.validate_only = true, .batch_id = "a"})),
              ElementsAre(ROW_OUTCOME_CREATED));
  // Nor does a batch that failed,
  EXPECT_FALSE(
      events().UpsertEvents(context_, {EventBuilder("none", "1").Row()}, {.batch_id = "a"}).ok());
  // or that did not go in as a whole.
  const std::vector<UpsertRow> with_bad = {EventBuilder("f", "2").Row(),
                                           Refused(EventBuilder("f", "3").Row())};
  EXPECT_THAT(Outcomes(Send(with_bad, {.atomic = true, .batch_id = "a"})),
              ElementsAre(ROW_OUTCOME_CREATED, ROW_OUTCOME_INVALID));
  EXPECT_FALSE(Get("2").has_value());
  EXPECT_THAT(Outcomes(Send(rows, {.atomic = true, .batch_id = "a"})),
              ElementsAre(ROW_OUTCOME_CREATED));
  EXPECT_TRUE(Get("1").has_value());
}

TEST_P(StoreBatch, AnswersRefusedRowsAndLooksAtNothingElseOfThem) {
  UpsertRow nameless = Refused({});
  nameless.event.set_name("no name at all");
  const UpsertReceipt receipt =
      Send({Refused(EventBuilder("f", "1").Row()), EventBuilder("f", "1").Row(),
            Refused(EventBuilder("f", "1").Row()), Refused(EventBuilder("none", "2").Row()),
            nameless, EventBuilder("f", "3").Row(), Refused({})},
           {});
  ASSERT_THAT(Outcomes(receipt),
              ElementsAre(ROW_OUTCOME_INVALID, ROW_OUTCOME_CREATED, ROW_OUTCOME_INVALID,
                          ROW_OUTCOME_INVALID, ROW_OUTCOME_INVALID, ROW_OUTCOME_CREATED,
                          ROW_OUTCOME_INVALID));
  for (const auto& row : receipt.rows) {
    if (row.outcome != ROW_OUTCOME_INVALID) continue;
    EXPECT_EQ(ErrorReason(row.error), "REQUIRED");
    EXPECT_EQ(ErrorField(row.error), "title");
    EXPECT_EQ(row.revision, 0);
  }
  EXPECT_EQ(receipt.position, Head());
  EXPECT_THAT(Ids(), ElementsAre("1", "3"));
}

TEST_P(StoreBatch, TakesNoPositionWhereAllRowsAreRefused) {
  Upsert(EventBuilder("f", "1"));
  const Position head = Head();
  for (const auto& options : std::vector<UpsertOptions>{
           {}, {.validate_only = true}, {.atomic = true}, {.batch_id = "a"}}) {
    const UpsertReceipt receipt = Send({Refused(EventBuilder("none", "1").Row())}, options);
    EXPECT_THAT(Outcomes(receipt), ElementsAre(ROW_OUTCOME_INVALID));
    EXPECT_EQ(receipt.position, head);
  }
  EXPECT_EQ(Head(), head);
}

TEST_P(StoreBatch, KeepsTheOrderOfWhatIsStartedWithoutWaiting) {
  constexpr int kBatches = 50;
  Answers answers;
  for (int i = 0; i < kBatches; ++i) {
    events().StartUpsert(context_,
                         {EventBuilder("f", "1").Title(fmt::format("Title {}", i)).Row(),
                          EventBuilder("f", fmt::format("own-{}", i)).Row()},
                         {}, answers.Take(i));
  }
  Position before{0};
  for (auto& [i, receipt] : answers.Await(kBatches)) {
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    EXPECT_EQ(receipt->rows.at(0).revision, i + 1);
    EXPECT_EQ(receipt->rows.at(1).outcome, ROW_OUTCOME_CREATED);
    EXPECT_GT(receipt->position, before);
    before = receipt->position;
  }
  EXPECT_EQ(before, Head());
  EXPECT_EQ(Get("1")->revision(), kBatches);
  EXPECT_EQ(Get("1")->title(), fmt::format("Title {}", kBatches - 1));
}

// One that only validates keeps its place, and so does one that fails.
TEST_P(StoreBatch, KeepsTheOrderOfWhatChangesNothing) {
  Answers answers;
  const auto start = [&](int number, const EventBuilder& event, const UpsertOptions& options) {
    events().StartUpsert(context_, {event.Row()}, options, answers.Take(number));
  };
  start(0, EventBuilder("f", "1"), {});
  start(1, EventBuilder("f", "1"), {.validate_only = true});
  start(2, EventBuilder("none", "1"), {});
  start(3, EventBuilder("f", "1").Title("Other"), {.validate_only = true});
  start(4, EventBuilder("f", "1").Title("Other"), {});
  start(5, EventBuilder("f", "1").Title("Other"), {.batch_id = "a"});
  start(6, EventBuilder("f", "1").Title("Other"), {.batch_id = "a"});
  start(7, EventBuilder("f", "1").Title("More"), {.batch_id = "a"});
  const auto all = answers.Await(8);
  const std::map<int, int> outcomes = {{0, ROW_OUTCOME_CREATED},   {1, ROW_OUTCOME_UNCHANGED},
                                       {3, ROW_OUTCOME_UPDATED},   {4, ROW_OUTCOME_UPDATED},
                                       {5, ROW_OUTCOME_UNCHANGED}, {6, ROW_OUTCOME_UNCHANGED}};
  for (const auto& [number, outcome] : outcomes) {
    const auto& receipt = all.at(number);
    ASSERT_TRUE(receipt.ok()) << number << receipt.status();
    EXPECT_THAT(Outcomes(*receipt), ElementsAre(outcome)) << number;
  }
  EXPECT_EQ(ErrorReason(all.at(2).status()), "FEED_NOT_FOUND");
  EXPECT_EQ(ErrorReason(all.at(7).status()), "BATCH_ID_REUSED");
  EXPECT_EQ(Get("1")->title(), "Other");
}

ANNALS_ON_EVERY_STORE(StoreBatch);

}  // namespace
}  // namespace annals::testing

// The memory model and PostgreSQL are given the same writes and asked the same random questions;
// they agree row for row. ANNALS_SEED repeats a run.
#include <map>

#include "storage/event_columns.h"
#include "tests/conformance/store_conformance.h"
#include "tests/support/offer_steps.h"
#include "tests/support/random_record.h"

namespace annals::testing {
namespace {

using storage::CallContext;
using storage::Dimension;
using storage::EventOrder;
using storage::EventQuery;
using storage::PageSpec;
using storage::Snapshot;
using storage::Visibility;

constexpr int kEvents = 20'000;
constexpr int kBatches = 12;
constexpr int kQuestions = 2'000;
constexpr int kPagesMax = 2;  // of one answer; a longer one is compared as far as that

class Differential : public ::testing::Test {
 protected:
  void SetUp() override {
    for (auto* store : {memory_.get(), postgres_.get()}) {
      for (const char* id : {"f", "g", "h"}) {
        annals::v1::Feed feed;
        feed.set_name(fmt::format("feeds/{}", id));
        feed.set_title("Feed");
        feed.set_licence("CC0-1.0");
        if (feed.name() == "feeds/h") {
          feed.set_visibility(annals::v1::FEED_VISIBILITY_RESTRICTED);
          feed.add_readers("principals/anna");
        }
        ASSERT_TRUE(store->catalog().CreateFeed(context_, feed).ok());
      }
    }
  }

  // Batches of new events, corrections, re-sends and reinstatements, with retractions between.
  void Write() {
    for (int batch = 0; batch < kBatches; ++batch) {
      std::map<std::string, storage::UpsertRow> rows;
      for (int i = 0; i < kEvents / kBatches; ++i) {
        const std::string id =
            std::to_string(Chance(0.2) ? random_.Below(kEvents) : batch * kEvents / kBatches + i);
        const std::string feed = random_.Chance(0.6) ? "f" : random_.Chance(0.6) ? "g" : "h";
        rows[feed + id] = {random_.Event(feed, id), std::nullopt, Chance(0.5)};
      }
      std::vector<storage::UpsertRow> sent;
      for (auto& [name, row] : rows) sent.push_back(std::move(row));
      const auto a = memory_->events().UpsertEvents(context_, sent, {});
      const auto b = postgres_->events().UpsertEvents(context_, sent, {});
      ASSERT_TRUE(a.ok() && b.ok()) << a.status() << b.status();
      ASSERT_EQ(a->position, b->position);
      for (std::size_t i = 0; i < sent.size(); ++i) {
        ASSERT_EQ(a->rows[i].outcome, b->rows[i].outcome) << sent[i].event.name();
        ASSERT_EQ(a->rows[i].revision, b->rows[i].revision) << sent[i].event.name();
      }
      for (int i = 0; i < 10; ++i) Retract(std::to_string(random_.Below(kEvents)));
      for (int i = 0; i < 30; ++i) Advance(std::to_string(random_.Below(kEvents)));
      for (int i = 0; i < 100; ++i) MergeSome();
      Redact(std::to_string(random_.Below(kEvents)));
    }
  }

  void Retract(const std::string& id) {
    const storage::EventName name{"f", id};
    const auto a = memory_->events().RetractEvent(context_, name, "no", "", false);
    const auto b = postgres_->events().RetractEvent(context_, name, "no", "", false);
    ASSERT_EQ(a.status().code(), b.status().code());
    if (a.ok()) {
      ASSERT_EQ(a->position, b->position);
    }
  }

  void Advance(const std::string& id) {
    const storage::EventName name{"f", id};
    const auto letter = kOfferLetters[static_cast<std::size_t>(random_.Below(10))];
    const auto step = OfferStepOf(letter, 1 + random_.Below(9));
    const auto a = memory_->events().AdvanceOffer(context_, name, step, "", false);
    const auto b = postgres_->events().AdvanceOffer(context_, name, step, "", false);
    ASSERT_EQ(a.status().message(), b.status().message());
    if (a.ok()) {
      ASSERT_EQ(a->position, b->position);
    }
  }

  std::string Id() { return std::to_string(random_.Below(kEvents)); }

  // Merges one to three events, most of them into one that is there, and undoes some merges.
  void MergeSome() {
    storage::MergeOrder order{{}, {}, {Chance(0.5) ? "g" : "f", Id()}, "no"};
    for (int i = random_.Below(3); i >= 0; --i) order.sources.push_back({"f", Id()});
    const auto a = memory_->events().MergeEvents(context_, order, false);
    const auto b = postgres_->events().MergeEvents(context_, order, false);
    ASSERT_EQ(storage::ErrorReason(a.status()), storage::ErrorReason(b.status()));
    if (!a.ok()) return;
    ASSERT_EQ(a->position, b->position);
    ++merges_;
    if (!Chance(0.3)) return;
    const auto c = memory_->events().UnmergeEvents(context_, order.sources, "no", false);
    const auto d = postgres_->events().UnmergeEvents(context_, order.sources, "no", false);
    ASSERT_TRUE(c.ok() && d.ok()) << c.status() << d.status();
    ASSERT_EQ(c->position, d->position);
  }

  void Redact(const std::string& id) {
    const auto a = memory_->events().RedactEvent(context_, {"f", id}, "no", false);
    const auto b = postgres_->events().RedactEvent(context_, {"f", id}, "no", false);
    ASSERT_EQ(a.status().code(), b.status().code());
    if (a.ok()) {
      ASSERT_EQ(a->position, b->position);
    }
  }

  bool Chance(double share) { return random_.Chance(share); }

  // Rows of the answer, page by page, without the times that each store gives itself. `*whole`
  // tells whether these are all.
  std::vector<std::string> Walk(storage::EventStore& store, const CallContext& context,
                                const EventQuery& query, PageSpec page, const Snapshot& snapshot,
                                bool* whole) {
    std::vector<std::string> rows;
    int pages = 0;
    do {
      auto answer = store.ListEvents(context, query, page, snapshot);
      EXPECT_TRUE(answer.ok()) << answer.status();
      if (!answer.ok()) break;
      EXPECT_TRUE(answer->events.empty() || std::ssize(answer->events) <= page.limit);
      EXPECT_EQ(answer->events.size(), answer->strengths.size());
      for (std::size_t i = 0; i < answer->events.size(); ++i) {
        annals::v1::Event& event = answer->events[i];
        event.clear_create_time();
        event.clear_update_time();
        event.clear_etag();
        if (event.has_exchange_offer()) {
          for (auto& step : *event.mutable_exchange_offer()->mutable_steps()) {
            if (step.has_advance_time()) step.mutable_advance_time()->Clear();
          }
        }
        rows.push_back(
            fmt::format("{}{}", static_cast<int>(answer->strengths[i]), event.SerializeAsString()));
      }
      page.after = answer->next;
    } while (page.after && ++pages < kPagesMax);
    *whole = !page.after;
    return rows;
  }

  int merges_ = 0;
  const std::uint64_t seed_ = TestSeed();
  RandomRecord random_{&TestGazetteer(), seed_};
  std::unique_ptr<StoreUnderTest> memory_ = MakeMemoryStore();
  std::unique_ptr<StoreUnderTest> postgres_ = MakePostgresStore();
  const CallContext context_{.visibility = Visibility::All()};
  // Those who ask: one sees all by right, one by name, one owns what is hidden from the last.
  const std::vector<CallContext> callers_ = {
      context_,
      {.visibility = Visibility::Of({"principals/anna"}, {})},
      {.visibility = Visibility::Of({}, {"h"})},
      {.visibility = Visibility::Of({"principals/bob"}, {})}};
};

std::string Describe(const EventQuery& query, int question) {
  return fmt::format(
      "question {}: match {} area {} regions {} occurred {} reported {} kinds {} actors {} "
      "feeds {} retracted {}",
      question, static_cast<int>(query.match),
      query.area ? static_cast<int>(query.area->area.shape().index()) : -1,
      query.regions ? query.regions->codes.size() : 0, !query.occurred.unbounded(),
      !query.reported.unbounded(), query.kinds.size(),
      query.actors ? static_cast<int>(query.actors->size()) : -1, query.feeds.size(),
      query.include_retracted);
}

TEST_F(Differential, MemoryAndPostgresAgree) {
  fmt::print("ANNALS_SEED={}\n", seed_);
  RecordProperty("seed", std::to_string(seed_));
  ASSERT_NO_FATAL_FAILURE(Write());
  if (HasFailure()) return;
  const auto head = memory_->events().Info(context_);
  ASSERT_TRUE(head.ok());
  constexpr std::array kOrders = {EventOrder::kOccurredNewestFirst,
                                  EventOrder::kOccurredOldestFirst,
                                  EventOrder::kRecordedNewestFirst};
  std::size_t found = 0;
  for (int question = 0; question < kQuestions; ++question) {
    const EventQuery query = random_.Query();
    SCOPED_TRACE(Describe(query, question));
    const PageSpec page{.order = kOrders[static_cast<std::size_t>(random_.Below(3))],
                        .limit = 1 + random_.Below(random_.Chance(0.5) ? 20 : 1000)};
    Snapshot snapshot;
    if (Chance(0.3)) {
      snapshot.as_of = storage::Position{random_.Below(static_cast<int>(head->position.value) + 1)};
    }
    const CallContext& caller = callers_[static_cast<std::size_t>(random_.Below(4))];
    bool whole = false, actual_whole = false;
    const auto expected = Walk(memory_->events(), caller, query, page, snapshot, &whole);
    const auto actual = Walk(postgres_->events(), caller, query, page, snapshot, &actual_whole);
    ASSERT_EQ(expected.size(), actual.size());
    ASSERT_EQ(whole, actual_whole);
    ASSERT_TRUE(expected == actual);
    found += expected.size();
    std::vector<Dimension> dimensions;
    for (int i = random_.Below(3); i > 0; --i) {
      const Dimension dimension{static_cast<Dimension::Kind>(random_.Below(11))};
      if (dimensions.empty() || dimensions[0].kind != dimension.kind) {
        dimensions.push_back(dimension);
      }
    }
    const auto a = memory_->events().SummarizeEvents(caller, query, dimensions, snapshot);
    const auto b = postgres_->events().SummarizeEvents(caller, query, dimensions, snapshot);
    ASSERT_TRUE(a.ok() && b.ok()) << a.status() << b.status();
    EXPECT_EQ(a->totals, b->totals);
    if (whole) {
      EXPECT_EQ(a->totals.event_count, std::ssize(expected));
    }
    EXPECT_EQ(a->record_count, b->record_count);
    EXPECT_EQ(a->remainder_count, b->remainder_count);
    ASSERT_TRUE(a->groups == b->groups);
  }
  // Questions that find nothing would prove nothing.
  EXPECT_GT(found, 10'000U);
  EXPECT_GT(merges_, 3);
}

}  // namespace
}  // namespace annals::testing

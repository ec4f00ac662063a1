// Exchange offers: which steps are taken, and that what was added stays. ANNALS_SEED repeats a run.
#include <algorithm>
#include <numeric>
#include <random>

#include "tests/conformance/store_conformance.h"
#include "tests/support/offer_steps.h"
#include "tests/support/random_record.h"

namespace annals::testing {
namespace {

using annals::v1::OfferStep;
using annals::v1::ROW_OUTCOME_CREATED;
using annals::v1::ROW_OUTCOME_INVALID;
using annals::v1::ROW_OUTCOME_UNCHANGED;
using annals::v1::ROW_OUTCOME_UPDATED;
using storage::ErrorField;
using storage::ErrorReason;
using storage::EventName;
using storage::Position;
using ::testing::ElementsAre;

class StoreOffer : public StoreConformance {
 protected:
  absl::StatusOr<storage::AdvanceReceipt> Advance(std::string_view id, const OfferStep& step,
                                                  std::string_view etag = "",
                                                  bool validate_only = false) {
    return events().AdvanceOffer(context_, EventName{"f", std::string(id)}, step, etag,
                                 validate_only);
  }
  // REQUIRES that the step is taken.
  annals::v1::Event Advanced(std::string_view id, const OfferStep& step) {
    auto receipt = Advance(id, step);
    EXPECT_TRUE(receipt.ok()) << receipt.status();
    return receipt.ok() ? std::move(receipt->event) : annals::v1::Event();
  }
  storage::UpsertReceipt Send(const annals::v1::Event& event, bool reinstate = false) {
    return Upsert({{event, std::nullopt, reinstate}});
  }
  annals::v1::Event Get(std::string_view id, storage::Snapshot snapshot = {}) {
    const auto found = events().GetEvents(context_, {EventName{"f", std::string(id)}}, snapshot);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() && found->events.at(0) ? *found->events.at(0) : annals::v1::Event();
  }
  static int OutcomeOf(const storage::UpsertReceipt& receipt) {
    return receipt.rows.empty() ? 0 : receipt.rows[0].outcome;
  }
};

// The steps, without when they were added.
std::string HistoryOf(annals::v1::Event event) {
  for (auto& step : *event.mutable_exchange_offer()->mutable_steps()) {
    if (step.has_advance_time()) step.mutable_advance_time()->Clear();
  }
  return event.exchange_offer().DebugString();
}

TEST_P(StoreOffer, TakesInEveryLegalPathAndNoOther) {
  std::vector<std::string> paths;
  ForEveryOffer(4, [&](const std::string& letters) { paths.push_back(letters); });
  for (std::size_t begin = 0; begin < paths.size(); begin += 5'000) {
    std::vector<storage::UpsertRow> rows;
    const std::size_t end = std::min(paths.size(), begin + 5'000);
    for (std::size_t i = begin; i < end; ++i) {
      rows.push_back({OfferOf("f", "x" + paths[i], paths[i]), std::nullopt, false});
    }
    const auto receipt = Upsert(std::move(rows));
    ASSERT_EQ(receipt.rows.size(), end - begin);
    for (std::size_t i = begin; i < end; ++i) {
      const auto& row = receipt.rows[i - begin];
      ASSERT_EQ(row.outcome == ROW_OUTCOME_CREATED, IsLegalOffer(paths[i])) << paths[i];
      EXPECT_EQ(row.error.ok(), IsLegalOffer(paths[i]));
      if (!row.error.ok()) {
        ASSERT_EQ(ErrorReason(row.error), "ILLEGAL_STEP") << paths[i];
      }
    }
  }
}

TEST_P(StoreOffer, TakesEveryLegalStepAndNoOther) {
  std::vector<std::string> paths;
  std::vector<storage::UpsertRow> rows;
  ForEveryOffer(3, [&](const std::string& letters) {
    if (!IsLegalOffer(letters)) return;
    paths.push_back(letters);
    rows.push_back({OfferOf("f", "x" + letters, letters), std::nullopt, false});
  });
  Upsert(std::move(rows));
  for (const std::string& path : paths) {
    for (const char letter : kOfferLetters) {
      const std::string longer = path + letter;
      const auto receipt =
          Advance("x" + path, OfferStepOf(letter, static_cast<int>(longer.size())), "", true);
      ASSERT_EQ(receipt.ok(), IsLegalOffer(longer)) << longer << " " << receipt.status();
      if (receipt.ok()) {
        EXPECT_EQ(LettersOf(receipt->event), longer);
        EXPECT_EQ(receipt->event.exchange_offer().status(), 1 + kOfferLetters.find(letter));
      } else {
        EXPECT_EQ(receipt.status().code(), absl::StatusCode::kFailedPrecondition);
        EXPECT_EQ(ErrorReason(receipt.status()), "ILLEGAL_STEP");
      }
    }
  }
}

// Steps of one life cycle may come in any order, from the feed or added here: no one is refused,
// and the record comes to be the same.
TEST_P(StoreOffer, ComesToTheSameHistoryInWhateverOrderStepsArrive) {
  std::mt19937_64 random(TestSeed());
  for (const std::string path : {"PCAE", "PASpE", "PCCR", "ASX", "PSO"}) {
    std::vector<int> order(path.size());
    std::iota(order.begin(), order.end(), 0);
    for (int run = 0; run < 12; ++run) {
      const std::string id = fmt::format("{}-{}", path, run);
      // Those that the feed knows, sent all anew with each that it comes to know.
      const auto sent = static_cast<std::size_t>(random() % path.size());
      annals::v1::Event content = OfferOf("f", id, "");
      ASSERT_EQ(OutcomeOf(Send(content)), ROW_OUTCOME_CREATED);
      std::ranges::shuffle(order, random);
      for (const int i : order) {
        const auto index = static_cast<std::size_t>(i);
        const OfferStep step = OfferStepOf(path[index], i + 1);
        if (index >= sent) {
          Advanced(id, step);
          continue;
        }
        *content.mutable_exchange_offer()->add_steps() = step;
        ASSERT_EQ(OutcomeOf(Send(content)), ROW_OUTCOME_UPDATED);
      }
      EXPECT_EQ(LettersOf(Get(id)), path);
      EXPECT_EQ(OutcomeOf(Send(Get(id))), ROW_OUTCOME_UNCHANGED);
    }
  }
}

// An offer that was made anew: steps that are refused are tried again until no more is taken. The
// history stays a path throughout, and in order of date all of it is taken.
TEST_P(StoreOffer, StaysAPathWhateverIsTried) {
  std::mt19937_64 random(TestSeed());
  const std::string path = "PARPCE";
  int whole = 0;
  for (int run = 0; run < 20; ++run) {
    const std::string id = fmt::format("again-{}", run);
    Send(OfferOf("f", id, ""));
    std::vector<int> left(path.size());
    std::iota(left.begin(), left.end(), 0);
    if (run > 0) std::ranges::shuffle(left, random);
    for (bool progress = true; progress;) {
      progress = false;
      for (auto it = left.begin(); it != left.end();) {
        const auto receipt = Advance(id, OfferStepOf(path[static_cast<std::size_t>(*it)], *it + 1));
        if (!receipt.ok()) {
          EXPECT_EQ(ErrorReason(receipt.status()), "ILLEGAL_STEP");
          ++it;
          continue;
        }
        EXPECT_TRUE(IsLegalOffer(LettersOf(receipt->event))) << LettersOf(receipt->event);
        it = left.erase(it);
        progress = true;
      }
    }
    whole += LettersOf(Get(id)) == path ? 1 : 0;
    if (run == 0) {
      EXPECT_EQ(LettersOf(Get(id)), path);
    }
  }
  EXPECT_GE(whole, 1);
}

TEST_P(StoreOffer, AdvancesInANewRevision) {
  Send(OfferOf("f", "1", "P"));
  const auto before = Get("1");
  OfferStep step = OfferStepOf('A', 5);
  step.set_note("both said so");
  const auto receipt = Advance("1", step);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->position, Position{2});
  EXPECT_EQ(receipt->event.revision(), 2);
  EXPECT_NE(receipt->event.etag(), before.etag());
  EXPECT_EQ(receipt->event.exchange_offer().status(), annals::v1::OFFER_STATUS_AGREED);
  EXPECT_EQ(Get("1").DebugString(), receipt->event.DebugString());
  EXPECT_EQ(storage::ToMicros(Get("1").exchange_offer().steps(1).advance_time()),
            storage::ToMicros(Get("1").update_time()));
  EXPECT_EQ(Get("1", {Position{1}}).DebugString(), before.DebugString());
  const auto revisions = events().ListRevisions(context_, EventName{"f", "1"}, std::nullopt, 10);
  ASSERT_TRUE(revisions.ok()) << revisions.status();
  EXPECT_EQ(revisions->revisions.size(), 2U);
  // The note is content, not a reason: it goes where the content goes.
  EXPECT_EQ(revisions->revisions[0].audit.reason(), "");
}

TEST_P(StoreOffer, TakesAStepOnceHoweverOftenItIsSent) {
  Send(OfferOf("f", "1", "P"));
  const auto first = Advanced("1", OfferStepOf('A', 5));
  const auto again = Advance("1", OfferStepOf('A', 5));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->event.DebugString(), first.DebugString());
  EXPECT_EQ(again->position, Position{2});
}

TEST_P(StoreOffer, ChangesNothingWhenOnlyValidating) {
  Send(OfferOf("f", "1", "P"));
  const auto receipt = Advance("1", OfferStepOf('A', 5), "", true);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->event.revision(), 2);
  EXPECT_EQ(receipt->position, Position{1});
  EXPECT_EQ(Get("1").revision(), 1);
}

TEST_P(StoreOffer, NeverUndoesAnAddedStepByIngest) {
  const auto content = OfferOf("f", "1", "P");
  Send(content);
  Advanced("1", OfferStepOf('A', 5));
  // The same content, and the record itself.
  EXPECT_EQ(OutcomeOf(Send(content)), ROW_OUTCOME_UNCHANGED);
  EXPECT_EQ(OutcomeOf(Send(Get("1"))), ROW_OUTCOME_UNCHANGED);
  EXPECT_EQ(LettersOf(Get("1")), "PA");
  // Other content.
  EXPECT_EQ(OutcomeOf(Send(OfferOf("f", "1", "PC"))), ROW_OUTCOME_UPDATED);
  EXPECT_EQ(LettersOf(Get("1")), "PCA");
  EXPECT_EQ(OutcomeOf(Send(OfferOf("f", "1", ""))), ROW_OUTCOME_UPDATED);
  EXPECT_EQ(LettersOf(Get("1")), "A");
  EXPECT_EQ(OutcomeOf(Send(Get("1"))), ROW_OUTCOME_UNCHANGED);
  // No details at all say the same.
  auto bare = OfferOf("f", "1", "");
  bare.clear_details();
  EXPECT_EQ(OutcomeOf(Send(bare)), ROW_OUTCOME_UNCHANGED);
  EXPECT_EQ(Get("1").exchange_offer().status(), annals::v1::OFFER_STATUS_AGREED);
  // Retracted and reinstated.
  Retract("1");
  EXPECT_EQ(LettersOf(Get("1")), "A");
  EXPECT_EQ(OutcomeOf(Send(content, true)), ROW_OUTCOME_UPDATED);
  EXPECT_EQ(LettersOf(Get("1")), "PA");
  EXPECT_EQ(Get("1").exchange_offer().steps(1).advance_time().DebugString(),
            Get("1", {Position{2}}).exchange_offer().steps(1).advance_time().DebugString());
}

TEST_P(StoreOffer, CountsAStepOnceThatTheFeedSendsToo) {
  Send(OfferOf("f", "1", "P"));
  Advanced("1", OfferStepOf('A', 2));
  EXPECT_EQ(OutcomeOf(Send(OfferOf("f", "1", "PA"))), ROW_OUTCOME_UPDATED);
  EXPECT_EQ(LettersOf(Get("1")), "PA");
  EXPECT_TRUE(Get("1").exchange_offer().steps(1).sent_by_feed());
  EXPECT_EQ(OutcomeOf(Send(Get("1"))), ROW_OUTCOME_UNCHANGED);
  EXPECT_EQ(OutcomeOf(Send(OfferOf("f", "1", "P"))), ROW_OUTCOME_UPDATED);
  EXPECT_EQ(LettersOf(Get("1")), "PA");
  EXPECT_FALSE(Get("1").exchange_offer().steps(1).sent_by_feed());
  // The other way round.
  Send(OfferOf("f", "2", "PA"));
  Advanced("2", OfferStepOf('A', 2));
  EXPECT_EQ(LettersOf(Get("2")), "PA");
  Send(OfferOf("f", "2", "P"));
  EXPECT_EQ(HistoryOf(Get("2")), HistoryOf(Get("1")));
}

TEST_P(StoreOffer, RefusesContentThatIsAtOddsWithAddedSteps) {
  Send(OfferOf("f", "1", "P"));
  Advanced("1", OfferStepOf('R', 2));
  std::vector<storage::UpsertRow> rows = {
      {OfferOf("f", "1", "PCA"), std::nullopt, false},
      {EventBuilder("f", "1").Build(), std::nullopt, false},
      {OfferOf("f", "2", "P"), std::nullopt, false},
  };
  const auto odd = Upsert({rows[0], rows[2]});
  EXPECT_EQ(odd.rows.at(0).outcome, ROW_OUTCOME_INVALID);
  EXPECT_EQ(odd.rows.at(0).revision, 0);
  EXPECT_EQ(ErrorReason(odd.rows.at(0).error), "ILLEGAL_STEP");
  EXPECT_EQ(ErrorField(odd.rows.at(0).error), "exchange_offer.steps[2]");
  EXPECT_EQ(odd.rows.at(1).outcome, ROW_OUTCOME_CREATED);
  const auto other = Upsert({rows[1]});
  EXPECT_EQ(ErrorReason(other.rows.at(0).error), "OFFER_WAS_ADVANCED");
  EXPECT_EQ(ErrorField(other.rows.at(0).error), "kind");
  EXPECT_EQ(LettersOf(Get("1")), "PR");
  EXPECT_EQ(Get("1").revision(), 2);
  EXPECT_EQ(LettersOf(Get("2")), "P");
}

TEST_P(StoreOffer, TakesNoneOfAnAtomicBatchWithARefusedRow) {
  Send(OfferOf("f", "1", "P"));
  Advanced("1", OfferStepOf('R', 2));
  const std::vector<storage::UpsertRow> rows = {
      {OfferOf("f", "2", "P"), std::nullopt, false},
      {OfferOf("f", "1", "PCA"), std::nullopt, false},
      {EventBuilder("g", "1").Label("A new band", annals::v1::PARTICIPANT_ROLE_OTHER).Build(),
       std::nullopt, false},
  };
  const auto receipt = events().UpsertEvents(context_, rows, {.atomic = true});
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->rows.at(0).outcome, ROW_OUTCOME_CREATED);
  EXPECT_EQ(receipt->rows.at(1).outcome, ROW_OUTCOME_INVALID);
  EXPECT_EQ(receipt->position, Position{2});
  EXPECT_THAT(Ids(), ElementsAre("1"));
  const auto dry = events().UpsertEvents(context_, rows, {.validate_only = true});
  ASSERT_TRUE(dry.ok()) << dry.status();
  EXPECT_EQ(dry->rows.at(1).outcome, ROW_OUTCOME_INVALID);
  EXPECT_EQ(dry->position, Position{2});
  const auto each = events().UpsertEvents(context_, rows, {});
  ASSERT_TRUE(each.ok()) << each.status();
  EXPECT_EQ(each->position, Position{3});
  EXPECT_EQ(Ids().size(), 3U);
}

TEST_P(StoreOffer, IsNotHeldUpByDisputedSteps) {
  Send(OfferOf("f", "1", "P"));
  for (const char letter : kOfferLetters) {
    OfferStep claim = OfferStepOf(letter, 2);
    claim.set_disputed(true);
    Advanced("1", claim);
  }
  EXPECT_EQ(Get("1").exchange_offer().status(), annals::v1::OFFER_STATUS_PROPOSED);
  EXPECT_EQ(Get("1").exchange_offer().steps_size(), 11);
  Advanced("1", OfferStepOf('E', 3));
  EXPECT_EQ(LettersOf(Get("1")), "PE");
  EXPECT_EQ(OutcomeOf(Send(OfferOf("f", "1", "PA"))), ROW_OUTCOME_UPDATED);
  EXPECT_EQ(LettersOf(Get("1")), "PAE");
}

TEST_P(StoreOffer, AdvancesNothingButAnActiveOffer) {
  Upsert(EventBuilder("f", "battle"));
  Send(OfferOf("f", "1", "P"));
  const std::string etag = Get("1").etag();
  const auto reason = [&](std::string_view id, std::string_view guard = "") {
    return ErrorReason(Advance(id, OfferStepOf('A', 5), guard).status());
  };
  EXPECT_EQ(reason("none"), "EVENT_NOT_FOUND");
  EXPECT_EQ(reason("battle"), "NOT_AN_OFFER");
  EXPECT_EQ(Advance("1", OfferStepOf('A', 5), "other").status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(reason("1", "other"), "ETAG_MISMATCH");
  EXPECT_EQ(reason("1", etag), "");
  EXPECT_EQ(reason("1", etag), "ETAG_MISMATCH");
  Retract("1");
  EXPECT_EQ(reason("1"), "NOT_ACTIVE");
  EXPECT_EQ(LettersOf(Get("1")), "PA");
}

TEST_P(StoreOffer, AdvancesAnOfferOfWhichNothingMoreIsKnown) {
  Upsert(EventBuilder("f", "1").Kind(annals::v1::EVENT_KIND_EXCHANGE_OFFER));
  EXPECT_EQ(LettersOf(Advanced("1", OfferStepOf('P', 1))), "P");
  EXPECT_EQ(OutcomeOf(Upsert(EventBuilder("f", "1").Kind(annals::v1::EVENT_KIND_EXCHANGE_OFFER))),
            ROW_OUTCOME_UNCHANGED);
  EXPECT_EQ(OutcomeOf(Send(Get("1"))), ROW_OUTCOME_UNCHANGED);
}

TEST_P(StoreOffer, HidesOffersOfFeedsThatTheCallerDoesNotSee) {
  annals::v1::Feed feed;
  feed.set_name("feeds/s");
  feed.set_title("Hidden");
  feed.set_licence("CC0-1.0");
  feed.set_visibility(annals::v1::FEED_VISIBILITY_RESTRICTED);
  storage::CallContext admin;
  admin.visibility = storage::Visibility::All();
  ASSERT_TRUE(catalog().CreateFeed(admin, feed).ok());
  ASSERT_TRUE(
      events().UpsertEvents(admin, {{OfferOf("s", "1", "P"), std::nullopt, false}}, {}).ok());
  const auto refused =
      events().AdvanceOffer(context_, EventName{"s", "1"}, OfferStepOf('A', 2), "", false);
  EXPECT_EQ(ErrorReason(refused.status()), "EVENT_NOT_FOUND");
}

ANNALS_ON_EVERY_STORE(StoreOffer);

}  // namespace
}  // namespace annals::testing

#include "clients/cli/event_diff.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace annals::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "field: before -> after", as tables show them.
std::vector<std::string> Texts(const v1::Event& before, const v1::Event& after) {
  std::vector<std::string> texts;
  for (const FieldChange& change : EventDiff(before, after)) {
    texts.push_back(change.field + ": " + change.before.text + " -> " + change.after.text);
  }
  return texts;
}

// The same in JSON.
std::vector<std::string> Jsons(const v1::Event& before, const v1::Event& after) {
  std::vector<std::string> texts;
  for (const FieldChange& change : EventDiff(before, after)) {
    texts.push_back(change.field + ": " + change.before.json + " -> " + change.after.json);
  }
  return texts;
}

void AddClaim(v1::Event& event, const std::string& source, const std::string& note) {
  v1::Claim& claim = *event.add_claims();
  claim.set_source(source);
  claim.set_stance(v1::CLAIM_STANCE_ASSERTS);
  claim.set_note(note);
}

void AddParticipant(v1::Event& event, const std::string& actor, v1::ParticipantRole role) {
  event.add_participants()->set_actor(actor);
  event.mutable_participants()->rbegin()->set_role(role);
}

v1::Event Battle() {
  v1::Event event;
  event.set_name("feeds/f/events/1");
  event.set_kind(v1::EVENT_KIND_BATTLE);
  event.mutable_occurred()->mutable_start()->set_seconds(1'736'640'000);  // 2025-01-12
  event.mutable_occurred()->mutable_end()->set_seconds(1'736'726'400);
  event.mutable_occurred()->set_precision(v1::TIME_PRECISION_DAY);
  event.mutable_location()->mutable_point()->set_latitude(48.9);
  event.mutable_location()->mutable_point()->set_longitude(38);
  event.mutable_fatalities()->set_best(1'200);
  AddParticipant(event, "actors/a", v1::PARTICIPANT_ROLE_INITIATOR);
  AddParticipant(event, "actors/b", v1::PARTICIPANT_ROLE_TARGET);
  AddClaim(event, "Agency", "one");
  AddClaim(event, "Ministry", "two");
  AddClaim(event, "Mayor", "three");
  event.add_tags("river");
  event.add_tags("night");
  event.set_state(v1::EVENT_STATE_ACTIVE);
  return event;
}

TEST(EventDiff, LeavesOutWhatTheServerFills) {
  v1::Event after = Battle();
  after.set_revision(2);
  after.set_etag("x");
  after.set_licence("CC0-1.0");
  after.mutable_update_time()->set_seconds(7);
  after.mutable_create_time()->set_seconds(7);
  after.mutable_location()->set_resolved_region("regions/UA-14");
  EXPECT_THAT(EventDiff(Battle(), after), IsEmpty());
}

TEST(EventDiff, TellsValuesAsTablesDo) {
  v1::Event after = Battle();
  after.set_kind(v1::EVENT_KIND_EXCHANGE_OFFER);
  after.mutable_occurred()->mutable_end()->set_seconds(1'736'754'330);
  after.mutable_location()->mutable_point()->set_longitude(38.000001);
  after.mutable_location()->set_radius_m(25'000);
  after.mutable_fatalities()->set_best(11'000);
  EXPECT_THAT(Texts(Battle(), after),
              ElementsAre("kind: battle -> exchange-offer",
                          "occurred.end: 2025-01-13 00:00 -> 2025-01-13 07:45:30",
                          "location.point: 48.9 38 -> 48.9 38.000001",
                          "location.radius_m:  -> 25000", "fatalities.best: 1,200 -> 11,000"));
  EXPECT_THAT(
      Jsons(Battle(), after),
      ElementsAre(R"(kind: "EVENT_KIND_BATTLE" -> "EVENT_KIND_EXCHANGE_OFFER")",
                  R"(occurred.end: "2025-01-13T00:00:00Z" -> "2025-01-13T07:45:30Z")",
                  R"(location.point: {"latitude":48.9,"longitude":38} -> )"
                  R"({"latitude":48.9,"longitude":38.000001})",
                  "location.radius_m: null -> 25000", R"(fatalities.best: "1200" -> "11000")"));
}

TEST(EventDiff, NeverTakesUnknownForZero) {
  v1::Event after = Battle();
  after.mutable_fatalities()->set_low(0);
  EXPECT_THAT(Texts(Battle(), after), ElementsAre("fatalities.low:  -> 0"));
  EXPECT_THAT(Jsons(Battle(), after), ElementsAre(R"(fatalities.low: null -> "0")"));
}

TEST(EventDiff, TellsAPartThatCameFieldByField) {
  v1::Event before = Battle();
  before.clear_fatalities();
  EXPECT_THAT(Texts(before, Battle()), ElementsAre("fatalities.best:  -> 1,200"));
  v1::Event after = before;
  after.mutable_capture();
  EXPECT_THAT(Texts(before, after), ElementsAre("capture:  -> {}"));
}

TEST(EventDiff, ShowsARetraction) {
  v1::Event after = Battle();
  after.set_state(v1::EVENT_STATE_RETRACTED);
  after.set_retraction_reason("Entered twice");
  EXPECT_THAT(Texts(Battle(), after),
              ElementsAre("state: active -> retracted", "retraction_reason:  -> Entered twice"));
}

TEST(EventDiff, DoesNotMarkWhatFollowsAnInsertion) {
  v1::Event after = Battle();
  after.clear_claims();
  AddClaim(after, "Blogger", "zero");
  after.mutable_claims()->MergeFrom(Battle().claims());
  EXPECT_THAT(Texts(Battle(), after),
              ElementsAre("claims[0]:  -> source: Blogger, stance: asserts, note: zero"));
  EXPECT_THAT(Jsons(after, Battle()),
              ElementsAre(R"(claims[0]: {"source":"Blogger","stance":"CLAIM_STANCE_ASSERTS",)"
                          R"("note":"zero"} -> null)"));
}

TEST(EventDiff, FollowsAnElementThatChangedAndMoved) {
  v1::Event after = Battle();
  after.clear_claims();
  AddClaim(after, "Mayor", "three");
  AddClaim(after, "Agency", "not one");
  AddClaim(after, "Ministry", "two");
  EXPECT_THAT(Texts(Battle(), after), ElementsAre("claims[1].note: one -> not one"));
}

TEST(EventDiff, TellsARoleOfAPartyApart) {
  v1::Event after = Battle();
  after.mutable_participants(1)->set_role(v1::PARTICIPANT_ROLE_CLAIMANT);
  EXPECT_THAT(Texts(Battle(), after), ElementsAre("participants[1].role: target -> claimant"));
}

TEST(EventDiff, MatchesCodesByTheirTaxonomyFirst) {
  v1::Event before;
  v1::Event after;
  const auto add = [](v1::Event& event, const char* taxonomy, const char* value) {
    event.add_codes()->set_taxonomy(taxonomy);
    event.mutable_codes()->rbegin()->set_value(value);
  };
  add(before, "dyad", "7");
  add(before, "conflict", "8");
  add(after, "conflict", "7");
  add(after, "dyad", "9");
  EXPECT_THAT(Texts(before, after),
              ElementsAre("codes[0].value: 8 -> 7", "codes[1].value: 7 -> 9"));
}

TEST(EventDiff, TellsElementsThatShareTooLittleApart) {
  v1::Event after = Battle();
  v1::Claim& claim = *after.mutable_claims(1);
  claim.Clear();
  claim.set_actor("actors/a");
  claim.set_stance(v1::CLAIM_STANCE_ASSERTS);
  EXPECT_THAT(Texts(Battle(), after),
              ElementsAre("claims[1]:  -> actor: actors/a, stance: asserts",
                          "claims[1]: source: Ministry, stance: asserts, note: two -> "));
}

TEST(EventDiff, TellsWordsOfAListAndItsOrder) {
  v1::Event after = Battle();
  after.set_tags(1, "dusk");
  after.add_tags("ford");
  EXPECT_THAT(Texts(Battle(), after), ElementsAre("tags[1]: night -> dusk", "tags[2]:  -> ford"));
  after = Battle();
  after.mutable_tags()->SwapElements(0, 1);
  EXPECT_THAT(Texts(Battle(), after), ElementsAre("tags: river; night -> night; river"));
  EXPECT_THAT(Jsons(Battle(), after),
              ElementsAre(R"(tags: ["river","night"] -> ["night","river"])"));
}

TEST(EventDiff, CountsEqualElementsEach) {
  v1::Event before;
  for (int i = 0; i < 3; ++i) AddClaim(before, "Agency", "same");
  v1::Event after = before;
  after.mutable_claims()->RemoveLast();
  EXPECT_THAT(Texts(before, after),
              ElementsAre("claims[2]: source: Agency, stance: asserts, note: same -> "));
}

TEST(EventDiff, SaysNoWhereAFlagIsNotSet) {
  v1::Event before;
  before.mutable_exchange_offer()->add_steps()->set_status(v1::OFFER_STATUS_PROPOSED);
  v1::Event after = before;
  after.mutable_exchange_offer()->mutable_steps(0)->set_disputed(true);
  EXPECT_THAT(Texts(before, after), ElementsAre("exchange_offer.steps[0].disputed: no -> yes"));
  EXPECT_THAT(Jsons(before, after), ElementsAre("exchange_offer.steps[0].disputed: false -> true"));
}

}  // namespace
}  // namespace annals::cli

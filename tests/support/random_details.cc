#include "tests/support/random_details.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "fmt/format.h"
#include "storage/geo/area.h"

namespace annals::testing {
namespace {

constexpr std::array kActors = {"ukr",      "rus",      "prk",      "tur",          "sau",
                                "ukr-army", "rus-army", "prk-army", "ukr-president"};
constexpr std::array<std::string_view, 16> kPieces = {
    "Kursk",         "Курск",       "Ґалаґан",     "ёлка",   "e\u0301 and é",
    "쿠르스크",      "كورسك",       "\u202Eright", "𝕂𝕦𝕣𝕤𝕜",  "👩‍👩‍👧",
    "\"quoted\"",    "back\\slash", "<&'/%s>",     "\uFEFF", "\uFFFF\u200B",
    "\U0010FFFF ?{}"};
constexpr std::array<std::string_view, 5> kBreaks = {"\n", "\r\n", "\t", "\u2028", " "};
// All that are in the contract: 0001-01-01, before 1970, a nanosecond, the end of 9999.
constexpr std::array<std::pair<std::int64_t, int>, 6> kTimes = {{{-62'135'596'800, 0},
                                                                 {-1, 999'999'999},
                                                                 {0, 1},
                                                                 {1'736'640'000, 0},
                                                                 {1'736'640'000, 123'456'000},
                                                                 {253'402'300'799, 999'999'999}}};
constexpr std::array<double, 8> kDegrees = {
    0, -90, 90, 51.7303, 1.0 / 3, -0.1, 89.99999999999999, std::numeric_limits<double>::min()};
constexpr std::array<double, 5> kRadiiM = {std::numeric_limits<double>::min(), 0.1, 1.0 / 3, 25'000,
                                           storage::kCircleRadiusMaxM};
constexpr std::array kCategories = {"soldier", "officer", "civilian"};
constexpr std::array kConditions = {"injured", "bandaged jaw", "unharmed"};

}  // namespace

std::string RandomDetails::Text(int pieces_max, bool one_line) {
  std::string text;
  for (int i = Below(pieces_max); i >= 0; --i) {
    text += OneOf(kPieces);
    if (i > 0) text += one_line ? " " : OneOf(kBreaks);
  }
  return text;
}

std::string RandomDetails::Actor() { return fmt::format("actors/{}", OneOf(kActors)); }

std::string RandomDetails::Region() {
  return fmt::format("regions/{}", OneOf(gazetteer_.regions()).code);
}

std::string RandomDetails::EventReference() {
  return fmt::format("feeds/{}/events/A.b_c~{}-{}", Chance(0.5) ? "f" : "elsewhere", Below(100),
                     std::string(static_cast<std::size_t>(Below(100)), 'z'));
}

std::string RandomDetails::Url() {
  return fmt::format("http{}://example.org/{}?q=%D0%9A&x={}#Курск", Chance(0.5) ? "s" : "",
                     std::string(static_cast<std::size_t>(Below(500)), 'p'), Below(1000));
}

std::int64_t RandomDetails::Number() {
  constexpr std::array<std::int64_t, 6> kNumbers = {0, 1, 2, 11'000, 999'999'999, 1'000'000'000};
  return OneOf(kNumbers);
}

google::protobuf::Timestamp RandomDetails::Time() {
  const auto& [seconds, nanos] = OneOf(kTimes);
  google::protobuf::Timestamp time;
  time.set_seconds(seconds);
  time.set_nanos(nanos);
  return time;
}

annals::v1::CountRange RandomDetails::Range() {
  std::array<std::int64_t, 3> bounds = {Number(), Number(), Number()};
  std::ranges::sort(bounds);
  annals::v1::CountRange range;
  if (Chance(0.6)) range.set_low(bounds[0]);
  if (Chance(0.6)) range.set_high(bounds[2]);
  if (Chance(0.6) || !(range.has_low() || range.has_high())) range.set_best(bounds[1]);
  return range;
}

annals::v1::ClaimedCount RandomDetails::Claimed() {
  annals::v1::ClaimedCount count;  // Contradictions are taken as they are.
  if (Chance(0.5)) count.set_low(Number());
  if (Chance(0.5)) count.set_best(Number());
  if (Chance(0.5)) count.set_high(Number());
  return count;
}

annals::v1::OccurredWindow RandomDetails::Window() {
  auto start = Time();
  auto end = Time();
  if (std::pair(end.seconds(), end.nanos()) < std::pair(start.seconds(), start.nanos())) {
    std::swap(start, end);
  }
  const bool instant = start.seconds() == end.seconds() && start.nanos() == end.nanos();
  annals::v1::OccurredWindow window;
  *window.mutable_start() = start;
  if (!instant || Chance(0.5)) *window.mutable_end() = end;
  window.set_precision(instant ? annals::v1::TIME_PRECISION_INSTANT
                               : static_cast<annals::v1::TimePrecision>(2 + Below(5)));
  return window;
}

annals::v1::CaptiveSide RandomDetails::Side() {
  annals::v1::CaptiveSide side;
  if (Chance(0.7)) side.set_side(Actor());
  if (Chance(0.7)) side.set_category(OneOf(kCategories));
  if (Chance(0.7)) *side.mutable_persons() = Range();
  if (Chance(0.7)) side.set_held_by(Actor());
  return side;
}

annals::v1::Claim RandomDetails::Claim() {
  annals::v1::Claim claim;
  if (Chance(0.5)) {
    claim.set_actor(Actor());
  } else {
    claim.set_source(Text(5));
  }
  claim.set_stance(static_cast<annals::v1::ClaimStance>(1 + Below(3)));
  if (Chance(0.5)) *claim.mutable_time() = Time();
  if (Chance(0.5)) claim.set_url(Url());
  if (Chance(0.2)) claim.set_archived_url(Url());
  if (Chance(0.2)) claim.set_sha256(std::string(64, "09af"[Below(4)]));
  if (Chance(0.5)) claim.set_reliability(static_cast<annals::v1::SourceReliability>(Below(7)));
  if (Chance(0.5)) claim.set_credibility(static_cast<annals::v1::InformationCredibility>(Below(7)));
  if (Chance(0.5)) *claim.mutable_persons() = Claimed();
  if (Chance(0.3)) *claim.mutable_fatalities() = Claimed();
  if (Chance(0.5)) claim.set_note(Text(10));
  return claim;
}

void RandomDetails::AddPlace(annals::v1::Event* event) {
  auto* location = event->mutable_location();
  if (Chance(0.6)) {
    location->mutable_point()->set_latitude(OneOf(kDegrees));
    location->mutable_point()->set_longitude(OneOf(kDegrees) * 2);
    if (location->point().longitude() == 180) location->mutable_point()->set_longitude(-180);
    if (Chance(0.5)) location->set_radius_m(OneOf(kRadiiM));
  }
  if (!location->has_point()) location->set_area_region(Region());
  location->set_precision(static_cast<annals::v1::PlacePrecision>(Below(8)));
  if (Chance(0.5)) location->set_place_name(Text(6));
  if (Chance(0.5)) location->set_region(Region());
}

void RandomDetails::AddParties(annals::v1::Event* event) {
  for (int i = Below(6); i > 0; --i) {
    auto* party = event->add_participants();
    party->set_role(static_cast<annals::v1::ParticipantRole>(1 + Below(13)));
    // Captives are never named: no random words stand for one.
    if (party->role() == annals::v1::PARTICIPANT_ROLE_CAPTIVE || Chance(0.6)) {
      party->set_actor(Actor());
    } else {
      party->set_label(Text(4));
    }
    if (Chance(0.4)) *party->mutable_persons() = Range();
  }
}

void RandomDetails::AddLists(annals::v1::Event* event) {
  for (int i = Below(5); i > 0; --i) *event->add_claims() = Claim();
  for (int i = Below(4); i > 0; --i) {
    auto* link = event->add_links();
    link->set_kind(static_cast<annals::v1::LinkKind>(1 + Below(6)));
    link->set_target(EventReference());
  }
  for (int i = Below(4); i > 0; --i) {
    auto* code = event->add_codes();
    code->set_taxonomy(fmt::format("cameo:{}", Text(2)));
    code->set_value(Text(3));
  }
  for (int i = Below(4); i > 0; --i) event->add_tags(Text(2));
}

void RandomDetails::AddCapture(annals::v1::Event* event) {
  auto* capture = event->mutable_capture();
  for (int i = Below(3); i > 0; --i) {
    auto* group = capture->add_captives();
    if (Chance(0.7)) group->set_category(OneOf(kCategories));
    if (Chance(0.7)) group->set_condition(OneOf(kConditions));
    if (Chance(0.7)) *group->mutable_persons() = Range();
  }
  if (Chance(0.5)) capture->set_circumstances("Taken during an offensive operation.");
  if (Chance(0.5)) capture->set_custodian(Actor());
  if (Chance(0.5)) capture->mutable_wishes()->set_return_count(Number());
  if (Chance(0.5)) capture->mutable_wishes()->set_stay_count(Number());
  if (Chance(0.5)) capture->mutable_wishes()->set_unknown_count(Number());
}

void RandomDetails::AddDeployment(annals::v1::Event* event) {
  auto* deployment = event->mutable_deployment();
  deployment->set_movement(static_cast<annals::v1::Movement>(Below(6)));
  if (Chance(0.7)) *deployment->mutable_strength() = Range();
  if (Chance(0.7)) deployment->set_unit(Text(5));
  if (Chance(0.5)) deployment->set_echelon(Text(1));
  if (Chance(0.5)) deployment->set_parent_unit(Text(5));
  if (Chance(0.5)) deployment->set_from_region(Region());
  if (Chance(0.5)) deployment->set_to_region(Region());
  if (Chance(0.5)) deployment->set_purpose(Text(8));
}

void RandomDetails::AddOffer(annals::v1::Event* event) {
  auto* offer = event->mutable_exchange_offer();
  for (int i = Below(3); i > 0; --i) *offer->add_offered() = Side();
  for (int i = Below(3); i > 0; --i) *offer->add_requested() = Side();
  if (Chance(0.5)) offer->set_addressee(Actor());
  for (int i = Below(3); i > 0; --i) offer->add_mediators(Actor());
  for (int i = Below(3); i > 0; --i) offer->add_conditions(Text(8));
  for (int i = Below(3); i > 0; --i) offer->add_alternatives(Text(8));
  // By date and by status at once, so that those that are not disputed form a path.
  std::int64_t day = Below(20'000);
  for (int status = 1 + Below(3); status <= 6 && Chance(0.8); status += 1 + Below(3)) {
    auto* step = offer->add_steps();
    step->set_status(static_cast<annals::v1::OfferStatus>(status));
    step->mutable_occurred()->mutable_start()->set_seconds(day * 86'400);
    step->mutable_occurred()->mutable_end()->set_seconds((day + 1) * 86'400);
    step->mutable_occurred()->set_precision(annals::v1::TIME_PRECISION_DAY);
    day += 1 + Below(30);
    if (Chance(0.5)) step->set_claimant(Chance(0.5) ? Actor() : "the agency");
    if (Chance(0.3)) step->set_url(Url());
    step->set_disputed(Chance(0.3));
    if (Chance(0.5)) step->set_note(Text(8));
  }
}

void RandomDetails::AddExchange(annals::v1::Event* event) {
  auto* exchange = event->mutable_exchange();
  for (int i = Below(4); i > 0; --i) *exchange->add_delivered() = Side();
  for (int i = Below(3); i > 0; --i) {
    auto* stage = exchange->add_stages();
    if (Chance(0.5)) *stage->mutable_occurred() = Window();
    if (Chance(0.5)) stage->set_place_name(Text(5));
    if (Chance(0.5)) stage->set_region(Region());
    if (Chance(0.5)) *stage->mutable_persons() = Range();
  }
  if (Chance(0.5)) exchange->set_offer(EventReference());
}

void RandomDetails::AddDetails(annals::v1::Event* event) {
  switch (event->kind()) {
    case annals::v1::EVENT_KIND_CAPTURE:
      return AddCapture(event);
    case annals::v1::EVENT_KIND_DEPLOYMENT:
      return AddDeployment(event);
    case annals::v1::EVENT_KIND_EXCHANGE_OFFER:
      return AddOffer(event);
    case annals::v1::EVENT_KIND_EXCHANGE:
      return AddExchange(event);
    default:
      return;
  }
}

annals::v1::Event RandomDetails::Event(const std::string& feed, const std::string& id) {
  annals::v1::Event event;
  event.set_name(fmt::format("feeds/{}/events/{}", feed, id));
  // Half are of a kind that has details.
  event.set_kind(static_cast<annals::v1::EventKind>(1 + Below(Chance(0.5) ? 4 : 17)));
  event.set_title(Text(8, /*one_line=*/true));
  if (Chance(0.6)) event.set_description(Text(40));
  if (Chance(0.6)) event.set_language_code(Chance(0.5) ? "uk" : "zh-Hant-TW");
  *event.mutable_occurred() = Window();
  if (Chance(0.6)) *event.mutable_reported_time() = Time();
  if (Chance(0.7)) AddPlace(&event);
  if (Chance(0.5)) *event.mutable_persons() = Range();
  if (Chance(0.5)) *event.mutable_fatalities() = Range();
  AddParties(&event);
  AddLists(&event);
  if (Chance(0.9)) AddDetails(&event);
  return event;
}

}  // namespace annals::testing

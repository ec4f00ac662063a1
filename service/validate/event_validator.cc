#include "service/validate/event_validator.h"

#include <algorithm>

#include "fmt/format.h"
#include "service/validate/captive_label.h"
#include "service/validate/details_checker.h"
#include "service/validate/reference_checker.h"
#include "storage/error.h"
#include "storage/event_columns.h"
#include "storage/event_name.h"
#include "storage/geo/area.h"
#include "storage/geo/lon_lat.h"

namespace annals::service {
namespace {

using annals::v1::Event;

constexpr int kLabelCharactersMax = 300;
constexpr int kTagCharactersMax = 64;
constexpr int kTaxonomyCharactersMax = 64;
constexpr int kCodeCharactersMax = 128;
constexpr std::size_t kSha256Digits = 64;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsSha256(std::string_view digits) {
  return digits.size() == kSha256Digits &&
         std::ranges::all_of(digits, [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); });
}

void CheckName(const Event& event, ReferenceChecker* check) {
  check->EventReference("name", event.name());
  if (!check->ok()) return;
  const auto name = storage::ParseEventName(event.name());
  if (!check->catalog().HasFeed(name->feed)) {
    check->Fail("name", "UNKNOWN_FEED", fmt::format("there is no feeds/{}", name->feed));
  }
}

void CheckKind(const Event& event, ReferenceChecker* check) {
  if (event.kind() == annals::v1::EVENT_KIND_UNSPECIFIED) {
    check->Fail("kind", "REQUIRED", "must be given");
  } else if (!annals::v1::EventKind_IsValid(event.kind())) {
    check->Fail("kind", "UNKNOWN_KIND", fmt::format("{} is no kind", int{event.kind()}));
  }
}

void CheckCodes(const Event& event, ReferenceChecker* check) {
  check->Items("codes", event.codes_size());
  for (int i = 0; i < event.codes_size() && check->ok(); ++i) {
    const auto scope = check->In("codes", i);
    check->RequiredText("taxonomy", event.codes(i).taxonomy(), kTaxonomyCharactersMax);
    check->RequiredText("value", event.codes(i).value(), kCodeCharactersMax);
  }
}

void CheckLocation(annals::v1::Location* location, ReferenceChecker* check) {
  const auto scope = check->In("location");
  if (location->has_point()) check->Point("point", location->point());
  if (location->has_radius_m()) {
    const double radius = location->radius_m();
    if (!(radius > 0 && radius <= storage::kCircleRadiusMaxM)) {
      check->Fail("radius_m", "RADIUS_RANGE",
                  fmt::format("must be in (0, {:.0f}]", storage::kCircleRadiusMaxM));
    }
    if (!location->has_point()) check->Fail("radius_m", "RADIUS_NEEDS_POINT", "needs a point");
    if (!location->area_region().empty()) {
      check->Fail("radius_m", "RADIUS_AND_AREA_REGION", "excludes area_region");
    }
  }
  check->Region("area_region", location->area_region());
  check->Value("precision", location->precision(), false);
  check->Text("place_name", location->place_name(), {.characters_max = kLabelCharactersMax});
  check->Region("region", location->region());
  if (check->ok() && location->has_point()) {
    auto* point = location->mutable_point();
    point->set_longitude(storage::NormalizeLongitude(point->longitude()));
  }
}

// Captives are not named by the name of an office holder, either.
bool LooksLikeAName(const CatalogSnapshot& catalog, const annals::v1::Participant& participant) {
  if (participant.role() != annals::v1::PARTICIPANT_ROLE_CAPTIVE || !participant.has_label()) {
    return false;
  }
  return LooksLikeAPersonsName(participant.label(), [&](std::string_view words) {
    return std::ranges::any_of(catalog.ActorsNamed(words), [&](const std::string& actor) {
      return catalog.FindActor(actor)->kind() != annals::v1::ACTOR_KIND_OFFICE_HOLDER;
    });
  });
}

void CheckCaptiveLabels(const Event& event, ReferenceChecker* check) {
  for (int i = 0; i < event.participants_size() && check->ok(); ++i) {
    if (!LooksLikeAName(check->catalog().catalog, event.participants(i))) continue;
    const auto scope = check->In("participants", i);
    check->Fail("label", "LOOKS_LIKE_A_NAME",
                "looks like a person's name. Captives are counted and described, never named "
                "(Geneva Convention III, article 13): say here what they are, as in \"two North "
                "Korean soldiers\", and how many in persons. Where it names nobody, an editor of "
                "the feed may send it with captive_labels_checked");
  }
}

void CheckParticipants(const Event& event, ReferenceChecker* check) {
  check->Items("participants", event.participants_size());
  for (int i = 0; i < event.participants_size() && check->ok(); ++i) {
    const auto scope = check->In("participants", i);
    const annals::v1::Participant& participant = event.participants(i);
    switch (participant.identity_case()) {
      case annals::v1::Participant::kActor:
        if (participant.actor().empty()) check->Fail("actor", "REQUIRED", "must be given");
        check->Actor("actor", participant.actor());
        break;
      case annals::v1::Participant::kLabel:
        check->RequiredText("label", participant.label(), kLabelCharactersMax);
        break;
      case annals::v1::Participant::IDENTITY_NOT_SET:
        check->Fail("", "REQUIRED", "needs an actor or a label");
    }
    check->Value("role", participant.role(), true);
    if (participant.has_persons()) check->Counts("persons", participant.persons());
  }
}

void CheckClaimed(std::string_view field, const annals::v1::ClaimedCount& count,
                  ReferenceChecker* check) {
  const auto scope = check->In(field);
  if (count.has_low()) check->Count("low", count.low());
  if (count.has_best()) check->Count("best", count.best());
  if (count.has_high()) check->Count("high", count.high());
}

void CheckClaim(const annals::v1::Claim& claim, ReferenceChecker* check) {
  switch (claim.claimant_case()) {
    case annals::v1::Claim::kActor:
      if (claim.actor().empty()) check->Fail("actor", "REQUIRED", "must be given");
      check->Actor("actor", claim.actor());
      break;
    case annals::v1::Claim::kSource:
      check->RequiredText("source", claim.source(), kNoteCharactersMax);
      break;
    case annals::v1::Claim::CLAIMANT_NOT_SET:
      check->Fail("", "REQUIRED", "needs an actor or a source");
  }
  check->Value("stance", claim.stance(), true);
  if (claim.has_time()) check->Time("time", claim.time());
  check->Url("url", claim.url());
  check->Url("archived_url", claim.archived_url());
  if (!claim.sha256().empty() && !IsSha256(claim.sha256())) {
    check->Fail("sha256", "BAD_SHA256", "must be 64 lower-case hexadecimal digits");
  }
  check->Value("reliability", claim.reliability(), false);
  check->Value("credibility", claim.credibility(), false);
  CheckClaimed("persons", claim.persons(), check);
  CheckClaimed("fatalities", claim.fatalities(), check);
  check->Text("note", claim.note(), {.characters_max = kNoteCharactersMax});
}

void CheckTexts(const Event& event, ReferenceChecker* check) {
  if (event.title().empty()) check->Fail("title", "REQUIRED", "must be given");
  check->Text("title", event.title(),
              {.characters_min = 1, .characters_max = kTitleCharactersMax, .one_line = true});
  check->Text("description", event.description(), {.characters_max = kDescriptionCharactersMax});
  check->Language("language_code", event.language_code());
}

void CheckLists(const Event& event, ReferenceChecker* check) {
  check->Items("claims", event.claims_size());
  for (int i = 0; i < event.claims_size() && check->ok(); ++i) {
    const auto scope = check->In("claims", i);
    CheckClaim(event.claims(i), check);
  }
  check->Items("links", event.links_size());
  for (int i = 0; i < event.links_size() && check->ok(); ++i) {
    const auto scope = check->In("links", i);
    check->Value("kind", event.links(i).kind(), true);
    check->EventReference("target", event.links(i).target());
  }
  check->Items("tags", event.tags_size());
  for (int i = 0; i < event.tags_size() && check->ok(); ++i) {
    const auto scope = check->In("tags", i);
    check->RequiredText("", event.tags(i), kTagCharactersMax);
  }
}

}  // namespace

absl::Status EventValidator::Validate(Event* event, bool captive_labels_checked) const {
  storage::ClearOutputOnlyFields(event);
  event->DiscardUnknownFields();
  ReferenceChecker check(gazetteer_, catalog_);
  CheckName(*event, &check);
  CheckKind(*event, &check);
  CheckCodes(*event, &check);
  check.Window("occurred", event->has_occurred(), event->occurred());
  if (event->has_reported_time()) check.Time("reported_time", event->reported_time());
  if (event->has_location()) CheckLocation(event->mutable_location(), &check);
  CheckParticipants(*event, &check);
  if (event->has_persons()) check.Counts("persons", event->persons());
  if (event->has_fatalities()) check.Counts("fatalities", event->fatalities());
  CheckTexts(*event, &check);
  if (event->details_case() != Event::DETAILS_NOT_SET) CheckDetails(*event, &check);
  CheckLists(*event, &check);
  if (!captive_labels_checked) CheckCaptiveLabels(*event, &check);
  if (check.ok() && event->ByteSizeLong() > kEventBytesMax) {
    check.Fail("", storage::Error(absl::StatusCode::kInvalidArgument, "EVENT_TOO_LARGE",
                                  fmt::format("the event has {} bytes, at most {} are taken",
                                              event->ByteSizeLong(), kEventBytesMax)));
  }
  return check.status();
}

bool EventValidator::SeemsToNameCaptives(const Event& event) const {
  return std::ranges::any_of(event.participants(), [&](const auto& participant) {
    return LooksLikeAName(catalog_.catalog, participant);
  });
}

}  // namespace annals::service

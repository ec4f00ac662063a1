#include "service/validate/details_checker.h"

#include "fmt/format.h"
#include "storage/offer_path.h"

namespace annals::service {
namespace {

using annals::v1::CaptiveSide;
using annals::v1::Event;
using annals::v1::OfferStep;
using google::protobuf::RepeatedPtrField;

constexpr int kShortCharactersMax = 64;
constexpr int kLineCharactersMax = 300;

void CheckSides(std::string_view field, const RepeatedPtrField<CaptiveSide>& sides,
                ReferenceChecker* check) {
  check->Items(field, sides.size());
  for (int i = 0; i < sides.size() && check->ok(); ++i) {
    const auto scope = check->In(field, i);
    check->Actor("side", sides[i].side());
    check->Text("category", sides[i].category(), {.characters_max = kShortCharactersMax});
    if (sides[i].has_persons()) check->Counts("persons", sides[i].persons());
    check->Actor("held_by", sides[i].held_by());
  }
}

void CheckTexts(std::string_view field, const RepeatedPtrField<std::string>& texts,
                ReferenceChecker* check) {
  check->Items(field, texts.size());
  for (int i = 0; i < texts.size() && check->ok(); ++i) {
    const auto scope = check->In(field, i);
    check->RequiredText("", texts[i], kNoteCharactersMax);
  }
}

void CheckCapture(const annals::v1::Capture& capture, ReferenceChecker* check) {
  check->Items("captives", capture.captives_size());
  for (int i = 0; i < capture.captives_size() && check->ok(); ++i) {
    const auto scope = check->In("captives", i);
    const annals::v1::CaptiveGroup& group = capture.captives(i);
    check->Text("category", group.category(), {.characters_max = kShortCharactersMax});
    check->Text("condition", group.condition(), {.characters_max = kLineCharactersMax});
    if (group.has_persons()) check->Counts("persons", group.persons());
  }
  check->Text("circumstances", capture.circumstances(), {.characters_max = kNoteCharactersMax});
  check->Actor("custodian", capture.custodian());
  const auto scope = check->In("wishes");
  const annals::v1::CaptiveWishes& wishes = capture.wishes();
  if (wishes.has_return_count()) check->Count("return_count", wishes.return_count());
  if (wishes.has_stay_count()) check->Count("stay_count", wishes.stay_count());
  if (wishes.has_unknown_count()) check->Count("unknown_count", wishes.unknown_count());
}

void CheckDeployment(const annals::v1::Deployment& deployment, ReferenceChecker* check) {
  check->Value("movement", deployment.movement(), false);
  if (deployment.has_strength()) check->Counts("strength", deployment.strength());
  check->Text("unit", deployment.unit(), {.characters_max = kLineCharactersMax});
  check->Text("echelon", deployment.echelon(), {.characters_max = kShortCharactersMax});
  check->Text("parent_unit", deployment.parent_unit(), {.characters_max = kLineCharactersMax});
  check->Region("from_region", deployment.from_region());
  check->Region("to_region", deployment.to_region());
  check->Text("purpose", deployment.purpose(), {.characters_max = kNoteCharactersMax});
}

void CheckOffer(const annals::v1::ExchangeOffer& offer, ReferenceChecker* check) {
  CheckSides("offered", offer.offered(), check);
  CheckSides("requested", offer.requested(), check);
  check->Actor("addressee", offer.addressee());
  check->Items("mediators", offer.mediators_size());
  for (int i = 0; i < offer.mediators_size() && check->ok(); ++i) {
    const auto scope = check->In("mediators", i);
    if (offer.mediators(i).empty()) check->Fail("", "REQUIRED", "must be given");
    check->Actor("", offer.mediators(i));
  }
  CheckTexts("conditions", offer.conditions(), check);
  CheckTexts("alternatives", offer.alternatives(), check);
  check->Items("steps", offer.steps_size());
  for (int i = 0; i < offer.steps_size() && check->ok(); ++i) {
    const auto scope = check->In("steps", i);
    CheckStep(offer.steps(i), check);
  }
  if (check->ok()) check->Fail("", storage::CheckPath(offer.steps()));
}

void CheckExchange(const annals::v1::Exchange& exchange, ReferenceChecker* check) {
  CheckSides("delivered", exchange.delivered(), check);
  check->Items("stages", exchange.stages_size());
  for (int i = 0; i < exchange.stages_size() && check->ok(); ++i) {
    const auto scope = check->In("stages", i);
    const annals::v1::ExchangeStage& stage = exchange.stages(i);
    if (stage.has_occurred()) check->Window("occurred", true, stage.occurred());
    check->Text("place_name", stage.place_name(), {.characters_max = kLineCharactersMax});
    check->Region("region", stage.region());
    if (stage.has_persons()) check->Counts("persons", stage.persons());
  }
  if (!exchange.offer().empty()) check->EventReference("offer", exchange.offer());
}

}  // namespace

void CheckStep(const OfferStep& step, ReferenceChecker* check) {
  check->Value("status", step.status(), true);
  check->Window("occurred", step.has_occurred(), step.occurred());
  check->Text("claimant", step.claimant(), {.characters_max = kNoteCharactersMax});
  if (step.claimant().starts_with("actors/")) check->Actor("claimant", step.claimant());
  check->Url("url", step.url());
  check->Text("note", step.note(), {.characters_max = kNoteCharactersMax});
}

void CheckDetails(const Event& event, ReferenceChecker* check) {
  struct Shape {
    std::string_view field;
    annals::v1::EventKind kind;
  };
  const auto shape = [&]() -> Shape {
    switch (event.details_case()) {
      case Event::kCapture:
        return {"capture", annals::v1::EVENT_KIND_CAPTURE};
      case Event::kDeployment:
        return {"deployment", annals::v1::EVENT_KIND_DEPLOYMENT};
      case Event::kExchangeOffer:
        return {"exchange_offer", annals::v1::EVENT_KIND_EXCHANGE_OFFER};
      case Event::kExchange:
        return {"exchange", annals::v1::EVENT_KIND_EXCHANGE};
      case Event::DETAILS_NOT_SET:
        break;
    }
    return {"", event.kind()};
  }();
  const auto scope = check->In(shape.field);
  if (event.kind() != shape.kind) {
    check->Fail("", "DETAILS_MISMATCH",
                fmt::format("does not fit kind {}", annals::v1::EventKind_Name(event.kind())));
  }
  if (event.has_capture()) CheckCapture(event.capture(), check);
  if (event.has_deployment()) CheckDeployment(event.deployment(), check);
  if (event.has_exchange_offer()) CheckOffer(event.exchange_offer(), check);
  if (event.has_exchange()) CheckExchange(event.exchange(), check);
}

}  // namespace annals::service

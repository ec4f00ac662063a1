#include "clients/cli/offer_text.h"

#include <fmt/format.h>

#include <string_view>

#include "clients/cli/count_text.h"
#include "clients/cli/time_text.h"
#include "clients/cli/words.h"

namespace annals::cli {
namespace {

void Append(std::string_view separator, std::string_view part, std::string* text) {
  if (part.empty()) return;
  if (!text->empty()) text->append(separator);
  text->append(part);
}

// "2 persons of actors/prk: soldier, held by actors/ukr".
std::string SideText(const v1::CaptiveSide& side) {
  std::string text = CountText(side.persons());
  text = text.empty() ? "unknown number" : text + (text == "1" ? " person" : " persons");
  if (!side.side().empty()) text += " of " + side.side();
  std::string more = side.category();
  if (!side.held_by().empty()) Append(", ", "held by " + side.held_by(), &more);
  Append(": ", more, &text);
  return text;
}

}  // namespace

std::string StepText(const v1::OfferStep& step) {
  std::string text = fmt::format("{} {}{}", WindowText(step.occurred()),
                                 step.disputed() ? "disputed: " : "", Word(step.status()));
  Append(", says ", step.claimant(), &text);
  Append(": ", step.note(), &text);
  if (!step.url().empty()) text += fmt::format(" ({})", step.url());
  if (step.has_advance_time()) {
    text += fmt::format(" [added here {}{}]", MomentText(step.advance_time()),
                        step.sent_by_feed() ? ", sent by the feed too" : "");
  }
  return text;
}

TextLines OfferLines(const v1::ExchangeOffer& offer) {
  TextLines lines;
  if (offer.status() != v1::OFFER_STATUS_UNSPECIFIED) {
    lines.emplace_back("status", Word(offer.status()));
  }
  for (const auto& step : offer.steps()) lines.emplace_back("steps", StepText(step));
  for (const auto& side : offer.offered()) lines.emplace_back("offered", SideText(side));
  for (const auto& side : offer.requested()) lines.emplace_back("requested", SideText(side));
  lines.emplace_back("addressee", offer.addressee());
  for (const auto& mediator : offer.mediators()) lines.emplace_back("mediators", mediator);
  for (const auto& condition : offer.conditions()) lines.emplace_back("conditions", condition);
  for (const auto& other : offer.alternatives()) lines.emplace_back("alternatives", other);
  return lines;
}

}  // namespace annals::cli

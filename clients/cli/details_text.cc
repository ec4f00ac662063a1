#include "clients/cli/details_text.h"

#include <fmt/format.h>

#include <initializer_list>
#include <string_view>

#include "clients/cli/count_text.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/terminal_text.h"
#include "clients/cli/time_text.h"
#include "clients/cli/words.h"

namespace annals::cli {
namespace {

// Those that are not empty, with ", " between them.
std::string Joined(std::initializer_list<std::string> parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty() && !part.empty()) text += ", ";
    text += part;
  }
  return text;
}

// "head: tail", or the head alone where nothing follows.
std::string Told(std::string head, const std::string& tail) {
  return tail.empty() ? head : fmt::format("{}: {}", head, tail);
}

std::string PersonsText(const v1::CountRange& persons) {
  const std::string count = CountText(persons);
  if (count.empty()) return "unknown number";
  return fmt::format("{} {}", count, count == "1" ? "person" : "persons");
}

std::string SideText(const v1::CaptiveSide& side) {
  std::string text = PersonsText(side.persons());
  if (!side.side().empty()) text += " of " + side.side();
  return Told(text,
              Joined({side.category(), side.held_by().empty() ? "" : "held by " + side.held_by()}));
}

std::string WishesText(const v1::CaptiveWishes& wishes) {
  const auto told = [](bool known, std::int64_t count, std::string_view what) {
    return known ? fmt::format("{} {}", Grouped(count), what) : std::string();
  };
  return Joined({told(wishes.has_return_count(), wishes.return_count(), "to return"),
                 told(wishes.has_stay_count(), wishes.stay_count(), "to stay"),
                 told(wishes.has_unknown_count(), wishes.unknown_count(), "not said")});
}

std::string StageText(const v1::ExchangeStage& stage) {
  const std::string rest =
      Joined({stage.place_name(), IdOf(stage.region()), PersonsText(stage.persons())});
  return stage.has_occurred() ? Told(WindowText(stage.occurred()), rest) : rest;
}

// As claimed: nothing is put in order.
std::string ClaimedText(const v1::ClaimedCount& count) {
  std::string bounds;
  if (count.has_low() && count.has_high()) {
    bounds = fmt::format("{}–{}", Grouped(count.low()), Grouped(count.high()));
  } else if (count.has_low()) {
    bounds = "≥ " + Grouped(count.low());
  } else if (count.has_high()) {
    bounds = "≤ " + Grouped(count.high());
  }
  if (!count.has_best()) return bounds;
  const std::string best = Grouped(count.best());
  return bounds.empty() ? best : fmt::format("{} ({})", best, bounds);
}

std::string GradeText(const v1::Claim& claim) {
  const bool source = claim.reliability() != v1::SOURCE_RELIABILITY_UNSPECIFIED;
  const bool content = claim.credibility() != v1::INFORMATION_CREDIBILITY_UNSPECIFIED;
  if (!source && !content) return {};
  std::string letter =
      source ? EnumWord(*v1::SourceReliability_descriptor(), claim.reliability()) : std::string();
  if (source) letter.front() = static_cast<char>(letter.front() - 'a' + 'A');
  const std::string digit =
      content ? EnumWord(*v1::InformationCredibility_descriptor(), claim.credibility())
              : std::string();
  if (source && content) return fmt::format("grade {}{}", letter, digit);
  return source ? "reliability " + letter : "credibility " + digit;
}

}  // namespace

std::optional<std::string> DetailsText(const google::protobuf::Message& message) {
  if (const auto* side = dynamic_cast<const v1::CaptiveSide*>(&message)) return SideText(*side);
  if (const auto* group = dynamic_cast<const v1::CaptiveGroup*>(&message)) {
    return Told(PersonsText(group->persons()), Joined({group->category(), group->condition()}));
  }
  if (const auto* wishes = dynamic_cast<const v1::CaptiveWishes*>(&message)) {
    return WishesText(*wishes);
  }
  if (const auto* stage = dynamic_cast<const v1::ExchangeStage*>(&message)) {
    return StageText(*stage);
  }
  if (const auto* count = dynamic_cast<const v1::ClaimedCount*>(&message)) {
    return ClaimedText(*count);
  }
  return std::nullopt;
}

std::string ClaimText(const v1::Claim& claim) {
  const bool neither = claim.stance() == v1::CLAIM_STANCE_NEITHER;
  std::string head = fmt::format("{} {}", claim.has_actor() ? claim.actor() : claim.source(),
                                 neither ? "neither asserts nor denies" : Word(claim.stance()));
  const auto figure = [](const v1::ClaimedCount& count, std::string_view one,
                         std::string_view many) {
    const std::string text = ClaimedText(count);
    return text.empty() ? text : fmt::format("{} {}", text, text == "1" ? one : many);
  };
  const std::string figures = Joined({figure(claim.persons(), "person", "persons"),
                                      figure(claim.fatalities(), "death", "deaths")});
  if (!figures.empty()) head += " " + figures;
  const std::string evidence =
      Joined({claim.url(), claim.archived_url().empty() ? "" : "archived " + claim.archived_url(),
              claim.sha256().empty() ? "" : "SHA-256 " + claim.sha256()});
  const std::string text =
      Told(Joined({head, claim.has_time() ? MomentText(claim.time()) : "", GradeText(claim)}),
           claim.note());
  return evidence.empty() ? text : fmt::format("{} ({})", text, evidence);
}

}  // namespace annals::cli

// Life cycles of exchange offers as words, a letter for each step, a day apart: P(roposed),
// C(ountered), A(greed), S(cheduled), p(artly executed), E(xecuted), R(ejected), W(ithdrawn),
// X (expired), O (called off).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "annals/v1/events.pb.h"
#include "tests/support/event_builder.h"

namespace annals::testing {

inline constexpr std::string_view kOfferLetters = "PCASpERWXO";

// A step on the `day`th day of 2025, from 1.
inline annals::v1::OfferStep OfferStepOf(char letter, int day) {
  constexpr storage::Micros kDay{86'400'000'000};
  annals::v1::OfferStep step;
  step.set_status(static_cast<annals::v1::OfferStatus>(1 + kOfferLetters.find(letter)));
  const storage::Micros start = At("2025-01-01") + (day - 1) * kDay;
  *step.mutable_occurred()->mutable_start() = storage::ToTimestamp(start);
  *step.mutable_occurred()->mutable_end() = storage::ToTimestamp(start + kDay);
  step.mutable_occurred()->set_precision(annals::v1::TIME_PRECISION_DAY);
  return step;
}

// An offer with these steps, on day 1, 2, …
inline annals::v1::Event OfferOf(std::string_view feed, std::string_view id,
                                 std::string_view letters) {
  auto event = EventBuilder(feed, id).Kind(annals::v1::EVENT_KIND_EXCHANGE_OFFER).Build();
  int day = 0;
  for (const char letter : letters) {
    *event.mutable_exchange_offer()->add_steps() = OfferStepOf(letter, ++day);
  }
  return event;
}

// The undisputed steps of an event as a word, in the order answered.
inline std::string LettersOf(const annals::v1::Event& event) {
  std::string letters;
  for (const auto& step : event.exchange_offer().steps()) {
    if (!step.disputed()) letters += kOfferLetters[static_cast<std::size_t>(step.status() - 1)];
  }
  return letters;
}

// An oracle of its own: which letters may come after which.
inline bool IsLegalOffer(std::string_view letters) {
  static const std::map<char, std::string_view> kNext = {
      {'P', "CASpERWXO"}, {'C', "CASpERWXO"}, {'A', "SpERWXO"}, {'S', "SpERWXO"}, {'p', "pERWXO"},
      {'E', "P"},         {'R', "P"},         {'W', "P"},       {'X', "P"},       {'O', "P"}};
  for (std::size_t i = 1; i < letters.size(); ++i) {
    if (kNext.at(letters[i - 1]).find(letters[i]) == std::string_view::npos) return false;
  }
  return true;
}

// Calls `visit` with every word of up to `length_max` letters, shorter ones first on each branch.
inline void ForEveryOffer(std::size_t length_max,
                          const std::function<void(const std::string&)>& visit,
                          const std::string& prefix = "") {
  visit(prefix);
  if (prefix.size() == length_max) return;
  for (const char letter : kOfferLetters) ForEveryOffer(length_max, visit, prefix + letter);
}

}  // namespace annals::testing

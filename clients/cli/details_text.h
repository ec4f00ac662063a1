// The parts of an event that have a form of their own: captives, stages and claims, on one line
// each, for people.
#pragma once

#include <optional>
#include <string>

#include "annals/v1/events.pb.h"

namespace annals::cli {

// "2 persons of actors/prk: soldier, held by actors/ukr", "1 person: soldier, bandaged jaw", "1 to
// return, 1 to stay", "2022-09-21: Riyadh, SA-01, 10 persons", "55" or, where a source contradicts
// itself, "7–3". A count that is not given reads "unknown number". None for any other message.
[[nodiscard]] std::optional<std::string> DetailsText(const google::protobuf::Message& message);

// "actors/x asserts 55 persons, 2022-09-22 00:00, grade B2: what they say (https://…)".
[[nodiscard]] std::string ClaimText(const v1::Claim& claim);

}  // namespace annals::cli

// Makes what people type into names of the contract. A choice between several is never made
// silently.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "annals/v1/event_filter.pb.h"
#include "clients/cli/session.h"

namespace annals::cli {

// `regions/{code}` for a code ("RU-KRS", "UA", "x-…") or, through the server, a name in any script.
// A name must be exactly one region's to the letter, which is told on stderr. Otherwise a usage
// error that lists the candidates, those that are only spelled like it with their scores: what is
// meant by a misspelling is for the user to say.
[[nodiscard]] absl::StatusOr<std::string> ResolveRegion(Session& session, std::string_view text);

// An actor by name ("actors/prk"), id or, through the server, name in any script, with the same
// care. Words that mean no actor, and those after "label:", are matched with participants' labels.
[[nodiscard]] absl::StatusOr<v1::ActorFilter> ResolveActor(Session& session, std::string_view text);

// "sample" -> "feeds/sample".
[[nodiscard]] std::string FeedName(std::string_view text);

// "sample/kursk" -> "feeds/sample/events/kursk"; whole names are left alone.
[[nodiscard]] std::string EventName(std::string_view text);

// "feeds/sample/events/kursk" -> "sample/kursk", the form that tables show and EventName takes.
[[nodiscard]] std::string ShortEventName(std::string_view name);

// What follows the last "/".
[[nodiscard]] std::string IdOf(std::string_view name);

}  // namespace annals::cli

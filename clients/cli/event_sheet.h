// An event as text to be edited: JSON whose lines that begin with # are comments. They say what
// each field means, and offer those that are not given.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "annals/v1/events.pb.h"

namespace annals::cli {

// The sheet of an event under `heading` (comment lines), with what the server fills left out.
// Required fields that are not given stand there with a value that is refused until it is replaced;
// of `details` only those of the event's kind are offered.
[[nodiscard]] std::string EventSheet(const v1::Event& event,
                                     const std::vector<std::string>& heading);

// The event in a sheet. INVALID_ARGUMENT where it is none, with what is wrong in lines.
[[nodiscard]] absl::StatusOr<v1::Event> ReadSheet(std::string_view sheet);

// Whether the sheet has nothing but comments.
[[nodiscard]] bool IsBlank(std::string_view sheet);

// The sheet with complaints at its top, in place of those that it had.
[[nodiscard]] std::string WithComplaints(std::string_view sheet,
                                         const std::vector<std::string>& complaints);

// The event without what the server fills, and without the steps of an offer that it keeps apart.
[[nodiscard]] v1::Event ClientSet(v1::Event event);

}  // namespace annals::cli

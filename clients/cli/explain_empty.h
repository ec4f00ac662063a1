// What the record holds, when a question found nothing in it.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "annals/v1/event_service.pb.h"
#include "clients/cli/filter_flags.h"
#include "clients/cli/session.h"

namespace annals::cli {

// Counts over all matching events, and `by` an attribute where that is given.
[[nodiscard]] absl::StatusOr<v1::SummarizeEventsResponse> Totals(
    Session& session, const Question& question,
    v1::EventAttribute by = v1::EVENT_ATTRIBUTE_UNSPECIFIED);

// Says on stderr that nothing matches, how much the record holds, and why as far as the server
// knows. REQUIRES: the answer to the question counts no events.
void ExplainEmpty(const Session& session, const Question& question,
                  const v1::SummarizeEventsResponse& answer);
// The same, and asks for that answer first.
[[nodiscard]] absl::Status ExplainEmpty(Session& session, const Question& question);

}  // namespace annals::cli

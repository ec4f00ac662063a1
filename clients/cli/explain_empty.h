// What the record holds, when a question found nothing in it.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "annals/v1/event_service.pb.h"
#include "clients/cli/filter_flags.h"
#include "clients/cli/session.h"

namespace annals::cli {

// Counts over all matching events.
[[nodiscard]] absl::StatusOr<v1::SummarizeEventsResponse> Totals(Session& session,
                                                                 const Question& question);

// Says on stderr that nothing matches, how much the record holds, and what the feeds asked for
// cover.
[[nodiscard]] absl::Status ExplainEmpty(Session& session, const Question& question);

}  // namespace annals::cli

#include "clients/cli/explain_empty.h"

#include <fmt/format.h>

#include "clients/cli/terminal_text.h"

namespace annals::cli {

absl::StatusOr<v1::SummarizeEventsResponse> Totals(Session& session, const Question& question,
                                                   v1::EventAttribute by) {
  v1::SummarizeEventsRequest request;
  *request.mutable_filter() = question.filter;
  if (question.as_of) *request.mutable_as_of() = *question.as_of;
  if (by != v1::EVENT_ATTRIBUTE_UNSPECIFIED) request.add_dimensions()->set_attribute(by);
  return session.Record().SummarizeEvents(request);
}

void ExplainEmpty(const Session& session, const Question& question,
                  const v1::SummarizeEventsResponse& answer) {
  session.Note(fmt::format("no events match; the record holds {} events{}",
                           Grouped(answer.record_count()), question.as_of ? " as of then" : ""));
  for (const v1::EmptyReason& reason : answer.empty_reasons()) session.Note(reason.message());
}

absl::Status ExplainEmpty(Session& session, const Question& question) {
  const auto totals = Totals(session, question);
  // Somebody may have recorded a matching event meanwhile.
  if (totals.ok() && totals->totals().event_count() == 0) ExplainEmpty(session, question, *totals);
  return totals.status();
}

}  // namespace annals::cli

#include "clients/cli/explain_empty.h"

#include <fmt/format.h>

#include "clients/cli/terminal_text.h"
#include "clients/cli/time_text.h"

namespace annals::cli {

absl::StatusOr<v1::SummarizeEventsResponse> Totals(Session& session, const Question& question) {
  v1::SummarizeEventsRequest request;
  *request.mutable_filter() = question.filter;
  if (question.as_of) *request.mutable_as_of() = *question.as_of;
  return session.Record().SummarizeEvents(request);
}

absl::Status ExplainEmpty(Session& session, const Question& question) {
  const auto totals = Totals(session, question);
  if (!totals.ok()) return totals.status();
  session.Note(fmt::format("no events match; the record holds {} events{}",
                           Grouped(totals->record_count()), question.as_of ? " as of then" : ""));
  for (const std::string& name : question.filter.feeds()) {
    const absl::StatusOr<v1::Feed> feed = session.Record().GetFeed(name);
    if (absl::IsNotFound(feed.status())) {
      session.Note(fmt::format("there is no {}", name));
    } else if (!feed.ok()) {
      return feed.status();
    } else if (feed->event_count() == 0) {
      session.Note(fmt::format("{} has no events", name));
    } else {
      session.Note(fmt::format("{} has {} events, {}", name, Grouped(feed->event_count()),
                               RangeText(feed->coverage())));
    }
  }
  return absl::OkStatus();
}

}  // namespace annals::cli

#include "clients/cli/candidates.h"

#include <fmt/format.h>

#include "clients/cli/name_resolver.h"
#include "clients/cli/outcome.h"
#include "clients/cli/printer.h"

namespace annals::cli {

absl::Status PrintCandidates(Session& session, const std::string& text, v1::ResolveTarget target) {
  v1::ResolveNamesRequest request;
  request.set_text(text);
  request.set_target(target);
  request.set_candidates_max(100);
  const auto response = session.Record().ResolveNames(request);
  if (!response.ok()) return response.status();
  auto printer = MakeListPrinter(session, {{.title = "SCORE", .right_aligned = true},
                                           {.title = "ID"},
                                           {.title = "TITLE", .width_min = 12},
                                           {.title = "MATCHED", .width_min = 12}});
  if (!printer.ok()) return printer.status();
  for (const v1::NameCandidate& candidate : response->candidates()) {
    (*printer)->Add(candidate, {fmt::format("{:.2f}", candidate.score()), IdOf(candidate.name()),
                                candidate.title(), candidate.matched_text()});
  }
  (*printer)->Finish();
  if (response->candidates_size() > 0) return absl::OkStatus();
  session.Note(fmt::format("nothing is called '{}'", text));
  return AlreadyTold();
}

}  // namespace annals::cli

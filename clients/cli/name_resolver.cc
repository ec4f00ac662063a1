#include "clients/cli/name_resolver.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "clients/cli/outcome.h"
#include "clients/cli/terminal_text.h"

namespace annals::cli {
namespace {

constexpr std::string_view kLabelPrefix = "label:";

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "UA", "RU-KRS", "UA-43": ISO 3166; "x-…" for custom regions.
bool IsRegionCode(std::string_view text) {
  if (text.starts_with("x-")) return true;
  if (text.size() < 2 || !IsUpper(text[0]) || !IsUpper(text[1])) return false;
  if (text.size() == 2) return true;
  return text[2] == '-' && text.size() > 3 &&
         std::all_of(text.begin() + 3, text.end(), [](char c) { return IsUpper(c) || IsDigit(c); });
}

// The candidates, a line each; with their scores where they differ from the words.
std::string CandidateLines(const std::vector<v1::NameCandidate>& candidates) {
  std::string lines;
  for (const v1::NameCandidate& candidate : candidates) {
    const bool exact = candidate.score() >= 1.0;
    lines += fmt::format("\n  {}{}  {}", exact ? "" : fmt::format("{:.2f}  ", candidate.score()),
                         IdOf(candidate.name()), Sanitized(candidate.title()));
    if (candidate.matched_text() != candidate.title()) {
      lines += fmt::format(" ({})", Sanitized(candidate.matched_text()));
    }
  }
  return lines;
}

// The one candidate that the words name to the letter; empty where nothing comes near; else a usage
// error.
absl::StatusOr<std::string> ResolveWords(Session& session, std::string_view text,
                                         v1::ResolveTarget target, std::string_view noun) {
  v1::ResolveNamesRequest request;
  request.set_text(std::string(text));
  request.set_target(target);
  const absl::StatusOr<v1::ResolveNamesResponse> response = session.Record().ResolveNames(request);
  if (!response.ok()) return response.status();
  const std::vector<v1::NameCandidate> all(response->candidates().begin(),
                                           response->candidates().end());
  std::vector<v1::NameCandidate> exact;
  std::copy_if(all.begin(), all.end(), std::back_inserter(exact),
               [](const v1::NameCandidate& candidate) { return candidate.score() >= 1.0; });
  if (all.empty()) return std::string();
  if (exact.size() != 1) {
    return UsageError(fmt::format("'{}' {}; name one of:{}", text,
                                  exact.empty() ? fmt::format("is no {} to the letter", noun)
                                                : fmt::format("is more than one {}", noun),
                                  CandidateLines(exact.empty() ? all : exact)));
  }
  if (exact[0].name() != text && IdOf(exact[0].name()) != text) {
    session.Note(fmt::format("'{}' is {} ({})", text, exact[0].name(), exact[0].title()));
  }
  return exact[0].name();
}

}  // namespace

absl::StatusOr<std::string> ResolveRegion(Session& session, std::string_view text) {
  if (text.starts_with("regions/")) return std::string(text);
  if (IsRegionCode(text)) return fmt::format("regions/{}", text);
  absl::StatusOr<std::string> name =
      ResolveWords(session, text, v1::RESOLVE_TARGET_REGION, "region");
  if (name.ok() && name->empty()) {
    return UsageError(fmt::format("no region is called '{}'", text));
  }
  return name;
}

absl::StatusOr<v1::ActorFilter> ResolveActor(Session& session, std::string_view text) {
  v1::ActorFilter filter;
  if (text.starts_with("actors/")) {
    filter.set_actor(std::string(text));
    return filter;
  }
  if (text.starts_with(kLabelPrefix)) {
    filter.set_label(std::string(text.substr(kLabelPrefix.size())));
    return filter;
  }
  absl::StatusOr<std::string> name = ResolveWords(session, text, v1::RESOLVE_TARGET_ACTOR, "actor");
  if (!name.ok()) {
    if (ExitCode(name.status()) != kExitUsage) return name.status();
    return UsageError(fmt::format("{}\nor match participants' labels: --actor 'label:{}'",
                                  std::string(name.status().message()), text));
  }
  if (name->empty()) {
    session.Note(fmt::format("no actor is called '{}'; matching participants' labels", text));
    filter.set_label(std::string(text));
  } else {
    filter.set_actor(*std::move(name));
  }
  return filter;
}

std::string FeedName(std::string_view text) {
  return text.starts_with("feeds/") ? std::string(text) : fmt::format("feeds/{}", text);
}

std::string EventName(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (text.starts_with("feeds/") || slash == std::string_view::npos) return std::string(text);
  return fmt::format("feeds/{}/events/{}", text.substr(0, slash), text.substr(slash + 1));
}

std::string ShortEventName(std::string_view name) {
  const std::size_t events = name.find("/events/");
  if (!name.starts_with("feeds/") || events == std::string_view::npos) return std::string(name);
  return fmt::format("{}/{}", name.substr(6, events - 6), name.substr(events + 8));
}

std::string IdOf(std::string_view name) { return std::string(name.substr(name.rfind('/') + 1)); }

}  // namespace annals::cli

#include "clients/import/ucdp_sources.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "clients/import/cell.h"
#include "clients/import/text.h"
#include "fmt/format.h"

namespace annals::import {
namespace {

constexpr int kClaimCharactersMax = 2'000;
constexpr std::size_t kReportsMax = 198;  // With UCDP and the original source: 200 claims.
constexpr std::string_view kBetweenReports = "\";\"";

std::int64_t UnixSeconds(absl::CivilDay day) {
  return absl::ToUnixSeconds(absl::FromCivil(day, absl::UTCTimeZone()));
}

// `Office,2014-01-22,Headline`; an office's name may hold commas.
std::optional<UcdpSource> ParseReport(std::string_view report) {
  for (std::size_t comma = report.find(','); comma != std::string_view::npos;
       comma = report.find(',', comma + 1)) {
    const std::size_t end = report.find(',', comma + 1);
    if (end == std::string_view::npos) break;
    const auto date = ParseDay(report.substr(comma + 1, end - comma - 1));
    if (!date.ok()) continue;
    UcdpSource source{OneLine(report.substr(0, comma)), *date, OneLine(report.substr(end + 1))};
    if (source.office.empty()) break;
    return source;
  }
  return std::nullopt;
}

v1::Claim* AddClaim(std::string_view source, v1::Event* event) {
  v1::Claim* claim = event->add_claims();
  claim->set_source(Shortened(source, kClaimCharactersMax));
  claim->set_stance(v1::CLAIM_STANCE_ASSERTS);
  return claim;
}

std::string DeathsBySide(const UcdpRow& row) {
  std::string words;
  const auto add = [&](std::string_view side, const std::optional<std::int64_t>& deaths) {
    if (deaths) words += fmt::format("{}{} {}", words.empty() ? "Deaths: " : ", ", side, *deaths);
  };
  add("side A", row.deaths_a);
  add("side B", row.deaths_b);
  add("civilians", row.deaths_civilians);
  add("unknown", row.deaths_unknown);
  return words.empty() ? words : words + ".";
}

}  // namespace

std::vector<UcdpSource> ParseUcdpSources(std::string_view source_article) {
  std::string_view rest = Trimmed(source_article);
  if (rest.size() < 2 || rest.front() != '"' || rest.back() != '"') return {};
  rest = rest.substr(1, rest.size() - 2);
  std::vector<UcdpSource> sources;
  while (true) {
    const std::size_t end = rest.find(kBetweenReports);
    std::optional<UcdpSource> source = ParseReport(rest.substr(0, end));
    if (!source) return {};
    sources.push_back(*std::move(source));
    if (end == std::string_view::npos) return sources;
    rest.remove_prefix(end + kBetweenReports.size());
  }
}

void AddUcdpClaims(const UcdpRow& row, bool contradictory, v1::Event* event) {
  v1::Claim* ucdp = AddClaim("UCDP", event);
  ucdp->set_note(DeathsBySide(row));
  if (contradictory) {
    v1::ClaimedCount* given = ucdp->mutable_fatalities();
    if (row.low) given->set_low(*row.low);
    if (row.best) given->set_best(*row.best);
    if (row.high) given->set_high(*row.high);
  }

  std::vector<UcdpSource> sources = ParseUcdpSources(row.source_article);
  if (sources.empty() && !row.source_article.empty()) AddClaim(OneLine(row.source_article), event);
  sources.resize(std::min(sources.size(), kReportsMax));
  std::optional<absl::CivilDay> reported;
  for (const UcdpSource& source : sources) {
    v1::Claim* claim = AddClaim(source.office, event);
    claim->mutable_time()->set_seconds(UnixSeconds(source.date));
    claim->set_note(Shortened(source.headline, kClaimCharactersMax));
    if (source.date >= row.date_start && (!reported || source.date < *reported)) {
      reported = source.date;
    }
  }
  if (reported) event->mutable_reported_time()->set_seconds(UnixSeconds(*reported));
  if (!row.source_original.empty()) {
    AddClaim(row.source_original, event)->set_note("Named by UCDP as the original source.");
  }
}

}  // namespace annals::import

// annals import: reads other people's files into a feed.
#include <fmt/format.h>

#include <map>
#include <string_view>

#include "clients/cli/command.h"
#include "clients/cli/feed_flags.h"
#include "clients/cli/ingest_run.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/outcome.h"
#include "clients/import/open_input.h"
#include "clients/import/ucdp_ged.h"

namespace annals::cli {
namespace {

constexpr int kCandidatesMax = 100;
constexpr char kUcdpActorTaxonomy[] = "ucdp:actor";
constexpr char kUcdpTitle[] = "UCDP Georeferenced Event Dataset";
constexpr char kUcdpLicence[] = "CC-BY-4.0";
constexpr char kUcdpAttribution[] =
    "Uppsala Conflict Data Program (UCDP), Georeferenced Event Dataset, Department of Peace and "
    "Conflict Research, Uppsala University, https://ucdp.uu.se. Cite: Sundberg, Ralph, and Erik "
    "Melander (2013), Introducing the UCDP Georeferenced Event Dataset, Journal of Peace Research "
    "50(4).";

constexpr char kFooter[] = R"(
Reads the files of UCDP's Georeferenced Event Dataset and Candidate Events Dataset, in every form
seen so far, with or without the HXL row that HDX adds; .xz and .gz are read directly; - is stdin.
clients/import/README.md has the columns and what becomes of them. Sending again is safe: what is
already there is left unchanged. A row that cannot be taken is told on stderr with its file, line
and column; the rest goes in, and the exit status is 1. A feed that --create-feed creates has UCDP's
title, licence and citation unless others are given.

With --complete the files are all that the feed shall have: what no row named is retracted, in one
write, if every row was read and that is no more than 20 % of the feed. --force lifts that limit.

Examples:
  annals import ucdp-ged ged241.csv.gz --feed ucdp-ged --create-feed
  annals import ucdp-ged ged251.csv.gz --feed ucdp-ged --complete --reason "GED 25.1"
  annals import ucdp-ged GEDEvent_v26_0_2.csv --feed ucdp-candidate --dry-run)";

struct ImportFlags {
  std::vector<std::string> paths;
  FeedFlags feed;
  bool complete = false;
  bool force = false;
  std::string reason = "No longer in the complete release";
  bool dry_run = false;
};

// What the rows of all files came to.
struct ImportTotals {
  std::int64_t rejected_rows = 0;
  std::int64_t contradictions = 0;
  std::int64_t unresolved_areas = 0;
  std::int64_t labelled_sides = 0;
};

// Actors of the catalogue by UCDP's id.
absl::StatusOr<std::map<std::string, std::string>> UcdpActors(Session& session) {
  std::map<std::string, std::string> actors;
  for (const absl::StatusOr<v1::Actor>& actor : session.Record().ListActors()) {
    if (!actor.ok()) return actor.status();
    for (const v1::ExternalId& id : actor->external_ids()) {
      if (id.taxonomy() == kUcdpActorTaxonomy) actors.emplace(id.value(), actor->name());
    }
  }
  return actors;
}

absl::StatusOr<std::vector<import::RegionCandidate>> SearchRegions(Session& session,
                                                                   const std::string& text) {
  v1::ResolveNamesRequest request;
  request.set_text(text);
  request.set_target(v1::RESOLVE_TARGET_REGION);
  request.set_candidates_max(kCandidatesMax);
  const auto answer = session.Record().ResolveNames(request);
  if (!answer.ok()) return answer.status();
  std::vector<import::RegionCandidate> candidates;
  for (const v1::NameCandidate& candidate : answer->candidates()) {
    candidates.push_back({candidate.name(), candidate.score()});
  }
  return candidates;
}

// Imports one file. OK where it was read to its end, whatever its rows came to.
absl::Status ImportFile(Session& session, IngestRun& run, const std::string& path,
                        const import::UcdpGedOptions& options, ImportTotals& totals) {
  const auto input = import::OpenInput(path, session.In());
  if (!input.ok()) return input.status();
  const std::string& name = (*input)->Name();
  auto reader = import::UcdpGedReader::Open(&(*input)->Stream(), options);
  // A broken file may look like one without columns: why it is broken comes first.
  if (absl::Status status = (*input)->Status(); !status.ok()) return status;
  if (!reader.ok()) {
    return absl::Status(reader.status().code(),
                        fmt::format("{}: {}", name, std::string(reader.status().message())));
  }
  import::UcdpGedRow row;
  while (true) {
    const absl::StatusOr<bool> any = reader->Next(&row);
    if (!any.ok()) return any.status();
    // The last row of a truncated file may be cut, and look whole.
    if (absl::Status status = (*input)->Status(); !status.ok()) return status;
    if (!*any) break;
    std::string origin = fmt::format("{}:{}", name, row.line);
    if (!row.valid) {
      ++totals.rejected_rows;
      run.Reject(origin, row.error.column, row.error.message);
    } else if (absl::Status status = run.Add(std::move(row.upsert), std::move(origin));
               !status.ok()) {
      return status;
    }
  }
  totals.contradictions += reader->Summary().contradictions;
  totals.unresolved_areas += reader->Summary().unresolved_areas;
  totals.labelled_sides += reader->Summary().labelled_sides;
  return absl::OkStatus();
}

// Ends a complete release whose files were all read. Nothing is retracted where a row was not: its
// event would count as gone.
absl::Status EndRelease(Session& session, IngestRun& run, const ImportFlags& flags,
                        std::int64_t rejected_rows) {
  if (rejected_rows > 0) {
    session.Note(
        fmt::format("nothing is retracted: {} rows could not be read, and their events may be "
                    "among those missing",
                    rejected_rows));
    return absl::OkStatus();
  }
  v1::ReleaseEnd release;
  release.set_feed(FeedName(flags.feed.feed));
  release.set_reason(flags.reason);
  if (flags.force) release.set_retracted_share_max(1);
  return run.End(release);
}

void TellTotals(Session& session, const ImportTotals& totals) {
  const auto tell = [&](std::int64_t count, std::string_view what) {
    if (count > 0) session.Note(fmt::format("{} {}", count, what));
  };
  tell(totals.contradictions,
       "rows whose low, best and high contradict each other: imported with their hull, as given in "
       "UCDP's claim");
  tell(totals.unresolved_areas, "rows known to a region that the gazetteer does not resolve");
  tell(totals.labelled_sides, "sides that no catalogued actor stands for: imported as labels");
}

absl::Status ImportUcdpGed(Session& session, const ImportFlags& flags) {
  if (absl::Status status = EnsureFeed(session, flags.feed, flags.dry_run); !status.ok()) {
    return status;
  }
  const auto actors = UcdpActors(session);
  if (!actors.ok()) return actors.status();
  import::SearchingRegionResolver regions(
      [&session](const std::string& text) { return SearchRegions(session, text);
});
const import::UcdpGedOptions options = {
    .feed = IdOf(flags.feed.feed), .regions = &regions, .actors = *actors};

IngestRun run(session, {.dry_run = flags.dry_run, .complete_release = flags.complete});
ImportTotals totals;
absl::Status unread;
for (const std::string& path : flags.paths) {
  unread = ImportFile(session, run, path, options, totals);
  if (!unread.ok()) break;
}
if (flags.complete && unread.ok()) {
  unread = EndRelease(session, run, flags, totals.rejected_rows);
}
// What was read before a broken file goes in all the same; a broken stream says so again.
const absl::Status finished = run.Finish();
TellTotals(session, totals);
return unread.ok() ? finished : unread;
}  // namespace

}  // namespace annals::cli

void AddImportCommand(CLI::App& app, ChosenAction& chosen) {
  CLI::App* import = AddCommand(app, "import", "Send events from other people's files");
  import->require_subcommand(1);

  auto flags = std::make_shared<ImportFlags>();
  flags->feed.title = kUcdpTitle;
  flags->feed.licence = kUcdpLicence;
  flags->feed.attribution = kUcdpAttribution;
  CLI::App* ucdp = AddCommand(*import, "ucdp-ged", "UCDP GED and Candidate, as CSV", kFooter);
  ucdp->fallthrough();
  ucdp->add_option("FILE", flags->paths, "CSV, plain, .xz or .gz; - is stdin")
      ->required()
      ->option_text("...");
  AddFeedFlags(ucdp, flags->feed);
  ucdp->get_option("--feed")->required();
  CLI::Option* complete =
      ucdp->add_flag("--complete", flags->complete, "Retract what the files no longer have");
  ucdp->add_flag("--force", flags->force, "Retract more than 20 % of the feed as well")
      ->needs(complete);
  ucdp->add_option("--reason", flags->reason, "Why it is retracted")
      ->option_text("TEXT")
      ->needs(complete);
  ucdp->add_flag("--dry-run", flags->dry_run, "Check and tell what would happen; change nothing");
  Choose(ucdp, chosen, [flags](Session& session) { return ImportUcdpGed(session, *flags); });
}

}  // namespace annals::cli

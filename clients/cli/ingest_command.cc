// annals ingest: sends events from files.
#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <filesystem>

#include "clients/cli/command.h"
#include "clients/cli/feed_flags.h"
#include "clients/cli/ingest_run.h"
#include "clients/cli/json_records.h"
#include "clients/cli/outcome.h"
#include "clients/import/open_input.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
A file holds events as protobuf JSON, one a line (NDJSON) or in one array; .xz and .gz are read
directly; - is standard input. Sending again is safe: what is already there is left unchanged.
A line that cannot be taken is told on stderr with its file, line and field; the rest goes in, and
the exit status is 1. Where the server goes away, what it did not acknowledge is sent again.

Examples:
  annals ingest events.ndjson
  annals ingest notes.json --feed my-notes --create-feed --title "My notes" --licence CC0-1.0
  generate | annals ingest - --feed my-notes
  annals ingest release.ndjson.xz --dry-run)";

struct IngestFlags {
  std::vector<std::string> paths;
  FeedFlags feed;
  bool dry_run = false;
  int batch_rows = 1'000;
  bool reinstate = false;
  bool captive_labels_checked = false;
};

// Reads one record's text into a row, or tells why it is none.
absl::Status ParseRow(const std::string& text, const IngestFlags& flags, v1::EventUpsert& row) {
  const auto parsed = google::protobuf::util::JsonStringToMessage(text, row.mutable_event());
  if (!parsed.ok()) {
    // Further lines of the message quote the text.
    const std::string message = parsed.message().ToString();
    return absl::InvalidArgumentError(message.substr(0, message.find('\n')));
  }
  row.set_reinstate(flags.reinstate);
  row.set_captive_labels_checked(flags.captive_labels_checked);
  std::string& name = *row.mutable_event()->mutable_name();
  if (name.find('/') != std::string::npos) return absl::OkStatus();
  if (flags.feed.feed.empty()) {
    return absl::InvalidArgumentError(
        "name: must be feeds/FEED/events/EVENT, or an id together with --feed");
  }
  const std::string feed = flags.feed.feed;
  name = fmt::format("{}{}/events/{}", feed.starts_with("feeds/") ? "" : "feeds/", feed, name);
  return absl::OkStatus();
}

// The bytes of a plain file, for the progress bar; 0 where its size says little.
double PlainBytes(const std::string& path) {
  std::error_code error;
  if (path.ends_with(".xz") || path.ends_with(".gz")) return 0;
  if (!std::filesystem::is_regular_file(path, error)) return 0;
  const auto bytes = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<double>(bytes);
}

absl::Status IngestFile(Session& session, IngestRun& run, const IngestFlags& flags,
                        const std::string& path) {
  const auto input = import::OpenInput(path, session.In());
  if (!input.ok()) return input.status();
  const double bytes = PlainBytes(path);
  double bytes_read = 0;
  JsonRecords records((*input)->Stream());
  std::string text;
  int line = 0;
  while (true) {
    const absl::StatusOr<bool> more = records.Next(text, line);
    if (!more.ok()) {
      run.Reject((*input)->Name(), "", std::string(more.status().message()));
      return absl::OkStatus();
    }
    if (!*more) return (*input)->Status();
    bytes_read += static_cast<double>(text.size() + 1);
    if (bytes > 0) run.ReadSoFar(bytes_read / bytes);
    std::string origin = fmt::format("{}:{}", (*input)->Name(), line);
    v1::EventUpsert row;
    if (absl::Status status = ParseRow(text, flags, row); !status.ok()) {
      run.Reject(origin, "", std::string(status.message()));
      continue;
    }
    if (absl::Status status = run.Add(std::move(row), std::move(origin)); !status.ok()) {
      return status;
    }
  }
}

absl::Status Ingest(Session& session, const IngestFlags& flags) {
  if (!flags.feed.feed.empty()) {
    if (absl::Status status = EnsureFeed(session, flags.feed, flags.dry_run); !status.ok()) {
      return status;
    }
  } else if (absl::Status status = session.Record().GetStatus().status(); !status.ok()) {
    return status;  // Nothing is read before there is someone to send it to.
  }
  IngestRun run(session, {.batch_rows = flags.batch_rows, .dry_run = flags.dry_run});
  absl::Status unread;
  for (const std::string& path : flags.paths) {
    unread = IngestFile(session, run, flags, path);
    if (!unread.ok()) break;
  }
  // What was read before a broken file goes in all the same; a broken stream says so again.
  const absl::Status finished = run.Finish();
  return unread.ok() ? finished : unread;
}

}  // namespace

void AddIngestCommand(CLI::App& app, ChosenAction& chosen) {
  auto flags = std::make_shared<IngestFlags>();
  CLI::App* command = AddCommand(app, "ingest", "Send events from files", kFooter);
  command->add_option("FILE", flags->paths, "NDJSON or a JSON array, plain, .xz or .gz; - is stdin")
      ->required()
      ->option_text("...");
  AddFeedFlags(command, flags->feed);
  command->add_flag("--dry-run", flags->dry_run,
                    "Check and tell what would happen; change nothing");
  command->add_flag("--reinstate", flags->reinstate, "Bring retracted events back");
  command->add_flag("--captive-labels-checked", flags->captive_labels_checked,
                    "Take labels of captives that look like names: you have checked that they name "
                    "no person. For editors of the feed; the audit says so");
  command->add_option("--batch", flags->batch_rows, "Events to a batch, at most 5000")
      ->check(CLI::Range(1, 5'000))
      ->option_text("N [1000]");
  Choose(command, chosen, [flags](Session& session) { return Ingest(session, *flags); });
}

}  // namespace annals::cli

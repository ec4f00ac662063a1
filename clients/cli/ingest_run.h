// Sends rows into a record for a command, and tells the user what became of them. `ingest` and
// `import` both end here: a reader gives rows with where they came from, the run does the rest
// (batching, the stream and its reconnects, messages for bad rows, progress, the summary).
//
//   IngestRun run(session, {.dry_run = dry_run});
//   while (row = reader.Next()) {
//     if (absl::Status status = run.Add(std::move(*row), "events.csv:12"); !status.ok()) return
//     status;
//   }
//   return run.Finish();
//
// Used by one thread.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "annals/v1/ingest_service.pb.h"
#include "clients/cli/progress.h"
#include "clients/cli/session.h"
#include "clients/cpp/ingest_stream.h"

namespace annals::cli {

struct IngestRunOptions {
  int batch_rows =
      1'000;             // 1-5,000. A batch also ends at 3 MiB and before a name it already holds.
  bool dry_run = false;  // Check and tell what would happen; change nothing.
  // Set where End() will be called: the stream then never resumes over a lost connection, as the
  // end of a release counts the rows of one call.
  bool complete_release = false;
};

class IngestRun {
 public:
  IngestRun(Session& session, IngestRunOptions options);
  ~IngestRun();

  // Sends a row. `origin` names its place in what was read, such as "events.ndjson:12", in messages
  // about it. Rows of the same name are applied in the order added. An error is final.
  [[nodiscard]] absl::Status Add(v1::EventUpsert row, std::string origin);

  // Tells of a row that cannot be sent ("annals: events.ndjson:12: occurred.start: not a time") and
  // counts it as invalid. `field` may be empty.
  void Reject(std::string_view origin, std::string_view field, std::string_view message);

  // How much of what is read has been read, in [0, 1], for the progress bar; never called is
  // unknown.
  void ReadSoFar(double fraction) { fraction_read_ = fraction; }

  // After the last row: the rows were a feed's complete release.
  [[nodiscard]] absl::Status End(const v1::ReleaseEnd& release);

  // Waits for the last answer and prints the summary on stderr ("created 5, updated 0, …").
  // AlreadyTold (exit status 1) where a row was invalid.
  [[nodiscard]] absl::Status Finish();

  // So far acknowledged, with rejected rows among the invalid.
  [[nodiscard]] const v1::OutcomeCounts& Counts() const { return counts_; }

 private:
  absl::Status Flush();
  void Acknowledge(const v1::IngestEventsRequest& request, const v1::IngestEventsResponse& answer);
  void TellRow(const v1::RowResult& result, std::string_view origin);
  void Tell(std::string_view text);

  Session& session_;
  const IngestRunOptions options_;
  Progress progress_;
  std::unique_ptr<client::IngestStream> stream_;
  v1::IngestEventsRequest batch_;
  std::size_t batch_bytes_ = 0;
  std::vector<std::string> batch_origins_;
  std::unordered_set<std::string> batch_names_;
  std::deque<std::vector<std::string>> sent_origins_;  // Of the messages not yet acknowledged.
  v1::OutcomeCounts counts_;
  double fraction_read_ = -1;
};

}  // namespace annals::cli

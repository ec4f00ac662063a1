#include "clients/cli/ingest_run.h"

#include <fmt/format.h>

#include <utility>

#include "clients/cli/outcome.h"
#include "clients/cli/terminal_text.h"
#include "clients/cpp/status.h"

namespace annals::cli {
namespace {

// Servers take messages of at most 4 MiB.
constexpr std::size_t kBatchBytesMax = 3 << 20;

void AddCounts(const v1::OutcomeCounts& from, v1::OutcomeCounts& to) {
  to.set_created(to.created() + from.created());
  to.set_updated(to.updated() + from.updated());
  to.set_unchanged(to.unchanged() + from.unchanged());
  to.set_stale(to.stale() + from.stale());
  to.set_stays_retracted(to.stays_retracted() + from.stays_retracted());
  to.set_invalid(to.invalid() + from.invalid());
  to.set_retracted(to.retracted() + from.retracted());
  to.set_stays_merged(to.stays_merged() + from.stays_merged());
  to.set_stays_redacted(to.stays_redacted() + from.stays_redacted());
}

std::int64_t RowCount(const v1::OutcomeCounts& counts) {
  return counts.created() + counts.updated() + counts.unchanged() + counts.stale() +
         counts.stays_retracted() + counts.invalid() + counts.retracted() + counts.stays_merged() +
         counts.stays_redacted();
}

std::string Summary(const v1::OutcomeCounts& counts) {
  std::string text =
      fmt::format("created {}, updated {}, unchanged {}, invalid {}", counts.created(),
                  counts.updated(), counts.unchanged(), counts.invalid());
  // Rarer outcomes are named only where there are any.
  if (counts.stale() > 0) text += fmt::format(", stale {}", counts.stale());
  if (counts.stays_retracted() > 0) {
    text += fmt::format(", stays retracted {}", counts.stays_retracted());
  }
  if (counts.stays_merged() > 0) text += fmt::format(", stays merged {}", counts.stays_merged());
  if (counts.stays_redacted() > 0) {
    text += fmt::format(", stays redacted {}", counts.stays_redacted());
  }
  if (counts.retracted() > 0) text += fmt::format(", retracted {}", counts.retracted());
  return text;
}

}  // namespace

IngestRun::IngestRun(Session& session, IngestRunOptions options)
    : session_(session),
      options_(options),
      progress_(session.Err(), session.ErrIsTerminal(), "events") {
  client::IngestStreamOptions stream_options;
  stream_options.on_ack = [this](const auto& request, const auto& answer) {
    Acknowledge(request, answer);
  };
  stream_options.on_reconnect = [this](const absl::Status& status) {
    Tell(absl::IsResourceExhausted(status) ? "the server is busy; trying again"
                                           : "the server went away; connecting again");
  };
  stream_options.resume = !options.complete_release;
  stream_ = session.Record().IngestEvents(std::move(stream_options));
}

IngestRun::~IngestRun() = default;

absl::Status IngestRun::Add(v1::EventUpsert row, std::string origin) {
  const std::size_t bytes = row.ByteSizeLong();
  const bool full = batch_.batch().rows_size() >= options_.batch_rows ||
                    batch_bytes_ + bytes > kBatchBytesMax ||
                    batch_names_.contains(row.event().name());
  if (full && !batch_origins_.empty()) {
    if (absl::Status status = Flush(); !status.ok()) return status;
  }
  batch_bytes_ += bytes;
  batch_names_.insert(row.event().name());
  batch_origins_.push_back(std::move(origin));
  *batch_.mutable_batch()->add_rows() = std::move(row);
  return absl::OkStatus();
}

absl::Status IngestRun::Flush() {
  batch_.mutable_batch()->set_validate_only(options_.dry_run);
  sent_origins_.push_back(std::move(batch_origins_));
  batch_origins_.clear();
  batch_names_.clear();
  batch_bytes_ = 0;
  return stream_->Send(std::exchange(batch_, {}));
}

void IngestRun::Reject(std::string_view origin, std::string_view field, std::string_view message) {
  counts_.set_invalid(counts_.invalid() + 1);
  Tell(field.empty() ? fmt::format("{}: {}", origin, message)
                     : fmt::format("{}: {}: {}", origin, field, message));
}

absl::Status IngestRun::End(const v1::ReleaseEnd& release) {
  if (!batch_origins_.empty()) {
    if (absl::Status status = Flush(); !status.ok()) return status;
  }
  v1::IngestEventsRequest request;
  *request.mutable_release_end() = release;
  request.mutable_release_end()->set_validate_only(options_.dry_run);
  sent_origins_.emplace_back();
  return stream_->Send(std::move(request));
}

absl::Status IngestRun::Finish() {
  if (!batch_origins_.empty()) {
    if (absl::Status status = Flush(); !status.ok()) return status;
  }
  if (absl::Status status = stream_->Finish(); !status.ok()) {
    Tell(fmt::format("acknowledged before the failure: {}", Summary(counts_)));
    return status;
  }
  progress_.Clear();
  session_.Err() << (options_.dry_run ? "dry run, nothing changed: " : "") << Summary(counts_)
                 << "\n";
  return counts_.invalid() > 0 ? AlreadyTold() : absl::OkStatus();
}

void IngestRun::Acknowledge(const v1::IngestEventsRequest& request,
                            const v1::IngestEventsResponse& answer) {
  AddCounts(answer.counts(), counts_);
  const std::vector<std::string> origins = std::move(sent_origins_.front());
  sent_origins_.pop_front();
  if (request.has_batch()) {
    for (const v1::RowResult& result : answer.results()) {
      const auto index = static_cast<std::size_t>(result.index());
      TellRow(result, index < origins.size() ? origins[index] : result.name());
    }
  }
  progress_.Show(RowCount(counts_), fraction_read_);
}

void IngestRun::TellRow(const v1::RowResult& result, std::string_view origin) {
  switch (result.outcome()) {
    case v1::ROW_OUTCOME_INVALID: {
      // The words mostly begin with the field already.
      const bool named = result.message().starts_with(result.field());
      Tell(fmt::format("{}: {}: {}{} ({})", origin, result.name(),
                       named ? "" : result.field() + ": ", result.message(), result.reason()));
      break;
    }
    case v1::ROW_OUTCOME_STALE:
      Tell(fmt::format("{}: {}: older than what is stored, left alone", origin, result.name()));
      break;
    case v1::ROW_OUTCOME_STAYS_RETRACTED:
      Tell(fmt::format("{}: {}: stays retracted", origin, result.name()));
      break;
    case v1::ROW_OUTCOME_STAYS_MERGED:
      Tell(fmt::format("{}: {}: stays merged", origin, result.name()));
      break;
    case v1::ROW_OUTCOME_STAYS_REDACTED:
      Tell(fmt::format("{}: {}: stays redacted", origin, result.name()));
      break;
    default:
      break;
  }
}

void IngestRun::Tell(std::string_view text) {
  progress_.Clear();
  session_.Note(text);
}

}  // namespace annals::cli

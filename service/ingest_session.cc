#include "service/ingest_session.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "service/message_parser.h"
#include "service/validate/details_checker.h"
#include "service/validate/reference_checker.h"
#include "service/validate/row_validator.h"
#include "storage/error.h"
#include "storage/event_name.h"

namespace annals::service {
namespace {

constexpr double kRetractedShareDefault = 0.2;
constexpr int kRetractedResultsMax = 5'000;

struct RowField {
  int row;
  std::string field;  // path from the event
};

// "batch.rows[3].event.title" taken apart; none where the field lies in no row.
std::optional<RowField> InRow(std::string_view path) {
  constexpr std::string_view kRows = "batch.rows[";
  constexpr std::string_view kEvent = "].event.";
  if (!path.starts_with(kRows)) return std::nullopt;
  RowField found{};
  const char* const end = path.data() + path.size();
  const auto number = std::from_chars(path.data() + kRows.size(), end, found.row);
  const std::string_view rest(number.ptr, static_cast<std::size_t>(end - number.ptr));
  if (number.ec != std::errc() || !rest.starts_with(kEvent)) return std::nullopt;
  found.field = rest.substr(kEvent.size());
  return found;
}

// Which rows are worth an entry in the answer; the others are only counted.
bool IsReported(annals::v1::RowOutcome outcome) {
  return outcome == annals::v1::ROW_OUTCOME_INVALID || outcome == annals::v1::ROW_OUTCOME_STALE ||
         outcome == annals::v1::ROW_OUTCOME_STAYS_RETRACTED ||
         outcome == annals::v1::ROW_OUTCOME_STAYS_MERGED ||
         outcome == annals::v1::ROW_OUTCOME_STAYS_REDACTED;
}

// What a stream is told of a batch.
absl::StatusOr<annals::v1::IngestEventsResponse> AnswerOf(
    const TokenCodec& tokens, const std::vector<std::string>& names,
    const absl::StatusOr<storage::UpsertReceipt>& receipt) {
  if (!receipt.ok()) return storage::PrefixField(receipt.status(), "batch");
  annals::v1::IngestEventsResponse response;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& row = receipt->rows[i];
    CountOutcome(row.outcome, response.mutable_counts());
    if (!IsReported(row.outcome)) continue;
    *response.add_results() = StoredRow(static_cast<int>(i), names[i], row);
  }
  response.set_position(tokens.SealPosition(receipt->position));
  return response;
}

}  // namespace

absl::Status IngestSession::Start(const std::vector<std::string>& malformed_fields,
                                  annals::v1::IngestEventsRequest* request, Respond respond) {
  if (release_ended_) {
    return storage::Error(absl::StatusCode::kFailedPrecondition, "AFTER_RELEASE_END",
                          "nothing may follow the end of a release");
  }
  for (const std::string& field : malformed_fields) {
    if (!InRow(field)) return InvalidUtf8(field);
  }
  const storage::CallContext context = call_.StoreContext();
  switch (request->message_case()) {
    case annals::v1::IngestEventsRequest::kBatch:
      return StartBatch(context, malformed_fields, request->mutable_batch(), std::move(respond));
    case annals::v1::IngestEventsRequest::kReleaseEnd:
      return AnswerReleaseEnd(context, request->release_end(), respond);
    case annals::v1::IngestEventsRequest::MESSAGE_NOT_SET:
      break;
  }
  return storage::InvalidField("message", "REQUIRED", "needs a batch or a release end");
}

absl::Status IngestSession::NoteNames(const annals::v1::EventBatch& batch) {
  if (named_ids_.size() + static_cast<std::size_t>(batch.rows_size()) > kStreamRowsMax) {
    return storage::Error(absl::StatusCode::kResourceExhausted, "STREAM_TOO_LONG",
                          fmt::format("a stream takes at most {} rows", kStreamRowsMax));
  }
  for (const annals::v1::EventUpsert& row : batch.rows()) {
    const auto name = storage::ParseEventName(row.event().name());
    if (name.ok() && call_.principal().MayWrite(name->feed)) named_ids_.push_back(name->Id());
  }
  return absl::OkStatus();
}

std::vector<absl::Status> IngestSession::CheckRows(const EventValidator& validator,
                                                   const std::vector<std::string>& malformed_fields,
                                                   annals::v1::EventBatch* batch) const {
  std::vector<absl::Status> statuses =
      ValidateRows(validator, call_.principal(), batch->mutable_rows());
  // The first malformed field of a row is the one named.
  for (auto field = malformed_fields.rbegin(); field != malformed_fields.rend(); ++field) {
    if (const auto in_row = InRow(*field)) {
      statuses[static_cast<std::size_t>(in_row->row)] = InvalidUtf8(in_row->field);
    }
  }
  return statuses;
}

absl::Status IngestSession::StartBatch(storage::CallContext context,
                                       const std::vector<std::string>& malformed_fields,
                                       annals::v1::EventBatch* batch, Respond respond) {
  const absl::Status count = CheckRowCount(batch->rows_size(), "batch.rows");
  if (!count.ok()) return count;
  const absl::Status id = CheckBatchId(batch->batch_id(), batch->validate_only(), "batch.batch_id");
  if (!id.ok()) return id;
  const absl::Status noted = NoteNames(*batch);
  if (!noted.ok()) return noted;
  const absl::Status within = call_.TakeRows(batch->rows_size());
  if (!within.ok()) return within;
  const auto catalog = backend_.catalog_cache->Get(context);
  if (!catalog.ok()) return catalog.status();
  const EventValidator validator(*backend_.gazetteer, {**catalog, context.visibility});
  const std::vector<absl::Status> statuses = CheckRows(validator, malformed_fields, batch);
  context.reason = CheckedLabels(validator, batch->rows(), statuses);
  std::vector<storage::UpsertRow> rows;
  std::vector<std::string> names;
  for (int i = 0; i < batch->rows_size(); ++i) {
    names.push_back(batch->rows(i).event().name());
    rows.push_back(TakeRow(batch->mutable_rows(i), statuses[static_cast<std::size_t>(i)]));
  }
  backend_.events->StartUpsert(
      context, std::move(rows),
      {.validate_only = batch->validate_only(), .batch_id = batch->batch_id()},
      [tokens = backend_.tokens, names = std::move(names),
       respond = std::move(respond)](const absl::StatusOr<storage::UpsertReceipt>& receipt) {
        respond(Guarded([&] { return AnswerOf(*tokens, names, receipt); }));
      });
  return absl::OkStatus();
}

absl::Status IngestSession::AnswerReleaseEnd(const storage::CallContext& context,
                                             const annals::v1::ReleaseEnd& end,
                                             const Respond& respond) {
  const auto catalog = backend_.catalog_cache->Get(context);
  if (!catalog.ok()) return catalog.status();
  ReferenceChecker check(*backend_.gazetteer, {**catalog, context.visibility});
  const auto scope = check.In("release_end");
  check.Feed("feed", end.feed());
  check.RequiredText("reason", end.reason(), kNoteCharactersMax);
  const double share =
      end.has_retracted_share_max() ? end.retracted_share_max() : kRetractedShareDefault;
  if (!(share >= 0 && share <= 1)) {
    check.Fail("retracted_share_max", "SHARE_RANGE", "must be in [0, 1]");
  }
  if (!check.ok()) return check.status();
  const auto feed = storage::ParseCatalogName("feeds", end.feed());
  if (!call_.principal().MayWrite(*feed)) {
    return FeedNotYours(call_.principal(), *feed, "release_end.feed");
  }
  std::ranges::sort(named_ids_);
  const auto receipt = backend_.events->RetractAbsent(context, *feed, named_ids_, end.reason(),
                                                      share, end.validate_only());
  if (!receipt.ok()) return receipt.status();
  release_ended_ = true;
  annals::v1::IngestEventsResponse response;
  for (const std::string& name : receipt->retracted_names) {
    CountOutcome(annals::v1::ROW_OUTCOME_RETRACTED, response.mutable_counts());
    if (response.results_size() == kRetractedResultsMax) continue;
    auto* result = response.add_results();
    result->set_name(name);
    result->set_outcome(annals::v1::ROW_OUTCOME_RETRACTED);
  }
  response.set_position(backend_.tokens->SealPosition(receipt->position));
  respond(std::move(response));
  return absl::OkStatus();
}

}  // namespace annals::service

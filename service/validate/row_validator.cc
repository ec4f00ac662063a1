#include "service/validate/row_validator.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "fmt/format.h"
#include "service/validate/details_checker.h"
#include "service/validate/text.h"
#include "storage/error.h"
#include "storage/event_name.h"

namespace annals::service {
namespace {

constexpr std::string_view kCaptiveLabelsChecked = "captive_labels_checked";

absl::Status OverrideNotYours(const Principal& principal, std::string_view feed) {
  return storage::Error(
      absl::StatusCode::kPermissionDenied, "OVERRIDE_NOT_YOURS",
      fmt::format("{} ({}) is no editor of feeds/{}: only an editor says that the "
                  "labels of captives were checked",
                  principal.name(), RoleWord(principal.role), feed),
      kCaptiveLabelsChecked);
}

absl::Status ValidateRow(const EventValidator& validator, const Principal& principal,
                         annals::v1::EventUpsert* row) {
  if (!row->has_event()) return storage::InvalidField("event", "REQUIRED", "must be given");
  if (row->source_version() < 0) {
    return storage::InvalidField("source_version", "NEGATIVE_VERSION", "must not be negative");
  }
  const bool checked = row->captive_labels_checked();
  const absl::Status valid = validator.Validate(row->mutable_event(), checked);
  if (!valid.ok()) return valid;
  const auto name = storage::ParseEventName(row->event().name());
  if (!principal.MayWrite(name->feed)) return FeedNotYours(principal, name->feed, "name");
  return checked && !principal.MayEdit(name->feed) ? OverrideNotYours(principal, name->feed)
                                                   : absl::OkStatus();
}

annals::v1::RowResult InvalidRow(int index, const std::string& name, const absl::Status& status) {
  annals::v1::RowResult result;
  result.set_index(index);
  result.set_name(name);
  result.set_outcome(annals::v1::ROW_OUTCOME_INVALID);
  result.set_field(storage::ErrorField(status));
  result.set_reason(storage::ErrorReason(status));
  std::string message(status.message());
  ReplaceMalformed(message.data(), message.size());
  result.set_message(message);
  return result;
}

}  // namespace

absl::Status CheckRowCount(int rows, std::string_view field) {
  if (rows >= 1 && rows <= kBatchRowsMax) return absl::OkStatus();
  return storage::InvalidField(field, rows == 0 ? "REQUIRED" : "BATCH_TOO_LARGE",
                               fmt::format("has {} rows, 1 to {} are taken", rows, kBatchRowsMax));
}

absl::Status CheckBatchId(std::string_view batch_id, bool validate_only, std::string_view field) {
  const bool visible = std::ranges::all_of(batch_id, [](char c) { return c > ' ' && c <= '~'; });
  if (!visible || batch_id.size() > kBatchIdCharactersMax) {
    return storage::InvalidField(
        field, "BAD_BATCH_ID",
        fmt::format("must be at most {} visible ASCII characters", kBatchIdCharactersMax));
  }
  if (validate_only && !batch_id.empty()) {
    return storage::InvalidField(field, "BATCH_ID_AND_VALIDATE_ONLY",
                                 "excludes validate_only: only what was written is remembered");
  }
  return absl::OkStatus();
}

std::vector<absl::Status> ValidateRows(const EventValidator& validator, const Principal& principal,
                                       UpsertRows* rows) {
  std::vector<absl::Status> statuses;
  std::unordered_set<std::string_view> names;
  for (annals::v1::EventUpsert& row : *rows) {
    absl::Status status = ValidateRow(validator, principal, &row);
    const bool repeated = !names.insert(row.event().name()).second;
    if (status.ok() && repeated) {
      status = storage::InvalidField("name", "DUPLICATE_NAME", "is that of an earlier row");
    }
    statuses.push_back(std::move(status));
  }
  return statuses;
}

bool IsOfRow(std::string_view field) {
  return field == "event" || field == "source_version" || field == kCaptiveLabelsChecked;
}

std::string CheckedLabels(const EventValidator& validator, const UpsertRows& rows,
                          const std::vector<absl::Status>& statuses) {
  std::vector<std::string> names;
  std::set<std::string> feeds;
  for (int i = 0; i < rows.size(); ++i) {
    if (!statuses[static_cast<std::size_t>(i)].ok()) continue;
    const annals::v1::Event& event = rows[i].event();
    feeds.insert(storage::ParseEventName(event.name())->feed);
    if (rows[i].captive_labels_checked() && validator.SeemsToNameCaptives(event)) {
      names.push_back(event.name());
    }
  }
  if (names.empty()) return {};
  if (feeds.size() > 1) return fmt::format("captive labels checked: {} events", names.size());
  constexpr std::size_t kNamesBytesMax = kNoteCharactersMax - 20;  // ", and 4999 more"
  std::string text = "captive labels checked: " + names[0];
  for (std::size_t i = 1; i < names.size(); ++i) {
    if (text.size() + 2 + names[i].size() > kNamesBytesMax) {
      return text + fmt::format(", and {} more", names.size() - i);
    }
    text += ", " + names[i];
  }
  return text;
}

storage::UpsertRow TakeRow(annals::v1::EventUpsert* row, const absl::Status& refused) {
  storage::UpsertRow taken{.event = std::move(*row->mutable_event()),
                           .source_version = {},
                           .reinstate = row->reinstate(),
                           .refused = refused};
  if (row->has_source_version()) taken.source_version = row->source_version();
  return taken;
}

annals::v1::RowResult StoredRow(int index, const std::string& name,
                                const storage::UpsertReceipt::Row& row) {
  if (!row.error.ok()) return InvalidRow(index, name, row.error);
  annals::v1::RowResult result;
  result.set_index(index);
  result.set_name(name);
  result.set_outcome(row.outcome);
  result.set_revision(row.revision);
  return result;
}

void CountOutcome(annals::v1::RowOutcome outcome, annals::v1::OutcomeCounts* counts) {
  switch (outcome) {
    case annals::v1::ROW_OUTCOME_CREATED:
      return counts->set_created(counts->created() + 1);
    case annals::v1::ROW_OUTCOME_UPDATED:
      return counts->set_updated(counts->updated() + 1);
    case annals::v1::ROW_OUTCOME_UNCHANGED:
      return counts->set_unchanged(counts->unchanged() + 1);
    case annals::v1::ROW_OUTCOME_STALE:
      return counts->set_stale(counts->stale() + 1);
    case annals::v1::ROW_OUTCOME_STAYS_RETRACTED:
      return counts->set_stays_retracted(counts->stays_retracted() + 1);
    case annals::v1::ROW_OUTCOME_INVALID:
      return counts->set_invalid(counts->invalid() + 1);
    case annals::v1::ROW_OUTCOME_RETRACTED:
      return counts->set_retracted(counts->retracted() + 1);
    case annals::v1::ROW_OUTCOME_STAYS_MERGED:
      return counts->set_stays_merged(counts->stays_merged() + 1);
    case annals::v1::ROW_OUTCOME_STAYS_REDACTED:
      return counts->set_stays_redacted(counts->stays_redacted() + 1);
    default:
      return;
  }
}

}  // namespace annals::service

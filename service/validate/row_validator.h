// Checks the rows of a batch, alike for unary calls and streams.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "annals/v1/ingest_service.pb.h"
#include "service/auth/principal.h"
#include "service/validate/event_validator.h"
#include "storage/event_store.h"

namespace annals::service {

inline constexpr int kBatchRowsMax = 5'000;
inline constexpr std::size_t kBatchIdCharactersMax = 128;

// INVALID_ARGUMENT (REQUIRED, BATCH_TOO_LARGE) unless there are 1 to 5,000 rows.
[[nodiscard]] absl::Status CheckRowCount(int rows, std::string_view field);

// INVALID_ARGUMENT unless it is empty or 1 to 128 visible ASCII characters (BAD_BATCH_ID), and
// empty where nothing is to be changed (BATCH_ID_AND_VALIDATE_ONLY).
[[nodiscard]] absl::Status CheckBatchId(std::string_view batch_id, bool validate_only,
                                        std::string_view field);

using UpsertRows = google::protobuf::RepeatedPtrField<annals::v1::EventUpsert>;

// One status for each row: those of EventValidator, REQUIRED (no event), NEGATIVE_VERSION
// ("source_version"), DUPLICATE_NAME (a name that an earlier row has), and as PERMISSION_DENIED
// FEED_NOT_YOURS and OVERRIDE_NOT_YOURS ("captive_labels_checked", of who may not edit the feed);
// fields are paths from the event, but for those of the row. Brings events into the form that is
// kept.
[[nodiscard]] std::vector<absl::Status> ValidateRows(const EventValidator& validator,
                                                     const Principal& principal, UpsertRows* rows);

// Whether the field of a refused row is one of the row itself, not of its event.
[[nodiscard]] bool IsOfRow(std::string_view field);

// What the audit is to say of the rows that are valid: which of them have captives' labels that
// look like names and that an editor has checked, by name, at most kNoteCharactersMax characters;
// only how many where other feeds' events are written with them, whose editors would read it.
// Empty where there is none.
[[nodiscard]] std::string CheckedLabels(const EventValidator& validator, const UpsertRows& rows,
                                        const std::vector<absl::Status>& statuses);

// Moves the event out of the row. `refused`: why it cannot go in, if it cannot.
[[nodiscard]] storage::UpsertRow TakeRow(annals::v1::EventUpsert* row,
                                         const absl::Status& refused = {});

// What became of a row, as it is answered.
[[nodiscard]] annals::v1::RowResult StoredRow(int index, const std::string& name,
                                              const storage::UpsertReceipt::Row& row);

void CountOutcome(annals::v1::RowOutcome outcome, annals::v1::OutcomeCounts* counts);

}  // namespace annals::service

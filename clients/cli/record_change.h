// What became of an event between two moments of the record, and how that is told.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "annals/v1/event_service.pb.h"
#include "clients/cli/event_diff.h"
#include "clients/cli/table.h"

namespace annals::cli {

enum class ChangeKind { kCreated, kCorrected, kRetracted, kMerged };

struct RecordChange {
  ChangeKind kind = ChangeKind::kCreated;
  v1::Event event;                      // As it is at the later moment.
  std::int64_t from_revision = 0;       // At the earlier one; 0 where it was not there.
  std::vector<FieldChange> fields;      // Empty where it was not there.
  std::optional<v1::AuditEntry> audit;  // Of the last change, where it was asked for and given.
};

// Takes an event at two moments; `before` is nullptr where it was not there. One that was retracted
// meanwhile is RETRACTED, whatever else, one that was merged MERGED; one that was reinstated or
// unmerged is CORRECTED. nullopt where it was changed and changed back.
[[nodiscard]] std::optional<RecordChange> ChangeOf(const v1::Event* before, v1::Event after);

// The columns of a table, and of csv.
[[nodiscard]] std::vector<Column> ChangeColumns(bool csv);
[[nodiscard]] std::vector<std::string> ChangeCells(const RecordChange& change, bool csv);

// The change as an object on one line.
[[nodiscard]] std::string ChangeJson(const RecordChange& change);

// Counts changes by kind, and corrections by field of the event.
class ChangeTally {
 public:
  void Add(const RecordChange& change);

  [[nodiscard]] std::int64_t Total() const;

  // "1,916 created, 94 retracted, 509 corrected: location 80, fatalities 59". Empty where there
  // was no change.
  [[nodiscard]] std::string Text() const;

 private:
  std::array<std::int64_t, 4> kinds_{};  // By ChangeKind.
  std::map<std::string, std::int64_t> fields_;
};

}  // namespace annals::cli

// Edits the sheet of an event until the server takes it: what `new` and `edit` have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "annals/v1/ingest_service.pb.h"
#include "clients/cli/session.h"

namespace annals::cli {

struct EditFlags {
  std::string editor;                   // Empty: as RunEditor finds one.
  std::string from;                     // A file to begin with; empty is none.
  bool captive_labels_checked = false;  // See annals.v1.EventUpsert.
};

// Declares --editor, --from and --captive-labels-checked. REQUIRES: `flags` outlives the command.
void AddEditFlags(CLI::App* command, EditFlags& flags);

// What the server would do with an event. INVALID_ARGUMENT, FAILED_PRECONDITION and ALREADY_EXISTS
// have it edited again; CANCELLED means that there is nothing to send; all else ends the edit.
using EventCheck = std::function<absl::Status(const v1::Event& event, const v1::RowResult& would)>;

// Has `sheet` (or the file of --from) edited, asks the server with validate_only, then `check`, and
// opens the editor again with what is wrong at the top until both are content; then sends it and
// answers what became of it. A sheet that is empty or was left as it was is not sent: that, and
// what went wrong, is told on stderr. What a person wrote is kept in a file, whose path is told,
// unless it was sent.
[[nodiscard]] absl::StatusOr<v1::RowResult> EditAndSend(Session& session, const EditFlags& flags,
                                                        const std::string& sheet,
                                                        const EventCheck& check);

}  // namespace annals::cli

#include "clients/cli/sheet_edit.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "clients/cli/editor.h"
#include "clients/cli/event_sheet.h"
#include "clients/cli/outcome.h"
#include "clients/cpp/status.h"

namespace annals::cli {
namespace {

// Where the event stands in the request.
constexpr char kEventPath[] = "rows[0].event";

absl::StatusOr<v1::RowResult> Upsert(const Session& session, const EditFlags& flags,
                                     const v1::Event& event, bool validate_only) {
  v1::BatchUpsertEventsRequest request;
  v1::EventUpsert& row = *request.add_rows();
  *row.mutable_event() = event;
  row.set_captive_labels_checked(flags.captive_labels_checked);
  request.set_validate_only(validate_only);
  const auto response = session.Record().BatchUpsertEvents(request);
  if (!response.ok()) return response.status();
  if (response->results().empty()) return absl::InternalError("the server answered no result");
  return response->results(0);
}

std::string FromEvent(std::string_view text) {
  return absl::StrReplaceAll(
      absl::string_view(text.data(), text.size()),
      {{fmt::format("{}.", kEventPath), ""}, {fmt::format("{}: ", kEventPath), ""}});
}

std::vector<std::string> Complaints(const absl::Status& status) {
  std::vector<std::string> complaints;
  for (const auto& [field, description] : client::FieldViolations(status)) {
    // The description may open with the field.
    const std::string text = FromEvent(description), name = FromEvent(field);
    complaints.push_back(text.starts_with(name) ? text : fmt::format("{}: {}", name, text));
  }
  if (complaints.empty()) {
    complaints.push_back(FromEvent({status.message().data(), status.message().size()}));
  }
  return complaints;
}

bool IsToBeEdited(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status) ||
         absl::IsAlreadyExists(status);
}

// One edit, from the first sheet to its end.
class Editing {
 public:
  Editing(Session& session, const EditFlags& flags, const EventCheck& check, TextFile file,
          std::string sheet)
      : session_(session),
        flags_(flags),
        check_(check),
        file_(std::move(file)),
        shown_(std::move(sheet)),
        is_worth_keeping_(!flags.from.empty()) {}

  absl::StatusOr<v1::RowResult> Run() {
    for (bool first = true;; first = false) {
      absl::StatusOr<v1::Event> event = Edit(first && !flags_.from.empty());
      absl::Status status = event.status();
      if (status.ok()) status = Check(*event);
      if (status.ok()) return Send(*event);
      if (is_edited_ && absl::IsCancelled(status)) is_worth_keeping_ = false;
      if (!IsToBeEdited(status) || !is_edited_) return End(status);
      const std::vector<std::string> complaints = Complaints(status);
      for (const std::string& complaint : complaints) session_.Note(complaint);
      shown_ = WithComplaints(text_, complaints);
      if (absl::Status written = file_.Write(shown_); !written.ok()) return End(written);
    }
  }

 private:
  // Has the file edited; CANCELLED where there is then nothing to send.
  absl::StatusOr<v1::Event> Edit(bool sends_unchanged) {
    is_edited_ = false;
    const absl::Status run = RunEditor(session_, flags_.editor, file_.Path());
    absl::StatusOr<std::string> text = file_.Read();
    if (!text.ok()) return text.status();
    // An editor that fails may have saved before.
    if (!run.ok() && *text != shown_) is_worth_keeping_ = true;
    if (!run.ok()) return run;
    if (IsBlank(*text)) {
      is_worth_keeping_ = false;
      return absl::CancelledError("the text is empty");
    }
    if (*text == shown_ && !sends_unchanged) {
      return absl::CancelledError("the text was left as it was");
    }
    is_edited_ = is_worth_keeping_ = true;
    text_ = *std::move(text);
    return ReadSheet(text_);
  }

  absl::Status Check(const v1::Event& event) {
    const absl::StatusOr<v1::RowResult> would =
        Upsert(session_, flags_, event, /*validate_only=*/true);
    return would.ok() ? check_(event, *would) : would.status();
  }

  absl::StatusOr<v1::RowResult> Send(const v1::Event& event) {
    absl::StatusOr<v1::RowResult> sent = Upsert(session_, flags_, event, /*validate_only=*/false);
    if (!sent.ok()) return End(sent.status());
    file_.Remove();
    return sent;
  }

  absl::Status End(const absl::Status& status) {
    if (is_worth_keeping_) {
      session_.Note(fmt::format("what you wrote is kept in {}: go on with --from", file_.Path()));
    } else {
      file_.Remove();
    }
    if (!absl::IsCancelled(status)) return status;
    session_.Note(fmt::format("nothing was sent: {}",
                              std::string_view(status.message().data(), status.message().size())));
    return AlreadyTold();
  }

  Session& session_;
  const EditFlags& flags_;
  const EventCheck& check_;
  const TextFile file_;
  std::string shown_;  // What the editor was last opened with.
  std::string text_;   // What it left.
  bool is_edited_ = false;
  bool is_worth_keeping_;
};

}  // namespace

void AddEditFlags(CLI::App* command, EditFlags& flags) {
  command
      ->add_option("--editor", flags.editor,
                   "The editor, in words for the shell (default: VISUAL, EDITOR, vi or nano)")
      ->option_text("COMMAND");
  command
      ->add_option("--from", flags.from,
                   "Begin with the text in this file, such as one that was kept")
      ->option_text("FILE");
  command->add_flag("--captive-labels-checked", flags.captive_labels_checked,
                    "Take labels of captives that look like names: you have checked that they name "
                    "no person. For editors of the feed; the audit says so");
}

absl::StatusOr<v1::RowResult> EditAndSend(Session& session, const EditFlags& flags,
                                          const std::string& sheet, const EventCheck& check) {
  std::string text = sheet;
  if (!flags.from.empty()) {
    absl::StatusOr<std::string> given = ReadText(flags.from);
    if (!given.ok()) return given.status();
    text = *std::move(given);
  }
  absl::StatusOr<TextFile> file = TextFile::Create(session, text);
  if (!file.ok()) return file.status();
  return Editing(session, flags, check, *std::move(file), std::move(text)).Run();
}

}  // namespace annals::cli

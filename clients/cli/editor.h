// Has a person, or a script in place of one, edit a file.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cli/session.h"

namespace annals::cli {

// Runs `command` (words for the shell; empty: VISUAL, else EDITOR, else vi or nano on a terminal)
// on the file and waits for its end. FAILED_PRECONDITION where there is no editor, ABORTED where it
// fails.
[[nodiscard]] absl::Status RunEditor(const Session& session, const std::string& command,
                                     const std::string& path);

// A file that only its owner reads, in TMPDIR or /tmp. It stays until Remove.
class TextFile {
 public:
  // INTERNAL where there is no room for one.
  [[nodiscard]] static absl::StatusOr<TextFile> Create(const Session& session,
                                                       const std::string& text);

  [[nodiscard]] const std::string& Path() const { return path_; }
  // NOT_FOUND, INTERNAL.
  [[nodiscard]] absl::StatusOr<std::string> Read() const;
  [[nodiscard]] absl::Status Write(const std::string& text) const;
  void Remove() const;

 private:
  explicit TextFile(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

// The text of any file, as TextFile::Read.
[[nodiscard]] absl::StatusOr<std::string> ReadText(const std::string& path);

}  // namespace annals::cli

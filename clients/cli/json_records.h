// Splits a stream of JSON objects, one a line (NDJSON) or in one array, into texts, a piece at a
// time: a file of any size takes the memory of its largest object. Used by one thread.
#pragma once

#include <istream>
#include <string>

#include "absl/status/statusor.h"

namespace annals::cli {

// Enough for an event of 64 KiB however it is written.
inline constexpr std::size_t kRecordBytesMax = 4 << 20;

class JsonRecords {
 public:
  // `in` must outlive it.
  explicit JsonRecords(std::istream& in) : in_(in) {}

  // Reads the next object into `text`, and the line where it begins into `line`. False at the end.
  // In NDJSON every non-blank line is a record, whatever it holds; in an array, INVALID_ARGUMENT
  // (final) where the text between objects is no array's, an object does not end or is too long.
  [[nodiscard]] absl::StatusOr<bool> Next(std::string& text, int& line);

 private:
  enum class Form { kUnknown, kLines, kArray, kEnded };

  absl::StatusOr<bool> NextLine(std::string& text, int& line);
  absl::StatusOr<bool> NextElement(std::string& text, int& line);
  absl::Status ReadObject(std::string& text);
  int SkipSpace();
  int Get();

  std::istream& in_;
  Form form_ = Form::kUnknown;
  int line_ = 1;
};

}  // namespace annals::cli

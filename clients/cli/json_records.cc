#include "clients/cli/json_records.h"

#include <fmt/format.h>

namespace annals::cli {
namespace {

constexpr int kEnd = std::istream::traits_type::eof();

bool IsSpace(int c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

absl::Status Broken(int line, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("line {}: {}", line, what));
}

}  // namespace

int JsonRecords::Get() {
  const int c = in_.get();
  if (c == '\n') ++line_;
  return c;
}

// Moves to the next character that is no space and returns it unread.
int JsonRecords::SkipSpace() {
  while (IsSpace(in_.peek())) Get();
  return in_.peek();
}

absl::StatusOr<bool> JsonRecords::Next(std::string& text, int& line) {
  if (form_ == Form::kUnknown) {
    for (const int mark : {0xEF, 0xBB, 0xBF}) {  // A byte order mark says nothing in UTF-8.
      if (in_.peek() == mark) in_.get();
    }
    form_ = SkipSpace() == '[' ? Form::kArray : Form::kLines;
    if (form_ == Form::kArray) {
      Get();
      if (SkipSpace() == ']') form_ = Form::kEnded;
    }
  }
  if (form_ == Form::kEnded) return false;
  return form_ == Form::kArray ? NextElement(text, line) : NextLine(text, line);
}

absl::StatusOr<bool> JsonRecords::NextLine(std::string& text, int& line) {
  if (SkipSpace() == kEnd) return false;
  line = line_;
  text.clear();
  for (int c = Get(); c != '\n' && c != kEnd; c = Get()) {
    if (text.size() == kRecordBytesMax) return Broken(line, "longer than 4 MiB");
    text += static_cast<char>(c);
  }
  return true;
}

absl::StatusOr<bool> JsonRecords::NextElement(std::string& text, int& line) {
  if (SkipSpace() != '{') return Broken(line_, "expected an object in the array");
  line = line_;
  if (absl::Status status = ReadObject(text); !status.ok()) return status;
  const int after = SkipSpace();
  if (after != ',' && after != ']') return Broken(line_, "expected , or ] after an object");
  Get();
  if (after == ']') form_ = Form::kEnded;
  return true;
}

// Reads to the brace that closes the object, past those in strings.
absl::Status JsonRecords::ReadObject(std::string& text) {
  const int first_line = line_;
  text.clear();
  int depth = 0;
  bool in_string = false;
  bool escaped = false;
  while (true) {
    const int c = Get();
    if (c == kEnd) return Broken(first_line, "the object does not end");
    if (text.size() == kRecordBytesMax) return Broken(first_line, "longer than 4 MiB");
    text += static_cast<char>(c);
    if (in_string) {
      if (!escaped && c == '"') in_string = false;
      escaped = !escaped && c == '\\';
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '{') ++depth;
    if (c == '}' && --depth == 0) return absl::OkStatus();
  }
}

}  // namespace annals::cli

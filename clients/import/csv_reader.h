// Reads delimited text as RFC 4180 says, a record at a time: fields may be quoted, quoted fields
// may hold separators, line breaks and doubled quotes. CRLF and LF end a record; a byte order mark
// at the start and blank lines are skipped. A quote inside a field that does not begin with one is
// text.
//
// Takes memory for one record. Used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace annals::import {

// The largest record that is read. A quote that is never closed ends here, not with the memory.
inline constexpr std::size_t kRecordBytesMax = std::size_t{4} << 20;

struct CsvRecord {
  std::vector<std::string> fields;
  std::int64_t row = 0;   // Of the records, from 1; the header counts.
  std::int64_t line = 0;  // Where it begins, from 1.
};

class CsvReader {
 public:
  // `in` must outlive the reader.
  explicit CsvReader(std::istream* in, char separator = ',')
      : in_(in->rdbuf()), separator_(separator) {}

  // Reads the next record into `record` and returns true; false at the end. INVALID_ARGUMENT,
  // naming the line, where a quoted field is never closed, is followed by text, or the record is
  // too large; `record` then holds row and line. After text behind a closing quote the next call
  // goes on with the next line; after the other errors it is as at the end.
  [[nodiscard]] absl::StatusOr<bool> Next(CsvRecord* record);

 private:
  enum class End { kField, kRecord, kInput };

  int Take();
  void SkipLine();
  bool TakeLineEnd(int character);
  absl::StatusOr<End> ReadField(CsvRecord* record);
  absl::StatusOr<End> ReadQuoted(CsvRecord* record, std::string* field);
  absl::Status CheckSize(const CsvRecord& record);

  std::streambuf* in_;
  const char separator_;
  std::int64_t line_ = 1;
  std::int64_t rows_ = 0;
  std::size_t record_bytes_ = 0;
  bool ended_ = false;
};

}  // namespace annals::import

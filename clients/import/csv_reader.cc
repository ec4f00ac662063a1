#include "clients/import/csv_reader.h"

#include "fmt/format.h"

namespace annals::import {
namespace {

constexpr int kEnd = std::char_traits<char>::eof();
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

int CsvReader::Take() {
  const int character = in_->sbumpc();
  if (character == '\n') ++line_;
  if (character != kEnd) ++record_bytes_;
  return character;
}

// Whether `character`, just taken, ends a line; takes the LF of a CRLF.
bool CsvReader::TakeLineEnd(int character) {
  if (character == '\n') return true;
  if (character != '\r' || in_->sgetc() != '\n') return false;
  Take();
  return true;
}

void CsvReader::SkipLine() {
  for (int character = Take(); character != kEnd && character != '\n'; character = Take()) {
  }
}

absl::Status CsvReader::CheckSize(const CsvRecord& record) {
  if (record_bytes_ <= kRecordBytesMax) return absl::OkStatus();
  ended_ = true;
  return absl::InvalidArgumentError(
      fmt::format("line {}: a record of more than {} bytes; is a quote never closed?", record.line,
                  kRecordBytesMax));
}

// Reads on after an opening quote.
absl::StatusOr<CsvReader::End> CsvReader::ReadQuoted(CsvRecord* record, std::string* field) {
  const std::int64_t opened = line_;
  while (true) {
    int character = Take();
    if (character == kEnd) {
      ended_ = true;
      return absl::InvalidArgumentError(
          fmt::format("line {}: a quoted field is never closed", opened));
    }
    if (character != '"') {
      field->push_back(static_cast<char>(character));
    } else if (in_->sgetc() == '"') {
      field->push_back(static_cast<char>(Take()));
    } else {
      character = Take();
      if (character == kEnd) return End::kInput;
      if (character == separator_) return End::kField;
      if (TakeLineEnd(character)) return End::kRecord;
      const std::int64_t line = line_;
      SkipLine();
      return absl::InvalidArgumentError(
          fmt::format("line {}: text behind the closing quote of a field", line));
    }
    if (absl::Status status = CheckSize(*record); !status.ok()) return status;
  }
}

absl::StatusOr<CsvReader::End> CsvReader::ReadField(CsvRecord* record) {
  std::string& field = record->fields.emplace_back();
  int character = Take();
  if (character == '"') return ReadQuoted(record, &field);
  for (;; character = Take()) {
    if (character == kEnd) return End::kInput;
    if (character == separator_) return End::kField;
    if (TakeLineEnd(character)) return End::kRecord;
    field.push_back(static_cast<char>(character));
    if (absl::Status status = CheckSize(*record); !status.ok()) return status;
  }
}

absl::StatusOr<bool> CsvReader::Next(CsvRecord* record) {
  while (!ended_) {
    record->fields.clear();
    record->line = line_;
    record_bytes_ = 0;
    if (rows_ == 0 && line_ == 1) {
      for (const char expected : kByteOrderMark) {
        if (in_->sgetc() != static_cast<unsigned char>(expected)) break;
        in_->sbumpc();
      }
    }
    End end = End::kField;
    while (end == End::kField) {
      absl::StatusOr<End> read = ReadField(record);
      if (!read.ok()) {
        record->row = ++rows_;
        return read.status();
      }
      end = *read;
    }
    ended_ = end == End::kInput;
    if (record->fields.size() > 1 || !record->fields.front().empty()) {
      record->row = ++rows_;
      return true;
    }
  }
  return false;
}

}  // namespace annals::import

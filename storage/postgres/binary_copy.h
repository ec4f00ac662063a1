// COPY ... FROM STDIN in PostgreSQL's binary format, on the connection of a transaction: what
// libpqxx has no way for. Rows are streamed as they are written, so that the server stores one
// while the next is made.
//
//   BinaryCopy copy(&transaction, "event_posting", "key, occurred_start, event_id, is_long");
//   copy.BeginRow(4);
//   copy.Int64(key) ...
//   copy.Finish();
//
// Throws as pqxx does. Until Finish, the transaction can do nothing else; an object that is
// destroyed before gives the COPY up, which ends the transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/postgres/transaction.h"
#include "storage/time_span.h"

namespace annals::storage {

class BinaryCopy {
 public:
  // `columns`: as SQL lists them.
  BinaryCopy(Transaction* transaction, std::string_view table, std::string_view columns);
  ~BinaryCopy();
  BinaryCopy(const BinaryCopy&) = delete;
  BinaryCopy& operator=(const BinaryCopy&) = delete;

  // `fields` values follow, each of the type of its column.
  void BeginRow(std::int16_t fields);
  void Null();
  void Bool(bool value);
  void Int16(int value);
  void Int32(std::int32_t value);
  void Int64(std::int64_t value);
  void Double(double value);
  void Timestamp(Micros value);        // timestamptz; years 1 to 9999
  void Text(std::string_view value);   // text, in UTF-8
  void Bytes(std::string_view value);  // bytea; geometry as EWKB
  void Int64Array(std::span<const std::int64_t> values);
  void Int16Array(std::span<const int> values);
  void TextArray(std::span<const std::string> values);
  void Lexemes(std::span<const std::string> words);  // tsvector; ascending, each once

  // NULL where there is none.
  void Int64(const std::optional<std::int64_t>& value) { value ? Int64(*value) : Null(); }
  void Double(const std::optional<double>& value) { value ? Double(*value) : Null(); }
  void Timestamp(const std::optional<Micros>& value) { value ? Timestamp(*value) : Null(); }
  void TextOrNull(const std::string& value) { value.empty() ? Null() : Text(value); }

  void Finish();

 private:
  void Append16(std::uint16_t value);
  void Append32(std::uint32_t value);
  void Append64(std::uint64_t value);
  void BeginArray(std::uint32_t element_oid, std::size_t size, std::size_t bytes);
  void Send();

  Transaction& transaction_;
  const std::string statement_;
  std::string buffer_;
  bool open_ = true;
};

}  // namespace annals::storage

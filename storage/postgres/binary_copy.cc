#include "storage/postgres/binary_copy.h"

#include <libpq-fe.h>

#include <array>
#include <bit>
#include <memory>
#include <pqxx/except>

#include "fmt/format.h"

namespace annals::storage {
namespace {

constexpr std::size_t kSendBytes = 64 << 10;
constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
constexpr Micros kPostgresEpoch = Micros{946'684'800} * 1'000'000;  // 2000-01-01

// Numbers of PostgreSQL's own types, the same in every database.
constexpr std::uint32_t kInt8 = 20;
constexpr std::uint32_t kInt2 = 21;
constexpr std::uint32_t kText = 25;

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

[[noreturn]] void Fail(PGconn* connection, const PGresult* result, const std::string& statement) {
  const std::string message =
      result == nullptr ? PQerrorMessage(connection) : PQresultErrorMessage(result);
  const char* const state =
      result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (PQstatus(connection) != CONNECTION_OK || state == nullptr) {
    throw pqxx::broken_connection(message);
  }
  if (std::string_view(state).starts_with("40")) throw pqxx::transaction_rollback(message);
  if (std::string_view(state).starts_with("53")) {
    throw pqxx::insufficient_resources(message, statement, state);
  }
  throw pqxx::sql_error(message, statement, state);
}

// In network order.
template <typename T>
void AppendNumber(T value, std::string* out) {
  std::array<char, sizeof(T)> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(value >> (8 * (bytes.size() - 1 - i)) & 0xff);
  }
  out->append(bytes.data(), bytes.size());
}

// What is left to be read of a statement that has ended.
void Drain(PGconn* connection) {
  while (const Result rest{PQgetResult(connection), PQclear}) {
  }
}

}  // namespace

BinaryCopy::BinaryCopy(Transaction* transaction, std::string_view table, std::string_view columns)
    : transaction_(*transaction),
      statement_(fmt::format("COPY {} ({}) FROM STDIN (FORMAT binary)", table, columns)),
      buffer_(kSignature) {
  PGconn* const connection = transaction_.libpq();
  const Result begun(PQexec(connection, statement_.c_str()), PQclear);
  if (PQresultStatus(begun.get()) != PGRES_COPY_IN) Fail(connection, begun.get(), statement_);
}

BinaryCopy::~BinaryCopy() {
  if (!open_) return;
  PGconn* const connection = transaction_.libpq();
  PQputCopyEnd(connection, "given up");
  Drain(connection);
}

void BinaryCopy::Append16(std::uint16_t value) { AppendNumber(value, &buffer_); }
void BinaryCopy::Append32(std::uint32_t value) { AppendNumber(value, &buffer_); }
void BinaryCopy::Append64(std::uint64_t value) { AppendNumber(value, &buffer_); }

void BinaryCopy::BeginRow(std::int16_t fields) {
  if (buffer_.size() >= kSendBytes) Send();
  Append16(static_cast<std::uint16_t>(fields));
}

void BinaryCopy::Null() { Append32(0xffff'ffff); }

void BinaryCopy::Bool(bool value) {
  Append32(1);
  buffer_ += static_cast<char>(value ? 1 : 0);
}

void BinaryCopy::Int16(int value) {
  Append32(2);
  Append16(static_cast<std::uint16_t>(value));
}

void BinaryCopy::Int32(std::int32_t value) {
  Append32(4);
  Append32(static_cast<std::uint32_t>(value));
}

void BinaryCopy::Int64(std::int64_t value) {
  Append32(8);
  Append64(static_cast<std::uint64_t>(value));
}

void BinaryCopy::Double(double value) {
  Append32(8);
  Append64(std::bit_cast<std::uint64_t>(value));
}

void BinaryCopy::Timestamp(Micros value) { Int64(value - kPostgresEpoch); }

void BinaryCopy::Text(std::string_view value) { Bytes(value); }

void BinaryCopy::Bytes(std::string_view value) {
  Append32(static_cast<std::uint32_t>(value.size()));
  buffer_ += value;
}

// One dimension from index 1 on, no nulls; an empty array has no dimension.
void BinaryCopy::BeginArray(std::uint32_t element_oid, std::size_t size, std::size_t bytes) {
  constexpr std::size_t kHead = 12;
  constexpr std::size_t kDimension = 8;
  Append32(static_cast<std::uint32_t>(kHead + (size == 0 ? 0 : kDimension + bytes)));
  Append32(size == 0 ? 0 : 1);
  Append32(0);
  Append32(element_oid);
  if (size == 0) return;
  Append32(static_cast<std::uint32_t>(size));
  Append32(1);
}

void BinaryCopy::Int64Array(std::span<const std::int64_t> values) {
  BeginArray(kInt8, values.size(), values.size() * 12);
  for (const std::int64_t value : values) Int64(value);
}

void BinaryCopy::Int16Array(std::span<const int> values) {
  BeginArray(kInt2, values.size(), values.size() * 6);
  for (const int value : values) Int16(value);
}

void BinaryCopy::TextArray(std::span<const std::string> values) {
  std::size_t bytes = 0;
  for (const std::string& value : values) bytes += 4 + value.size();
  BeginArray(kText, values.size(), bytes);
  for (const std::string& value : values) Text(value);
}

void BinaryCopy::Lexemes(std::span<const std::string> words) {
  std::size_t bytes = 4;
  for (const std::string& word : words) bytes += word.size() + 3;
  Append32(static_cast<std::uint32_t>(bytes));
  Append32(static_cast<std::uint32_t>(words.size()));
  for (const std::string& word : words) {
    buffer_ += word;
    buffer_ += '\0';
    Append16(0);  // no positions
  }
}

void BinaryCopy::Send() {
  PGconn* const connection = transaction_.libpq();
  if (PQputCopyData(connection, buffer_.data(), static_cast<int>(buffer_.size())) != 1) {
    Fail(connection, nullptr, statement_);
  }
  buffer_.clear();
}

void BinaryCopy::Finish() {
  Append16(0xffff);
  Send();
  PGconn* const connection = transaction_.libpq();
  if (PQputCopyEnd(connection, nullptr) != 1) Fail(connection, nullptr, statement_);
  open_ = false;
  const Result ended(PQgetResult(connection), PQclear);
  Drain(connection);
  if (PQresultStatus(ended.get()) != PGRES_COMMAND_OK) Fail(connection, ended.get(), statement_);
}

}  // namespace annals::storage

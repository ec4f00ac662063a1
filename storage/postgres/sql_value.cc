#include "storage/postgres/sql_value.h"

#include <bit>
#include <cstring>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "fmt/format.h"

namespace annals::storage {
namespace {

static_assert(std::endian::native == std::endian::little,
              "WKB below is written as it lies in memory");

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::uint32_t kWkbPolygon = 3;
constexpr std::uint32_t kWkbMultiPolygon = 6;
constexpr std::uint32_t kEwkbHasSrid = 0x20000000;
constexpr std::uint32_t kSridWgs84 = 4326;
constexpr int kYearMax = 200'000;  // PostgreSQL's own limit is 294276

std::string Hex(std::string_view bytes) {
  std::string text(2 * bytes.size(), '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text[2 * i] = kHexDigits[byte >> 4];
    text[2 * i + 1] = kHexDigits[byte & 15];
  }
  return text;
}

// -1 where `digit` is none.
int HexValue(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

template <typename T>
void Append(std::string& bytes, T value) {
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  bytes.append(raw, sizeof raw);
}

void AppendHeader(std::string& bytes, std::uint32_t type, bool with_srid) {
  bytes.push_back(1);  // little endian
  Append(bytes, with_srid ? type | kEwkbHasSrid : type);
  if (with_srid) Append(bytes, kSridWgs84);
}

void AppendPolygon(std::string& bytes, const PlanarPolygon& polygon, bool with_srid) {
  AppendHeader(bytes, kWkbPolygon, with_srid);
  Append(bytes, static_cast<std::uint32_t>(polygon.rings.size()));
  for (const auto& ring : polygon.rings) {
    Append(bytes, static_cast<std::uint32_t>(ring.size()));
    for (const auto& [lon, lat] : ring) {
      Append(bytes, lon);
      Append(bytes, lat);
    }
  }
}

template <typename T>
std::string NumberArray(std::span<const T> values) {
  return fmt::format("{{{}}}", fmt::join(values.begin(), values.end(), ","));
}

}  // namespace

std::string TimestampText(Micros time) {
  const absl::Time instant = absl::FromUnixMicros(time);
  const absl::CivilSecond civil = absl::ToCivilSecond(instant, absl::UTCTimeZone());
  if (civil.year() < 1) return "-infinity";
  if (civil.year() > kYearMax) return "infinity";
  const Micros micros = ((time % 1'000'000) + 1'000'000) % 1'000'000;
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}+00", civil.year(), civil.month(),
                     civil.day(), civil.hour(), civil.minute(), civil.second(), micros);
}

std::string MicrosOf(std::string_view expression) {
  // extract() answers numeric since PostgreSQL 14: nothing is rounded.
  return fmt::format("(extract(epoch FROM {}) * 1000000)::bigint", expression);
}

std::string ArrayText(std::span<const std::int64_t> values) { return NumberArray(values); }
std::string ArrayText(std::span<const std::int32_t> values) { return NumberArray(values); }

std::string ArrayText(std::span<const std::string> values) {
  std::string text = "{";
  for (const std::string& value : values) {
    if (text.size() > 1) text += ',';
    text += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + "}";
}

std::string ByteaText(std::string_view bytes) { return "\\x" + Hex(bytes); }

std::string DecodeBytea(std::string_view text) {
  if (!text.starts_with("\\x") || text.size() % 2 != 0) return {};
  text.remove_prefix(2);
  std::string bytes(text.size() / 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = HexValue(text[2 * i]);
    const int low = HexValue(text[2 * i + 1]);
    if (high < 0 || low < 0) return {};
    bytes[i] = static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::string LexemeText(std::string_view word) {
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'' || c == '\\') text += c;
    text += c;
  }
  return text + "'";
}

std::string DoubleText(double value) { return fmt::format("{}", value); }

std::string PolygonEwkb(const PlanarPolygon& polygon) {
  std::string bytes;
  AppendPolygon(bytes, polygon, true);
  return bytes;
}

std::string PolygonText(const PlanarPolygon& polygon) { return Hex(PolygonEwkb(polygon)); }

std::string MultiPolygonEwkb(std::span<const PlanarPolygon> polygons) {
  std::string bytes;
  AppendHeader(bytes, kWkbMultiPolygon, true);
  Append(bytes, static_cast<std::uint32_t>(polygons.size()));
  for (const PlanarPolygon& polygon : polygons) AppendPolygon(bytes, polygon, false);
  return bytes;
}

}  // namespace annals::storage

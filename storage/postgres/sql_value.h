// Values as PostgreSQL reads and writes them in text: times, arrays, bytes, geometries.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/geo/area.h"
#include "storage/time_span.h"

namespace annals::storage {

// A timestamptz. Times before year 1 become -infinity, times after year 200,000 infinity: no event
// lies there.
[[nodiscard]] std::string TimestampText(Micros time);

// SQL that answers a timestamptz expression as microseconds since 1970, without loss.
[[nodiscard]] std::string MicrosOf(std::string_view expression);

// Arrays: {1,2,3}; strings are quoted.
[[nodiscard]] std::string ArrayText(std::span<const std::int64_t> values);
[[nodiscard]] std::string ArrayText(std::span<const std::int32_t> values);
[[nodiscard]] std::string ArrayText(std::span<const std::string> values);

// A bytea in hex (\x...), and back. Decode answers an empty string where `text` is no such thing.
[[nodiscard]] std::string ByteaText(std::string_view bytes);
[[nodiscard]] std::string DecodeBytea(std::string_view text);

// A word of a tsvector or tsquery, quoted.
[[nodiscard]] std::string LexemeText(std::string_view word);

// A double that reads back as itself.
[[nodiscard]] std::string DoubleText(double value);

// A geometry(Polygon, 4326) or geometry(MultiPolygon, 4326) as EWKB; Text is the same in hex.
[[nodiscard]] std::string PolygonEwkb(const PlanarPolygon& polygon);
[[nodiscard]] std::string PolygonText(const PlanarPolygon& polygon);
[[nodiscard]] std::string MultiPolygonEwkb(std::span<const PlanarPolygon> polygons);

}  // namespace annals::storage

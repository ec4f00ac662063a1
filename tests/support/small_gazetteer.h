// Five regions as rectangles, for tests that need some gazetteer and not the world's (which takes a
// second to read): UA with UA-43 and UA-63, RU with RU-KRS.
#pragma once

#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>

#include "fmt/format.h"
#include "storage/gazetteer.h"

namespace annals::testing {

// A number as storage/gazetteer/README.md encodes it.
inline std::string EncodedDegrees(double degrees) {
  const auto units = static_cast<long>(std::lround(degrees * 10'000));
  auto rest = static_cast<unsigned long>(units < 0 ? ~(units * 2) : units * 2);
  std::string text;
  for (; rest >= 0x20; rest >>= 5) text += static_cast<char>((0x20 | (rest & 0x1F)) + 63);
  return text + static_cast<char>(rest + 63);
}

inline std::string CountryLine(const std::string& code, const std::string& title) {
  return fmt::format(R"({{"code":"{}","title":"{}","parent":"","level":1,"type":"Country",)"
                     R"("names":[{{"language":"en","text":"{}"}}],"center":[35.0,50.0]}})"
                     "\n",
                     code, title, title);
}

// A unit of [west, west + width] x [south, south + height].
inline std::string UnitLine(const std::string& code, const std::string& title,
                            const std::string& russian, double west, double south, double width,
                            double height) {
  std::string ring;
  for (const double step : {west, south, width, 0.0, 0.0, height, -width, 0.0}) {
    const std::string encoded = EncodedDegrees(step);
    for (const char c : encoded) ring += c == '\\' ? "\\\\" : std::string(1, c);
  }
  return fmt::format(R"({{"code":"{}","title":"{}","parent":"{}","level":2,"type":"Oblast",)"
                     R"("names":[{{"language":"en","text":"{}"}},{{"language":"ru","text":"{}"}}],)"
                     R"("center":[{:.4f},{:.4f}],"polygons":[["{}"]]}})"
                     "\n",
                     code, title, code.substr(0, 2), title, russian, west + width / 2,
                     south + height / 2, ring);
}

inline const storage::Gazetteer& SmallGazetteer() {
  static const auto gazetteer = [] {
    auto parsed = storage::Gazetteer::Parse(
        CountryLine("RU", "Russia") + UnitLine("RU-KRS", "Kursk", "Курск", 34, 50.9, 4.5, 1.6) +
        CountryLine("UA", "Ukraine") + UnitLine("UA-43", "Crimea", "Крым", 32.5, 44.3, 4, 1.9) +
        UnitLine("UA-63", "Kharkiv", "Харьков", 34.9, 48.5, 5, 1.9));
    if (!parsed.ok()) throw std::logic_error(parsed.status().ToString());
    return *std::move(parsed);
  }();
  return *gazetteer;
}

}  // namespace annals::testing

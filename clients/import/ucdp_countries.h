// The countries of UCDP's files.
#pragma once

#include <cstdint>
#include <string_view>

namespace annals::import {

// ISO 3166-1 alpha-2 code of a country by its number in UCDP's `country_id` (Gleditsch and Ward's
// list of states). Empty for numbers that are unknown, and for states whose ground is not that of
// one country of today: Israel (666, which in UCDP's files includes the Palestinian territories),
// Yugoslavia (345), Czechoslovakia (315). Thread-safe.
[[nodiscard]] std::string_view IsoCodeOfUcdpCountry(std::int64_t country_id);

}  // namespace annals::import

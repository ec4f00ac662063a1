// Who says so, out of UCDP's source columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "annals/v1/events.pb.h"
#include "clients/import/ucdp_row.h"

namespace annals::import {

// One report that `source_article` names.
struct UcdpSource {
  std::string office;
  absl::CivilDay date;
  std::string headline;
};

// Takes `"Office,2014-01-22,Headline";"Office,…"` apart. Empty where the text has another form, as
// it has in rows coded before 2013.
[[nodiscard]] std::vector<UcdpSource> ParseUcdpSources(std::string_view source_article);

// Adds to the event: a claim by UCDP (with the deaths by side in words, and the figures as given
// where `contradictory`), one by each report, dated, with its headline, or one by the whole
// `source_article` where it cannot be taken apart, and one by `source_original`; and the reported
// time, which is the first day of a report that is not before date_start. At most 200 claims.
void AddUcdpClaims(const UcdpRow& row, bool contradictory, v1::Event* event);

}  // namespace annals::import

#include "clients/import/ucdp_ged.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "clients/import/text.h"
#include "clients/import/ucdp_countries.h"
#include "clients/import/ucdp_sources.h"
#include "fmt/format.h"

namespace annals::import {
namespace {

// Radii in metres. UCDP gives the first ("within about 25 km"); the other two are ours, wide enough
// for what such rows are about: a road or river stretch, a stretch of sea.
constexpr double kNearRadiusM = 25'000;
constexpr double kLinearRadiusM = 100'000;
constexpr double kInternationalRadiusM = 300'000;

constexpr int kLabelCharactersMax = 300;
constexpr int kCodeCharactersMax = 128;
constexpr int kDescriptionCharactersMax = 20'000;
constexpr int kTitleSideCharactersMax = 90;
constexpr int kTitlePlaceCharactersMax = 60;

constexpr std::int64_t kOneSidedViolence = 3;

// UCDP's where_prec.
enum WherePrec : std::int64_t {
  kExact = 1,
  kNear = 2,
  kSecondLevel = 3,
  kFirstLevel = 4,
  kLinearOrFuzzy = 5,
  kCountry = 6,
  kInternational = 7,
};

void SetDay(absl::CivilDay day, google::protobuf::Timestamp* time) {
  time->set_seconds(absl::ToUnixSeconds(absl::FromCivil(day, absl::UTCTimeZone())));
}

v1::TimePrecision PrecisionOf(const UcdpRow& row) {
  const absl::CivilDay end = row.date_end + 1;
  switch (row.date_prec) {
    case 1:
      return row.date_start == row.date_end ? v1::TIME_PRECISION_DAY : v1::TIME_PRECISION_RANGE;
    case 3:
      return v1::TIME_PRECISION_WEEK;
    case 4:
      return v1::TIME_PRECISION_MONTH;
    case 5:
      return absl::CivilDay(absl::CivilYear(row.date_start)) == row.date_start &&
                     end == absl::CivilDay(absl::CivilYear(row.date_start) + 1)
                 ? v1::TIME_PRECISION_YEAR
                 : v1::TIME_PRECISION_RANGE;
    default:
      return v1::TIME_PRECISION_RANGE;
  }
}

v1::PlacePrecision PlacePrecisionOf(std::int64_t where_prec) {
  switch (where_prec) {
    case kExact:
      return v1::PLACE_PRECISION_EXACT;
    case kNear:
      return v1::PLACE_PRECISION_NEAR;
    case kSecondLevel:
      return v1::PLACE_PRECISION_SECOND_LEVEL_REGION;
    case kFirstLevel:
      return v1::PLACE_PRECISION_FIRST_LEVEL_REGION;
    case kLinearOrFuzzy:
      return v1::PLACE_PRECISION_LINEAR_OR_FUZZY;
    case kCountry:
      return v1::PLACE_PRECISION_COUNTRY;
    default:
      return v1::PLACE_PRECISION_INTERNATIONAL;
  }
}

std::optional<double> RadiusOf(std::int64_t where_prec) {
  switch (where_prec) {
    case kNear:
      return kNearRadiusM;
    case kLinearOrFuzzy:
      return kLinearRadiusM;
    case kInternational:
      return kInternationalRadiusM;
    default:
      return std::nullopt;
  }
}

void AddCode(std::string_view taxonomy, const std::string& value, v1::Event* event) {
  if (value.empty()) return;
  v1::Code* code = event->add_codes();
  code->set_taxonomy(fmt::format("ucdp:{}", taxonomy));
  code->set_value(Shortened(value, kCodeCharactersMax));
}

void AddCodes(const UcdpRow& row, v1::Event* event) {
  AddCode("relid", row.relid, event);
  AddCode("code_status", row.code_status, event);
  AddCode("type_of_violence", std::to_string(row.type_of_violence), event);
  AddCode("conflict", row.conflict_id, event);
  AddCode("dyad", row.dyad_id, event);
  AddCode("side_a", row.side_a_id, event);
  AddCode("side_b", row.side_b_id, event);
  AddCode("country", row.country_id ? std::to_string(*row.country_id) : "", event);
  AddCode("event_clarity", row.event_clarity ? std::to_string(*row.event_clarity) : "", event);
  AddCode("where_prec", std::to_string(row.where_prec), event);
  AddCode("date_prec", std::to_string(row.date_prec), event);
}

std::string Deaths(std::int64_t count) {
  return fmt::format("{} {}", count, count == 1 ? "death" : "deaths");
}

std::string DeathsInWords(const v1::CountRange& deaths) {
  if (!deaths.has_low() && !deaths.has_best() && !deaths.has_high()) return "deaths unknown";
  if (deaths.has_best()) {
    const std::int64_t low = deaths.has_low() ? deaths.low() : deaths.best();
    const std::int64_t high = deaths.has_high() ? deaths.high() : deaths.best();
    if (low == high) return Deaths(deaths.best());
    return fmt::format("{} ({}–{})", Deaths(deaths.best()), low, high);
  }
  if (!deaths.has_high()) return fmt::format("at least {}", Deaths(deaths.low()));
  if (!deaths.has_low()) return fmt::format("at most {}", Deaths(deaths.high()));
  if (deaths.low() == deaths.high()) return Deaths(deaths.low());
  return fmt::format("{}–{}", deaths.low(), Deaths(deaths.high()));
}

// "Government of Ukraine – DPR: clash at Donetsk city, 12 deaths (8–20)".
std::string TitleOf(const UcdpRow& row, const v1::CountRange& deaths) {
  std::string place = row.where_coordinates;
  if (place.empty()) place = row.adm_1.empty() ? row.country : row.adm_1;
  if (!place.empty()) {
    const std::string_view where = row.where_prec == kExact  ? "at"
                                   : row.where_prec == kNear ? "near"
                                                             : "in";
    place = fmt::format(" {} {}", where, Shortened(place, kTitlePlaceCharactersMax));
  }
  return fmt::format(
      "{} – {}: {}{}, {}", Shortened(row.side_a, kTitleSideCharactersMax),
      Shortened(row.side_b, kTitleSideCharactersMax),
      row.type_of_violence == kOneSidedViolence ? "violence against civilians" : "clash", place,
      DeathsInWords(deaths));
}

std::string DescriptionOf(const UcdpRow& row) {
  std::string description = row.source_headline;
  const auto add = [&](std::string_view heading, const std::string& text) {
    if (text.empty()) return;
    description += fmt::format("{}{}: {}", description.empty() ? "" : "\n\n", heading, text);
  };
  add("Place", row.where_description);
  add("Conflict", row.conflict_name);
  return Shortened(description, kDescriptionCharactersMax);
}

}  // namespace

UcdpGedReader::UcdpGedReader(CsvReader csv, UcdpColumns columns, UcdpGedOptions options)
    : csv_(csv), columns_(columns), options_(std::move(options)) {}

absl::StatusOr<UcdpGedReader> UcdpGedReader::Open(std::istream* in, UcdpGedOptions options) {
  CsvReader csv(in);
  CsvRecord header;
  const absl::StatusOr<bool> any = csv.Next(&header);
  if (!any.ok()) return any.status();
  if (!*any) return absl::InvalidArgumentError("is empty");
  const absl::StatusOr<UcdpColumns> columns = UcdpColumns::FromHeader(header.fields);
  if (!columns.ok()) return columns.status();
  return UcdpGedReader(csv, *columns, std::move(options));
}

absl::StatusOr<bool> UcdpGedReader::Next(UcdpGedRow* row) {
  *row = UcdpGedRow();
  const absl::StatusOr<bool> any = csv_.Next(&record_);
  row->line = record_.line;
  if (!any.ok()) {
    ++summary_.rows;
    row->error = {"", "BAD_CSV", std::string(any.status().message())};
    return true;
  }
  if (!*any) return false;
  constexpr std::int64_t kTagRow = 2;
  if (record_.row == kTagRow && UcdpColumns::IsTagRow(record_.fields)) return Next(row);
  ++summary_.rows;
  std::variant<UcdpRow, RowError> read = columns_.Read(record_.fields);
  if (const auto* error = std::get_if<RowError>(&read)) {
    row->error = *error;
    return true;
  }
  UcdpRow& values = std::get<UcdpRow>(read);
  const auto [first, is_new] = lines_by_id_.try_emplace(values.id, record_.line);
  if (!is_new) {
    row->error = {"id", "DUPLICATE_ID",
                  fmt::format("{} was already on line {}", values.id, first->second)};
    return true;
  }
  if (absl::Status status = Convert(std::move(values), row->upsert.mutable_event()); !status.ok()) {
    return status;
  }
  row->valid = true;
  return true;
}

absl::Status UcdpGedReader::Convert(UcdpRow row, v1::Event* event) {
  event->set_name(fmt::format("feeds/{}/events/{}", options_.feed, row.id));
  event->set_kind(row.type_of_violence == kOneSidedViolence
                      ? v1::EVENT_KIND_VIOLENCE_AGAINST_CIVILIANS
                      : v1::EVENT_KIND_BATTLE);
  AddCodes(row, event);
  SetDay(row.date_start, event->mutable_occurred()->mutable_start());
  SetDay(row.date_end + 1, event->mutable_occurred()->mutable_end());
  event->mutable_occurred()->set_precision(PrecisionOf(row));
  if (absl::Status status = AddLocation(row, event->mutable_location()); !status.ok())
    return status;
  AddSide(row.side_a_id, row.side_a, v1::PARTICIPANT_ROLE_INITIATOR, event);
  AddSide(row.side_b_id, row.side_b, v1::PARTICIPANT_ROLE_TARGET, event);
  const bool contradictory = SetDeaths(row, event);
  if (contradictory) ++summary_.contradictions;
  event->set_title(TitleOf(row, event->fatalities()));
  event->set_description(DescriptionOf(row));
  event->set_language_code("en");
  AddUcdpClaims(row, contradictory, event);
  return absl::OkStatus();
}

absl::Status UcdpGedReader::AddLocation(const UcdpRow& row, v1::Location* location) {
  if (row.latitude) {
    location->mutable_point()->set_latitude(*row.latitude);
    location->mutable_point()->set_longitude(*row.longitude);
    if (const auto radius = RadiusOf(row.where_prec)) location->set_radius_m(*radius);
  }
  location->set_precision(PlacePrecisionOf(row.where_prec));
  location->set_place_name(Shortened(row.where_coordinates, kLabelCharactersMax));
  if (row.where_prec == kInternational) return absl::OkStatus();

  std::string region;
  const std::string_view iso_code = IsoCodeOfUcdpCountry(row.country_id.value_or(0));
  if (!iso_code.empty()) {
    absl::StatusOr<std::string> resolved = row.where_prec == kCountry
                                               ? options_.regions->Country(iso_code)
                                               : options_.regions->FirstLevel(iso_code, row.adm_1);
    if (!resolved.ok()) return resolved.status();
    region = *std::move(resolved);
  }
  const bool is_area =
      row.where_prec == kSecondLevel || row.where_prec == kFirstLevel || row.where_prec == kCountry;
  if (is_area && region.empty()) ++summary_.unresolved_areas;
  location->set_region(region);
  if (is_area) location->set_area_region(region);
  return absl::OkStatus();
}

void UcdpGedReader::AddSide(const std::string& id, const std::string& name,
                            v1::ParticipantRole role, v1::Event* event) {
  v1::Participant* side = event->add_participants();
  side->set_role(role);
  if (const auto actor = options_.actors.find(id); actor != options_.actors.end()) {
    side->set_actor(actor->second);
  } else {
    side->set_label(Shortened(name, kLabelCharactersMax));
    ++summary_.labelled_sides;
  }
}

// Sets the range of deaths: as given, or where the figures contradict each other, their hull.
// Whether they do.
bool UcdpGedReader::SetDeaths(const UcdpRow& row, v1::Event* event) {
  std::optional<std::int64_t> low, high;
  for (const auto& figure : {row.low, row.best, row.high}) {
    if (!figure) continue;
    low = std::min(low.value_or(*figure), *figure);
    high = std::max(high.value_or(*figure), *figure);
  }
  if (!low) return false;
  v1::CountRange* deaths = event->mutable_fatalities();
  if (row.low) deaths->set_low(*low);
  if (row.best) deaths->set_best(*row.best);
  if (row.high) deaths->set_high(*high);
  return (row.low && *row.low != *low) || (row.high && *row.high != *high);
}

}  // namespace annals::import

#include "clients/import/ucdp_ged.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/ucdp_file.h"

namespace annals::import {
namespace {

using annals::testing::ucdp::Cells;
using annals::testing::ucdp::File;
using annals::testing::ucdp::Row;
using annals::testing::ucdp::With;

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class FakeRegions : public RegionResolver {
 public:
  absl::StatusOr<std::string> Country(std::string_view iso_code) override {
    if (!status.ok()) return status;
    return iso_code == "UA" ? "regions/UA" : "";
  }
  absl::StatusOr<std::string> FirstLevel(std::string_view iso_code,
                                         std::string_view name) override {
    if (!status.ok()) return status;
    return iso_code == "UA" && name == "Donetsk oblast" ? "regions/UA-14" : "";
  }

  absl::Status status;
};

class UcdpGedTest : public ::testing::Test {
 protected:
  std::vector<UcdpGedRow> ReadText(const std::string& text) {
    std::istringstream in(text);
    auto reader = UcdpGedReader::Open(
        &in, {.feed = "ucdp", .regions = &regions_, .actors = {{"61", "actors/ukr"}}});
    EXPECT_TRUE(reader.ok()) << reader.status();
    std::vector<UcdpGedRow> rows;
    UcdpGedRow row;
    while (true) {
      const absl::StatusOr<bool> any = reader->Next(&row);
      EXPECT_TRUE(any.ok()) << any.status();
      if (!any.ok() || !*any) break;
      rows.push_back(row);
    }
    summary_ = reader->Summary();
    return rows;
  }

  v1::Event Convert(const Cells& cells) {
    const auto rows = ReadText(File({cells}));
    EXPECT_EQ(rows.size(), 1u);
    EXPECT_TRUE(rows[0].valid) << rows[0].error.column << ": " << rows[0].error.message;
    return rows[0].upsert.event();
  }

  RowError ErrorOf(const Cells& cells) {
    const auto rows = ReadText(File({cells}));
    EXPECT_EQ(rows.size(), 1u);
    EXPECT_FALSE(rows[0].valid);
    return rows[0].error;
  }

  FakeRegions regions_;
  UcdpGedSummary summary_;
};

std::string CodeOf(const v1::Event& event, const std::string& taxonomy) {
  for (const v1::Code& code : event.codes()) {
    if (code.taxonomy() == taxonomy) return code.value();
  }
  return "";
}

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kFifthOfJuly = 1'404'518'400;  // 2014-07-05T00:00:00Z

TEST_F(UcdpGedTest, MapsARow) {
  const v1::Event event = Convert(Row());
  EXPECT_EQ(event.name(), "feeds/ucdp/events/101");
  EXPECT_EQ(event.kind(), v1::EVENT_KIND_BATTLE);
  EXPECT_EQ(event.occurred().start().seconds(), kFifthOfJuly);
  EXPECT_EQ(event.occurred().end().seconds(), kFifthOfJuly + kDay);
  EXPECT_EQ(event.occurred().precision(), v1::TIME_PRECISION_DAY);
  EXPECT_EQ(event.title(), "Government of Ukraine – DPR: clash at Testove town, 5 deaths (3–9)");
  EXPECT_EQ(event.description(),
            "Five dead;Clash\n\nPlace: near the mill\n\nConflict: Ukraine: Donetsk");
  EXPECT_EQ(event.language_code(), "en");
  ASSERT_EQ(event.participants_size(), 2);
  EXPECT_EQ(event.participants(0).actor(), "actors/ukr");
  EXPECT_EQ(event.participants(0).role(), v1::PARTICIPANT_ROLE_INITIATOR);
  EXPECT_EQ(event.participants(1).label(), "DPR");
  EXPECT_EQ(event.participants(1).role(), v1::PARTICIPANT_ROLE_TARGET);
  EXPECT_EQ(event.fatalities().low(), 3);
  EXPECT_EQ(event.fatalities().best(), 5);
  EXPECT_EQ(event.fatalities().high(), 9);
  EXPECT_EQ(CodeOf(event, "ucdp:type_of_violence"), "1");
  EXPECT_EQ(CodeOf(event, "ucdp:dyad"), "14124");
  EXPECT_EQ(CodeOf(event, "ucdp:where_prec"), "1");
  EXPECT_EQ(CodeOf(event, "ucdp:relid"), "UKR-2014-1-14124-1");
  EXPECT_EQ(summary_.rows, 1);
  EXPECT_EQ(summary_.labelled_sides, 1);
}

TEST_F(UcdpGedTest, MapsSourcesToClaims) {
  const v1::Event event = Convert(Row());
  ASSERT_EQ(event.claims_size(), 4);
  EXPECT_EQ(event.claims(0).source(), "UCDP");
  EXPECT_EQ(event.claims(0).note(), "Deaths: side A 2, side B 3, civilians 0, unknown 0.");
  EXPECT_FALSE(event.claims(0).has_fatalities());
  EXPECT_EQ(event.claims(1).source(), "Agency, Ltd");
  EXPECT_EQ(event.claims(1).note(), "Five \"\"dead\"");
  EXPECT_EQ(event.claims(1).time().seconds(), kFifthOfJuly + kDay);
  EXPECT_EQ(event.claims(2).source(), "Paper");
  EXPECT_EQ(event.claims(3).source(), "A spokesman");
  for (const v1::Claim& claim : event.claims()) EXPECT_EQ(claim.stance(), v1::CLAIM_STANCE_ASSERTS);
  EXPECT_EQ(event.reported_time().seconds(), kFifthOfJuly);
}

TEST_F(UcdpGedTest, KeepsASourceTextOfAnotherFormWhole) {
  const v1::Event event = Convert(With({{"source_article", "Reuters 1989-05-17 \"REBELS"}}));
  EXPECT_EQ(event.claims(1).source(), "Reuters 1989-05-17 \"REBELS");
  EXPECT_FALSE(event.claims(1).has_time());
  EXPECT_FALSE(event.has_reported_time());
}

TEST_F(UcdpGedTest, TakesNoReportFromBeforeTheEventForTheReportedTime) {
  const v1::Event event =
      Convert(With({{"source_article", R"("Paper,2013-07-06,Typo";"Paper,2014-07-08,Late")"}}));
  EXPECT_EQ(event.reported_time().seconds(), kFifthOfJuly + 3 * kDay);
}

TEST_F(UcdpGedTest, ReadsDatesInEveryForm) {
  const std::string serial = "41825";  // 2014-07-05
  for (const std::string& date :
       {std::string("2014-07-05 00:00:00.000"), std::string("2014-07-05T00:00:00Z"), serial}) {
    const v1::Event event = Convert(With({{"date_start", date}, {"date_end", date}}));
    EXPECT_EQ(event.occurred().start().seconds(), kFifthOfJuly) << date;
    EXPECT_EQ(event.occurred().end().seconds(), kFifthOfJuly + kDay) << date;
  }
}

TEST_F(UcdpGedTest, GivesTheWindowThePrecisionOfTheSource) {
  struct Case {
    std::string date_prec, start, end;
    v1::TimePrecision precision;
  };
  for (const Case& c :
       std::vector<Case>{{"1", "2014-07-05", "2014-07-06", v1::TIME_PRECISION_RANGE},
                         {"2", "2014-07-05", "2014-07-08", v1::TIME_PRECISION_RANGE},
                         {"3", "2014-07-05", "2014-07-11", v1::TIME_PRECISION_WEEK},
                         {"4", "2014-07-01", "2014-07-31", v1::TIME_PRECISION_MONTH},
                         {"5", "2014-01-01", "2014-12-31", v1::TIME_PRECISION_YEAR},
                         {"5", "2014-01-01", "2014-12-30", v1::TIME_PRECISION_RANGE}}) {
    const v1::Event event =
        Convert(With({{"date_prec", c.date_prec}, {"date_start", c.start}, {"date_end", c.end}}));
    EXPECT_EQ(event.occurred().precision(), c.precision) << c.date_prec << " " << c.end;
  }
}

TEST_F(UcdpGedTest, MapsExactAndNearPlacesToAPointAndARadius) {
  const v1::Location exact = Convert(Row()).location();
  EXPECT_EQ(exact.precision(), v1::PLACE_PRECISION_EXACT);
  EXPECT_DOUBLE_EQ(exact.point().latitude(), 48.5);
  EXPECT_DOUBLE_EQ(exact.point().longitude(), 37.5);
  EXPECT_FALSE(exact.has_radius_m());
  EXPECT_EQ(exact.region(), "regions/UA-14");
  EXPECT_EQ(exact.area_region(), "");
  EXPECT_EQ(exact.place_name(), "Testove town");

  const v1::Location near = Convert(With({{"where_prec", "2"}})).location();
  EXPECT_EQ(near.precision(), v1::PLACE_PRECISION_NEAR);
  EXPECT_DOUBLE_EQ(near.radius_m(), 25'000);
}

TEST_F(UcdpGedTest, MapsRegionsToTheirArea) {
  for (const auto& [where_prec, precision] :
       {std::pair("3", v1::PLACE_PRECISION_SECOND_LEVEL_REGION),
        std::pair("4", v1::PLACE_PRECISION_FIRST_LEVEL_REGION)}) {
    const v1::Location location = Convert(With({{"where_prec", where_prec}})).location();
    EXPECT_EQ(location.precision(), precision);
    EXPECT_EQ(location.area_region(), "regions/UA-14");
    EXPECT_TRUE(location.has_point());
    EXPECT_FALSE(location.has_radius_m());
  }
  const v1::Location country = Convert(With({{"where_prec", "6"}, {"adm_1", ""}})).location();
  EXPECT_EQ(country.precision(), v1::PLACE_PRECISION_COUNTRY);
  EXPECT_EQ(country.area_region(), "regions/UA");
  EXPECT_EQ(summary_.unresolved_areas, 0);
}

TEST_F(UcdpGedTest, LeavesTheAreaOfAnUnknownRegionEmptyAndCountsIt) {
  const v1::Location location =
      Convert(With({{"where_prec", "4"}, {"adm_1", "Atlantis"}})).location();
  EXPECT_EQ(location.area_region(), "");
  EXPECT_EQ(location.region(), "");
  EXPECT_EQ(location.precision(), v1::PLACE_PRECISION_FIRST_LEVEL_REGION);
  EXPECT_TRUE(location.has_point());
  EXPECT_EQ(summary_.unresolved_areas, 1);
}

TEST_F(UcdpGedTest, GivesLinesAndWatersAStatedRadius) {
  const v1::Location line = Convert(With({{"where_prec", "5"}})).location();
  EXPECT_EQ(line.precision(), v1::PLACE_PRECISION_LINEAR_OR_FUZZY);
  EXPECT_DOUBLE_EQ(line.radius_m(), 100'000);
  const v1::Location sea = Convert(With({{"where_prec", "7"}})).location();
  EXPECT_EQ(sea.precision(), v1::PLACE_PRECISION_INTERNATIONAL);
  EXPECT_DOUBLE_EQ(sea.radius_m(), 300'000);
  EXPECT_EQ(sea.region(), "");
}

TEST_F(UcdpGedTest, MakesUpNoPoint) {
  const v1::Location location =
      Convert(With({{"where_prec", "4"}, {"latitude", ""}, {"longitude", ""}})).location();
  EXPECT_FALSE(location.has_point());
  EXPECT_FALSE(Convert(With({{"where_prec", "2"}, {"latitude", ""}, {"longitude", ""}}))
                   .location()
                   .has_radius_m());
}

TEST_F(UcdpGedTest, TakesTheHullOfContradictingFiguresAndClaimsThemAsGiven) {
  const v1::Event event = Convert(With({{"low", "7"}, {"best", "6"}, {"high", "5"}}));
  EXPECT_EQ(event.fatalities().low(), 5);
  EXPECT_EQ(event.fatalities().best(), 6);
  EXPECT_EQ(event.fatalities().high(), 7);
  EXPECT_EQ(event.claims(0).fatalities().low(), 7);
  EXPECT_EQ(event.claims(0).fatalities().best(), 6);
  EXPECT_EQ(event.claims(0).fatalities().high(), 5);
  EXPECT_EQ(summary_.contradictions, 1);

  const v1::Event best_below = Convert(With({{"low", "9"}, {"best", "2"}, {"high", "9"}}));
  EXPECT_EQ(best_below.fatalities().low(), 2);
  EXPECT_EQ(best_below.fatalities().high(), 9);
}

TEST_F(UcdpGedTest, TakesAbsentAndNegativeDeathsForUnknown) {
  const v1::Event unknown = Convert(With({{"low", ""}, {"best", "-1"}, {"high", ""}}));
  EXPECT_FALSE(unknown.has_fatalities());
  EXPECT_THAT(unknown.title(), HasSubstr("deaths unknown"));
  const v1::Event zero = Convert(With({{"low", "0"}, {"best", "0"}, {"high", "0"}}));
  EXPECT_TRUE(zero.fatalities().has_best());
  EXPECT_EQ(zero.fatalities().best(), 0);
}

TEST_F(UcdpGedTest, MapsOneSidedViolence) {
  const v1::Event event = Convert(With({{"type_of_violence", "3"}, {"side_b", "Civilians"}}));
  EXPECT_EQ(event.kind(), v1::EVENT_KIND_VIOLENCE_AGAINST_CIVILIANS);
  EXPECT_THAT(event.title(), HasSubstr("violence against civilians"));
  EXPECT_EQ(Convert(With({{"type_of_violence", "2"}})).kind(), v1::EVENT_KIND_BATTLE);
}

TEST_F(UcdpGedTest, KeepsTitlesWithinTheLimit) {
  const std::string name(1'000, 'x');
  const v1::Event event =
      Convert(With({{"side_a", name}, {"side_b", name}, {"where_coordinates", name}}));
  EXPECT_LE(event.title().size(), 320u);  // 300 characters, some of several bytes.
  EXPECT_THAT(event.participants(1).label(), Not(IsEmpty()));
}

TEST_F(UcdpGedTest, SkipsASecondHeaderOfTagsOnly) {
  Cells tags;
  for (const auto& [column, cell] : Row()) tags[column] = column == "id" ? "" : "#" + column;
  Cells hash = With({{"source_headline", "#Breaking"}, {"id", "102"}});
  const auto rows = ReadText(File({tags, Row(), hash}));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_TRUE(rows[0].valid);
  EXPECT_EQ(rows[0].line, 3);
  EXPECT_TRUE(rows[1].valid);
}

TEST_F(UcdpGedTest, ReadsFloatIdsCrlfByteOrderMarkAndColumnsItDoesNotKnow) {
  std::string text = "\xEF\xBB\xBF" + File({With({{"id", "155991.0"}, {"zz_new", "?"}})});
  for (std::size_t i = text.find('\n'); i != std::string::npos; i = text.find('\n', i + 2)) {
    text.insert(i, "\r");
  }
  const auto rows = ReadText(text);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].upsert.event().name(), "feeds/ucdp/events/155991");
}

TEST_F(UcdpGedTest, RefusesAnEmptyFile) {
  std::istringstream nothing;
  EXPECT_EQ(UcdpGedReader::Open(&nothing, {}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(UcdpGedTest, TakesTheOtherRowsWhereOneIsBad) {
  const std::string text =
      File({Row(), With({{"id", "102"}, {"best", "?"}}), With({{"id", "103"}})}) + "too,short\n" +
      "\"open\"x\n";
  const auto rows = ReadText(text);
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_TRUE(rows[0].valid);
  EXPECT_FALSE(rows[1].valid);
  EXPECT_EQ(rows[1].line, 3);
  EXPECT_TRUE(rows[2].valid);
  EXPECT_EQ(rows[3].error.reason, "COLUMN_COUNT");
  EXPECT_EQ(rows[4].error.reason, "BAD_CSV");
  EXPECT_EQ(summary_.rows, 5);
}

TEST_F(UcdpGedTest, RefusesASecondRowOfAnId) {
  const auto rows = ReadText(File({Row(), With({{"id", "101.0"}})}));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_TRUE(rows[0].valid);
  EXPECT_EQ(rows[1].error.reason, "DUPLICATE_ID");
  EXPECT_EQ(rows[1].error.column, "id");
}

TEST_F(UcdpGedTest, EndsWhereRegionsCannotBeAsked) {
  regions_.status = absl::UnavailableError("away");
  std::istringstream in(File({Row()}));
  auto reader = UcdpGedReader::Open(&in, {.feed = "ucdp", .regions = &regions_});
  ASSERT_TRUE(reader.ok());
  UcdpGedRow row;
  EXPECT_EQ(reader->Next(&row).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(UcdpGedTest, ConvertsTheSameRowToTheSameEvent) {
  EXPECT_EQ(Convert(Row()).SerializeAsString(), Convert(Row()).SerializeAsString());
}

}  // namespace
}  // namespace annals::import

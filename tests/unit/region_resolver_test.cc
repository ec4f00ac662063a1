#include "clients/import/region_resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace annals::import {
namespace {

using ::testing::ElementsAre;

// A search over a made-up gazetteer, which remembers what it was asked.
class RegionResolverTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::vector<RegionCandidate>> Search(const std::string& text) {
    asked_.push_back(text);
    if (!status_.ok()) return status_;
    if (text == "UA")
      return std::vector<RegionCandidate>{{"regions/UA", 1}, {"regions/UA-40", 0.5}};
    if (text == "Punjab" || text == "punjab") {
      return std::vector<RegionCandidate>{{"regions/IN-PB", 1}, {"regions/PK-PB", 1}};
    }
    if (text == "Kiev")
      return std::vector<RegionCandidate>{{"regions/UA-30", 1}, {"regions/UA-32", 1}};
    if (text == "Donetsk oblast") return std::vector<RegionCandidate>{{"regions/UA-14", 1}};
    if (text == "Donetsk") return std::vector<RegionCandidate>{{"regions/UA-14", 0.9}};
    return std::vector<RegionCandidate>{};
  }

  std::string FirstLevel(const std::string& iso_code, const std::string& name) {
    const auto region = resolver_.FirstLevel(iso_code, name);
    EXPECT_TRUE(region.ok()) << region.status();
    return region.value_or("?");
  }

  absl::Status status_;
  std::vector<std::string> asked_;
  SearchingRegionResolver resolver_{[this](const std::string& text) { return Search(text); }};
};

TEST_F(RegionResolverTest, TakesAUnitByItsFullName) {
  EXPECT_EQ(FirstLevel("UA", "Donetsk oblast"), "regions/UA-14");
}

TEST_F(RegionResolverTest, LeavesOutTheWordForTheType) {
  EXPECT_EQ(FirstLevel("IN", "Punjab state"), "regions/IN-PB");
  EXPECT_EQ(FirstLevel("PK", "Province Punjab"), "regions/PK-PB");
  EXPECT_THAT(asked_, ElementsAre("Punjab state", "Punjab", "Province Punjab", "Punjab"));
}

TEST_F(RegionResolverTest, LooksOnlyInTheCountry) { EXPECT_EQ(FirstLevel("SY", "Punjab"), ""); }

TEST_F(RegionResolverTest, TakesNoneOfSeveral) { EXPECT_EQ(FirstLevel("UA", "Kiev"), ""); }

TEST_F(RegionResolverTest, TakesNoNearMatch) { EXPECT_EQ(FirstLevel("UA", "Donetsk"), ""); }

TEST_F(RegionResolverTest, NeverLeavesOutTheWordForACity) {
  EXPECT_EQ(FirstLevel("UA", "Kiev city"), "");
  EXPECT_THAT(asked_, ElementsAre("Kiev city"));
}

TEST_F(RegionResolverTest, AsksForEachNameOnce) {
  FirstLevel("UA", "Donetsk oblast");
  FirstLevel("UA", "Donetsk  Oblast");
  FirstLevel("UA", "");
  EXPECT_THAT(asked_, ElementsAre("Donetsk oblast"));
}

TEST_F(RegionResolverTest, TakesACountryByItsCode) {
  EXPECT_EQ(*resolver_.Country("UA"), "regions/UA");
  EXPECT_EQ(*resolver_.Country("ZZ"), "");
}

TEST_F(RegionResolverTest, ConcludesNothingFromAnError) {
  status_ = absl::UnavailableError("away");
  EXPECT_EQ(resolver_.FirstLevel("UA", "Donetsk oblast").status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(resolver_.Country("UA").status().code(), absl::StatusCode::kUnavailable);
  status_ = absl::OkStatus();
  EXPECT_EQ(FirstLevel("UA", "Donetsk oblast"), "regions/UA-14");
  EXPECT_EQ(*resolver_.Country("UA"), "regions/UA");
}

}  // namespace
}  // namespace annals::import

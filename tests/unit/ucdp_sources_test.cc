#include "clients/import/ucdp_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace annals::import {
namespace {

using ::testing::IsEmpty;

TEST(UcdpSources, AreTakenApart) {
  const auto sources =
      ParseUcdpSources("\"A, B & C,2014-07-05,One, two; three\";\"D,46074,In \"\"Kiev\"\"\"");
  ASSERT_EQ(sources.size(), 2u);
  EXPECT_EQ(sources[0].office, "A, B & C");
  EXPECT_EQ(sources[0].headline, "One, two; three");
  EXPECT_EQ(sources[1].date, absl::CivilDay(2026, 2, 21));
}

TEST(UcdpSources, AreEmptyInAnotherForm) {
  for (const char* text : {"", "\"", "\"\"", "Reuters 1989", "\"AFP,soon,x\"", "\",2014-07-05,x\"",
                           "\"AFP,2014-07-05,x\";\"AFP\""}) {
    EXPECT_THAT(ParseUcdpSources(text), IsEmpty()) << text;
  }
}

}  // namespace
}  // namespace annals::import

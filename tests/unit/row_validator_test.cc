#include "service/validate/row_validator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "storage/error.h"
#include "tests/support/service_fixture.h"
#include "tests/support/small_gazetteer.h"

namespace annals::service {
namespace {

using ::annals::testing::EventBuilder;
using ::annals::testing::SmallGazetteer;
using storage::ErrorField;
using storage::ErrorReason;
using ::testing::ElementsAre;

// Public: "f" and "g"; hidden from all but ann: "secret".
std::vector<std::string> Reasons(const Principal& principal, UpsertRows rows) {
  static const CatalogSnapshot catalog(
      1, {{.feed = "f"}, {.feed = "g"}, {"secret", true, {"principals/ann"}}}, {});
  const storage::Visibility sight = principal.Sight();
  const EventValidator validator(SmallGazetteer(), {catalog, sight});
  std::vector<std::string> reasons;
  for (const absl::Status& status : ValidateRows(validator, principal, &rows)) {
    reasons.push_back(status.ok() ? "OK" : ErrorReason(status) + " " + ErrorField(status));
    EXPECT_EQ(absl::IsPermissionDenied(status), ErrorReason(status) == "FEED_NOT_YOURS");
  }
  return reasons;
}

UpsertRows RowsOf(const std::vector<std::string>& feeds) {
  UpsertRows rows;
  for (const std::string& feed : feeds) {
    *rows.Add()->mutable_event() = EventBuilder(feed, "e" + std::to_string(rows.size())).Build();
  }
  return rows;
}

TEST(RowValidator, LetsWriteToOnesOwnFeeds) {
  const UpsertRows rows = RowsOf({"f", "g", "f"});
  EXPECT_THAT(Reasons({"bob", annals::v1::ROLE_CONTRIBUTOR, {"f"}}, rows),
              ElementsAre("OK", "FEED_NOT_YOURS name", "OK"));
  EXPECT_THAT(Reasons({"bob", annals::v1::ROLE_EDITOR, {"f", "g"}}, rows),
              ElementsAre("OK", "OK", "OK"));
  EXPECT_THAT(Reasons(Principal::Local(), rows), ElementsAre("OK", "OK", "OK"));
}

TEST(RowValidator, SpeaksOfAHiddenFeedAsOfOneThatIsNot) {
  const UpsertRows rows = RowsOf({"secret", "none"});
  const auto to_bob = Reasons({"bob", annals::v1::ROLE_CONTRIBUTOR, {"f"}}, rows);
  EXPECT_EQ(to_bob[0], to_bob[1]);
  EXPECT_THAT(to_bob[0], ::testing::StartsWith("UNKNOWN_FEED"));
  // Ann sees it and may not write to it.
  EXPECT_EQ(Reasons({"ann", annals::v1::ROLE_CONTRIBUTOR, {"f"}}, rows)[0], "FEED_NOT_YOURS name");
}

TEST(RowValidator, NamesWhatIsWrongWithARow) {
  UpsertRows rows = RowsOf({"f", "f", "f", "f"});
  rows[0].clear_event();
  rows[1].set_source_version(-1);
  *rows[3].mutable_event() = rows[2].event();
  EXPECT_THAT(Reasons(Principal::Local(), rows),
              ElementsAre("REQUIRED event", "NEGATIVE_VERSION source_version", "OK",
                          "DUPLICATE_NAME name"));
}

TEST(RowValidator, TakesSoManyRows) {
  EXPECT_TRUE(CheckRowCount(1, "rows").ok());
  EXPECT_TRUE(CheckRowCount(kBatchRowsMax, "rows").ok());
  EXPECT_EQ(ErrorReason(CheckRowCount(0, "rows")), "REQUIRED");
  EXPECT_EQ(ErrorReason(CheckRowCount(kBatchRowsMax + 1, "rows")), "BATCH_TOO_LARGE");
}

}  // namespace
}  // namespace annals::service

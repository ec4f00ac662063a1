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
    EXPECT_EQ(absl::IsPermissionDenied(status), ErrorReason(status).ends_with("_NOT_YOURS"));
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

TEST(RowValidator, LetsEditorsSayThatLabelsOfCaptivesWereChecked) {
  UpsertRows rows = RowsOf({"f", "f", "g"});
  for (auto& row : rows) {
    auto* captive = row.mutable_event()->add_participants();
    captive->set_label("Saint Maria");
    captive->set_role(annals::v1::PARTICIPANT_ROLE_CAPTIVE);
  }
  const std::string looks = "LOOKS_LIKE_A_NAME participants[0].label";
  EXPECT_THAT(Reasons(Principal::Local(), rows), ElementsAre(looks, looks, looks));
  for (auto& row : rows) row.set_captive_labels_checked(true);
  rows[1].mutable_event()->mutable_participants(0)->set_label("a crew");
  EXPECT_THAT(Reasons(Principal::Local(), rows), ElementsAre("OK", "OK", "OK"));
  const std::string not_yours = "OVERRIDE_NOT_YOURS captive_labels_checked";
  EXPECT_THAT(Reasons({"bob", annals::v1::ROLE_CONTRIBUTOR, {"f"}}, rows),
              ElementsAre(not_yours, not_yours, "FEED_NOT_YOURS name"));
  EXPECT_THAT(Reasons({"eve", annals::v1::ROLE_EDITOR, {"f"}}, rows),
              ElementsAre("OK", "OK", "FEED_NOT_YOURS name"));
  EXPECT_TRUE(IsOfRow("captive_labels_checked"));
  EXPECT_FALSE(IsOfRow("participants[0].label"));
}

TEST(RowValidator, SaysWhichLabelsOfCaptivesWereChecked) {
  static const CatalogSnapshot catalog(1, {{.feed = "f"}, {.feed = "g"}}, {});
  static const storage::Visibility kAll = storage::Visibility::All();
  const EventValidator validator(SmallGazetteer(), {catalog, kAll});
  const auto said = [&](const UpsertRows& rows) {
    return CheckedLabels(validator, rows, std::vector<absl::Status>(rows.size()));
  };
  UpsertRows rows = RowsOf({"f", "f", "f"});
  const auto name_captive = [&](int row) {
    auto* captive = rows[row].mutable_event()->add_participants();
    captive->set_label("Saint Maria");
    captive->set_role(annals::v1::PARTICIPANT_ROLE_CAPTIVE);
    rows[row].set_captive_labels_checked(true);
  };
  rows[0].set_captive_labels_checked(true);  // not needed
  EXPECT_EQ(said(rows), "");
  name_captive(1);
  EXPECT_EQ(said(rows), "captive labels checked: " + rows[1].event().name());
  name_captive(2);
  EXPECT_EQ(said(rows),
            "captive labels checked: " + rows[1].event().name() + ", " + rows[2].event().name());
  // A row that does not go in says nothing.
  EXPECT_EQ(CheckedLabels(validator, rows, {{}, absl::InternalError("x"), {}}),
            "captive labels checked: " + rows[2].event().name());
  // Who may edit one feed is not told of another's events.
  *rows.Add()->mutable_event() = EventBuilder("g", "x").Build();
  EXPECT_EQ(said(rows), "captive labels checked: 2 events");
  rows.RemoveLast();
  for (int i = 3; i < 300; ++i) {
    *rows.Add()->mutable_event() = EventBuilder("f", "x" + std::to_string(i)).Build();
    name_captive(i);
  }
  EXPECT_LE(said(rows).size(), 2'000u);
  EXPECT_THAT(said(rows), ::testing::ContainsRegex(", and [0-9]+ more$"));
}

TEST(RowValidator, TakesSoManyRows) {
  EXPECT_TRUE(CheckRowCount(1, "rows").ok());
  EXPECT_TRUE(CheckRowCount(kBatchRowsMax, "rows").ok());
  EXPECT_EQ(ErrorReason(CheckRowCount(0, "rows")), "REQUIRED");
  EXPECT_EQ(ErrorReason(CheckRowCount(kBatchRowsMax + 1, "rows")), "BATCH_TOO_LARGE");
}

}  // namespace
}  // namespace annals::service

// Labels of captives that look like names, with access control: who may override, and what is
// noted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/auth_fixture.h"

namespace annals::testing {
namespace {

using annals::v1::CatalogService;
using annals::v1::EventService;
using annals::v1::IngestService;
using ::testing::ElementsAre;

class CaptiveLabelTest : public AuthTest {
 protected:
  void SetUp() override {
    AuthTest::SetUp();
    AddPrincipal("carl", annals::v1::ROLE_CONTRIBUTOR, {"f"});
    AddPrincipal("edda", annals::v1::ROLE_EDITOR, {"f"});
    AddPrincipal("ada", annals::v1::ROLE_ADMIN, {});
    ServiceTest::SetUp();
    annals::v1::CreateFeedRequest request;
    request.mutable_feed()->set_name("feeds/f");
    request.mutable_feed()->set_title("Feed");
    request.mutable_feed()->set_licence("CC0-1.0");
    annals::v1::CreateFeedResponse response;
    ASSERT_EQ(CallAs("ada", *catalog, &CatalogService::Stub::CreateFeed, request, &response).code,
              grpc::StatusCode::OK);
  }

  static annals::v1::EventUpsert Row(const std::string& id, const std::string& label,
                                     bool checked) {
    annals::v1::EventUpsert row;
    *row.mutable_event() =
        EventBuilder("f", id).Label(label, annals::v1::PARTICIPANT_ROLE_CAPTIVE).Build();
    row.set_captive_labels_checked(checked);
    return row;
  }

  Failure Upsert(const std::string& caller, const std::vector<annals::v1::EventUpsert>& rows) {
    annals::v1::BatchUpsertEventsRequest request;
    for (const auto& row : rows) *request.add_rows() = row;
    annals::v1::BatchUpsertEventsResponse response;
    return CallAs(caller, *ingest, &IngestService::Stub::BatchUpsertEvents, request, &response);
  }

  std::string NotedReason(const std::string& id) {
    annals::v1::ListEventRevisionsRequest request;
    request.set_name("feeds/f/events/" + id);
    annals::v1::ListEventRevisionsResponse response;
    EXPECT_EQ(
        CallAs("edda", *events, &EventService::Stub::ListEventRevisions, request, &response).code,
        grpc::StatusCode::OK);
    return response.revisions_size() == 0 ? "none" : response.revisions(0).audit().reason();
  }
};

TEST_F(CaptiveLabelTest, AreRefusedWhereTheyLookLikeNames) {
  for (const char* caller : {"carl", "edda", "ada"}) {
    const Failure failure = Upsert(caller, {Row("1", "Ivan Petrenko", false)});
    EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(failure.reason, "LOOKS_LIKE_A_NAME");
    EXPECT_EQ(failure.field, "rows[0].event.participants[0].label");
  }
  EXPECT_EQ(Upsert("carl", {Row("1", "two soldiers", false)}).code, grpc::StatusCode::OK);
}

TEST_F(CaptiveLabelTest, AreNotForContributorsToOverride) {
  const Failure failure = Upsert("carl", {Row("1", "Saint Maria", true)});
  EXPECT_EQ(failure.code, grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(failure.reason, "OVERRIDE_NOT_YOURS");
  EXPECT_EQ(failure.field, "rows[0].captive_labels_checked");
  // Not even where it changes nothing: it is no word to say lightly.
  EXPECT_EQ(Upsert("carl", {Row("1", "two soldiers", true)}).reason, "OVERRIDE_NOT_YOURS");
}

TEST_F(CaptiveLabelTest, AreNotedWhereAnEditorOverrides) {
  ASSERT_EQ(Upsert("edda", {Row("1", "Saint Maria", true), Row("2", "a crew", true)}).code,
            grpc::StatusCode::OK);
  EXPECT_EQ(NotedReason("1"), "captive labels checked: feeds/f/events/1");
  ASSERT_EQ(Upsert("ada", {Row("3", "Saint Maria", true)}).code, grpc::StatusCode::OK);
  EXPECT_EQ(NotedReason("3"), "captive labels checked: feeds/f/events/3");
  ASSERT_EQ(Upsert("edda", {Row("4", "a crew", true)}).code, grpc::StatusCode::OK);
  EXPECT_EQ(NotedReason("4"), "");
}

TEST_F(CaptiveLabelTest, AreJudgedRowByRowInAStream) {
  for (const std::string caller : {"carl", "edda"}) {
    annals::v1::IngestEventsRequest request;
    *request.mutable_batch()->add_rows() = Row(caller + "1", "two soldiers", false);
    *request.mutable_batch()->add_rows() = Row(caller + "2", "Ivan Petrenko", false);
    *request.mutable_batch()->add_rows() = Row(caller + "3", "Saint Maria", true);
    grpc::ClientContext context;
    SignAs(caller, &context);
    const auto stream = ingest->IngestEvents(&context);
    annals::v1::IngestEventsResponse response;
    ASSERT_TRUE(stream->Write(request));
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_TRUE(stream->WritesDone());
    EXPECT_TRUE(stream->Finish().ok());
    std::vector<std::string> reasons;
    for (const auto& result : response.results()) reasons.push_back(result.reason());
    if (caller == "carl") {
      EXPECT_THAT(reasons, ElementsAre("LOOKS_LIKE_A_NAME", "OVERRIDE_NOT_YOURS"));
      EXPECT_EQ(response.results(1).field(), "captive_labels_checked");
    } else {
      EXPECT_THAT(reasons, ElementsAre("LOOKS_LIKE_A_NAME"));
      EXPECT_EQ(NotedReason("edda3"), "captive labels checked: feeds/f/events/edda3");
    }
  }
}

}  // namespace
}  // namespace annals::testing

// Who may be handed a feed that forbids redistribution.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/auth_fixture.h"

namespace annals::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Feeds: "open"; "closed" forbids redistribution; "secret" does so, and readers do not see it.
class RedistributionTest : public AuthTest {
 protected:
  void SetUp() override {
    AuthTest::SetUp();
    AddPrincipal("root", annals::v1::ROLE_ADMIN, {});
    AddPrincipal("anna", annals::v1::ROLE_READER, {});
    AddPrincipal("carl", annals::v1::ROLE_CONTRIBUTOR, {"closed"});
    AddPrincipal("dora", annals::v1::ROLE_EDITOR, {"open"});
    ServiceTest::SetUp();
    MakeFeed("open", annals::v1::REDISTRIBUTION_UNSPECIFIED, false);
    MakeFeed("closed", annals::v1::REDISTRIBUTION_FORBIDDEN, false);
    MakeFeed("secret", annals::v1::REDISTRIBUTION_FORBIDDEN, true);
  }

  void MakeFeed(const std::string& id, annals::v1::Redistribution redistribution, bool hidden) {
    annals::v1::CreateFeedRequest request;
    request.mutable_feed()->set_name("feeds/" + id);
    request.mutable_feed()->set_title(id);
    request.mutable_feed()->set_licence("Terms");
    request.mutable_feed()->set_redistribution(redistribution);
    if (hidden) request.mutable_feed()->set_visibility(annals::v1::FEED_VISIBILITY_RESTRICTED);
    annals::v1::CreateFeedResponse response;
    const Failure failure =
        CallAs("root", *catalog, &annals::v1::CatalogService::Stub::CreateFeed, request, &response);
    ASSERT_EQ(failure.code, grpc::StatusCode::OK) << failure.message;
  }

  Failure Export(const std::string& caller, const std::vector<std::string>& feeds) {
    annals::v1::ExportEventsRequest request;
    for (const std::string& feed : feeds) request.mutable_filter()->add_feeds("feeds/" + feed);
    grpc::ClientContext context;
    SignAs(caller, &context);
    const auto reader = events->ExportEvents(&context, request);
    for (annals::v1::ExportEventsResponse message; reader->Read(&message);) {
    }
    return FailureOf(reader->Finish());
  }
};

TEST_F(RedistributionTest, IsRefusedToThoseWhoMayNotWriteToTheFeed) {
  for (const char* caller : {"anna", "dora"}) {
    for (const std::vector<std::string>& feeds :
         {std::vector<std::string>{}, {"closed"}, {"open", "closed"}}) {
      const Failure failure = Export(caller, feeds);
      EXPECT_EQ(failure.code, grpc::StatusCode::FAILED_PRECONDITION) << caller;
      EXPECT_EQ(failure.reason, "REDISTRIBUTION_FORBIDDEN");
      EXPECT_EQ(failure.field, "filter.feeds");
      EXPECT_THAT(failure.message, HasSubstr("feeds/closed"));
      EXPECT_THAT(failure.message, Not(HasSubstr("secret")));
    }
    EXPECT_EQ(Export(caller, {"open"}).code, grpc::StatusCode::OK);
  }
}

TEST_F(RedistributionTest, IsAllowedToThoseWhoMayWriteToTheFeed) {
  EXPECT_EQ(Export("carl", {"closed"}).code, grpc::StatusCode::OK);
  EXPECT_EQ(Export("carl", {}).code, grpc::StatusCode::OK);
  EXPECT_EQ(Export("root", {}).code, grpc::StatusCode::OK);
}

TEST_F(RedistributionTest, HoldsFromWhenTheFeedSaysSo) {
  annals::v1::UpdateFeedRequest request;
  annals::v1::UpdateFeedResponse response;
  request.mutable_feed()->set_name("feeds/open");
  request.mutable_feed()->set_title("Open");
  request.mutable_feed()->set_licence("Terms");
  request.mutable_feed()->set_redistribution(annals::v1::REDISTRIBUTION_FORBIDDEN);
  ASSERT_EQ(
      CallAs("dora", *catalog, &annals::v1::CatalogService::Stub::UpdateFeed, request, &response)
          .code,
      grpc::StatusCode::OK);
  EXPECT_EQ(Export("anna", {"open"}).reason, "REDISTRIBUTION_FORBIDDEN");
  EXPECT_EQ(Export("dora", {"open"}).code, grpc::StatusCode::OK);
  request.mutable_feed()->set_redistribution(static_cast<annals::v1::Redistribution>(9));
  EXPECT_EQ(
      CallAs("dora", *catalog, &annals::v1::CatalogService::Stub::UpdateFeed, request, &response)
          .field,
      "feed.redistribution");
}

}  // namespace
}  // namespace annals::testing

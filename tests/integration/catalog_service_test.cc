#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "nlohmann/json.hpp"
#include "tests/support/service_test_server.h"

namespace annals::testing {
namespace {

using annals::v1::CatalogService;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Stub = CatalogService::Stub;

class CatalogServiceTest : public ServiceTest {
 protected:
  annals::v1::ResolveNamesResponse Resolve(const std::string& text,
                                           annals::v1::ResolveTarget target) {
    annals::v1::ResolveNamesRequest request;
    annals::v1::ResolveNamesResponse response;
    request.set_text(text);
    request.set_target(target);
    const Failure failure = Call(*catalog, &Stub::ResolveNames, request, &response);
    EXPECT_EQ(failure.code, grpc::StatusCode::OK) << failure.message;
    return response;
  }
};

TEST_F(CatalogServiceTest, CreatesGetsAndUpdatesFeeds) {
  CreateFeed("f");
  annals::v1::GetFeedRequest get;
  annals::v1::GetFeedResponse got;
  get.set_name("feeds/f");
  ASSERT_EQ(Call(*catalog, &Stub::GetFeed, get, &got).code, grpc::StatusCode::OK);
  EXPECT_EQ(got.feed().title(), "Feed f");
  annals::v1::CreateFeedRequest create;
  annals::v1::CreateFeedResponse created;
  *create.mutable_feed() = got.feed();
  EXPECT_EQ(Call(*catalog, &Stub::CreateFeed, create, &created).code,
            grpc::StatusCode::ALREADY_EXISTS);
  annals::v1::UpdateFeedRequest update;
  annals::v1::UpdateFeedResponse updated;
  *update.mutable_feed() = got.feed();
  update.mutable_feed()->set_title("Better");
  ASSERT_EQ(Call(*catalog, &Stub::UpdateFeed, update, &updated).code, grpc::StatusCode::OK);
  EXPECT_EQ(updated.feed().title(), "Better");
  get.set_name("feeds/none");
  EXPECT_EQ(Call(*catalog, &Stub::GetFeed, get, &got).code, grpc::StatusCode::NOT_FOUND);
  update.mutable_feed()->set_name("feeds/none");
  EXPECT_EQ(Call(*catalog, &Stub::UpdateFeed, update, &updated).code, grpc::StatusCode::NOT_FOUND);
}

TEST_F(CatalogServiceTest, ChecksFeeds) {
  const auto refused = [&](auto change) {
    annals::v1::CreateFeedRequest request;
    request.mutable_feed()->set_name("feeds/f");
    request.mutable_feed()->set_title("t");
    request.mutable_feed()->set_licence("l");
    change(request.mutable_feed());
    annals::v1::CreateFeedResponse response;
    const Failure failure = Call(*catalog, &Stub::CreateFeed, request, &response);
    EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT);
    return failure.field + " " + failure.reason;
  };
  EXPECT_EQ(refused([](auto* f) { f->set_name("feeds/F"); }), "feed.name BAD_NAME");
  EXPECT_EQ(refused([](auto* f) { f->clear_title(); }), "feed.title REQUIRED");
  EXPECT_EQ(refused([](auto* f) { f->set_title(std::string(301, 'x')); }), "feed.title TOO_LONG");
  EXPECT_EQ(refused([](auto* f) { f->clear_licence(); }), "feed.licence REQUIRED");
  EXPECT_EQ(refused([](auto* f) { f->set_attribution(std::string(2'001, 'x')); }),
            "feed.attribution TOO_LONG");
  EXPECT_EQ(refused([](auto* f) { f->set_reliability("G"); }),
            "feed.reliability UNKNOWN_RELIABILITY");
}

TEST_F(CatalogServiceTest, PagesThroughFeeds) {
  for (const char* id : {"c", "a", "b"}) CreateFeed(id);
  annals::v1::ListFeedsRequest request;
  annals::v1::ListFeedsResponse response;
  request.set_page_size(2);
  ASSERT_EQ(Call(*catalog, &Stub::ListFeeds, request, &response).code, grpc::StatusCode::OK);
  ASSERT_THAT(response.feeds(), SizeIs(2));
  EXPECT_EQ(response.feeds(1).name(), "feeds/b");
  request.set_page_token(response.next_page_token());
  ASSERT_EQ(Call(*catalog, &Stub::ListFeeds, request, &response).code, grpc::StatusCode::OK);
  ASSERT_THAT(response.feeds(), SizeIs(1));
  EXPECT_EQ(response.next_page_token(), "");
}

TEST_F(CatalogServiceTest, ListsRegionsBelowAnother) {
  annals::v1::ListRegionsRequest request;
  annals::v1::ListRegionsResponse response;
  request.set_parent("regions/UA");
  request.set_page_size(1);
  std::vector<std::string> names;
  do {
    ASSERT_EQ(Call(*catalog, &Stub::ListRegions, request, &response).code, grpc::StatusCode::OK);
    for (const auto& region : response.regions()) names.push_back(region.name());
    request.set_page_token(response.next_page_token());
  } while (!response.next_page_token().empty());
  EXPECT_THAT(names, ElementsAre("regions/UA-43", "regions/UA-63"));
  request.clear_page_token();
  request.set_parent("regions/XX");
  EXPECT_EQ(Call(*catalog, &Stub::ListRegions, request, &response).reason, "UNKNOWN_REGION");
}

TEST_F(CatalogServiceTest, GetsARegionWithItsPolygon) {
  annals::v1::GetRegionRequest request;
  annals::v1::GetRegionResponse response;
  request.set_name("regions/RU-KRS");
  ASSERT_EQ(Call(*catalog, &Stub::GetRegion, request, &response).code, grpc::StatusCode::OK);
  EXPECT_EQ(response.region().parent(), "regions/RU");
  EXPECT_EQ(response.region().level(), annals::v1::REGION_LEVEL_FIRST);
  EXPECT_EQ(response.region().geojson(), "");
  request.set_include_geometry(true);
  for (const char* name : {"regions/RU-KRS", "regions/UA"}) {
    request.set_name(name);
    ASSERT_EQ(Call(*catalog, &Stub::GetRegion, request, &response).code, grpc::StatusCode::OK);
    const auto geojson = nlohmann::json::parse(response.region().geojson());
    EXPECT_EQ(geojson["type"], "MultiPolygon");
    EXPECT_FALSE(geojson["coordinates"].empty());
    EXPECT_EQ(geojson["coordinates"][0][0][0].size(), 2u);
  }
  request.set_name("regions/XX-NO");
  EXPECT_EQ(Call(*catalog, &Stub::GetRegion, request, &response).code, grpc::StatusCode::NOT_FOUND);
}

TEST_F(CatalogServiceTest, CreatesActorsThatEventsMayThenName) {
  annals::v1::CreateActorRequest create;
  annals::v1::CreateActorResponse created;
  *create.mutable_actor() = MakeActor("storm-corps", "Storm Corps", "폭풍군단");
  create.mutable_actor()->add_parents()->set_parent("actors/prk");
  ASSERT_EQ(Call(*catalog, &Stub::CreateActor, create, &created).code, grpc::StatusCode::OK);
  EXPECT_EQ(Call(*catalog, &Stub::CreateActor, create, &created).code,
            grpc::StatusCode::ALREADY_EXISTS);
  annals::v1::GetActorRequest get;
  annals::v1::GetActorResponse got;
  get.set_name("actors/storm-corps");
  ASSERT_EQ(Call(*catalog, &Stub::GetActor, get, &got).code, grpc::StatusCode::OK);
  EXPECT_EQ(got.actor().title(), "Storm Corps");
  CreateFeed("f");
  Ingest(
      {EventBuilder("f", "1").Actor("storm-corps", annals::v1::PARTICIPANT_ROLE_DEPLOYED).Build()});
  annals::v1::ListEventsRequest list;
  annals::v1::ListEventsResponse listed;
  list.mutable_filter()->add_actors()->set_actor("actors/prk");
  ASSERT_EQ(Call(*events, &annals::v1::EventService::Stub::ListEvents, list, &listed).code,
            grpc::StatusCode::OK);
  EXPECT_THAT(listed.events(), SizeIs(1));
}

TEST_F(CatalogServiceTest, FindsASubordinateOnlyWhileItIsOne) {
  for (const char* id : {"front", "brigade"}) {
    annals::v1::CreateActorRequest create;
    *create.mutable_actor() = MakeActor(id, id);
    if (id == std::string_view("brigade")) {
      auto* parent = create.mutable_actor()->add_parents();
      parent->set_parent("actors/front");
      *parent->mutable_validity()->mutable_start() = storage::ToTimestamp(At("2025-01-10"));
      *parent->mutable_validity()->mutable_end() = storage::ToTimestamp(At("2025-01-20"));
    }
    annals::v1::CreateActorResponse created;
    ASSERT_EQ(Call(*catalog, &Stub::CreateActor, create, &created).code, grpc::StatusCode::OK);
  }
  CreateFeed("f");
  std::vector<annals::v1::Event> rows;
  for (const char* day : {"2025-01-09", "2025-01-10", "2025-01-19", "2025-01-20"}) {
    rows.push_back(EventBuilder("f", day)
                       .Day(day)
                       .Actor("brigade", annals::v1::PARTICIPANT_ROLE_DEPLOYED)
                       .Build());
  }
  Ingest(rows);
  const auto found = [&](const std::string& actor, bool exclude_subordinates) {
    annals::v1::ListEventsRequest list;
    annals::v1::ListEventsResponse listed;
    auto* filter = list.mutable_filter()->add_actors();
    filter->set_actor("actors/" + actor);
    filter->set_exclude_subordinates(exclude_subordinates);
    EXPECT_EQ(Call(*events, &annals::v1::EventService::Stub::ListEvents, list, &listed).code,
              grpc::StatusCode::OK);
    std::vector<std::string> days;
    for (const auto& event : listed.events()) days.push_back(event.name().substr(15));
    return days;
  };
  EXPECT_THAT(found("front", false), ElementsAre("2025-01-19", "2025-01-10"));
  EXPECT_THAT(found("front", true), IsEmpty());
  EXPECT_THAT(found("brigade", false), SizeIs(4));
}

TEST_F(CatalogServiceTest, ChecksActors) {
  const auto refused = [&](auto change) {
    annals::v1::CreateActorRequest request;
    *request.mutable_actor() = MakeActor("a", "A");
    change(request.mutable_actor());
    annals::v1::CreateActorResponse response;
    const Failure failure = Call(*catalog, &Stub::CreateActor, request, &response);
    EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT);
    return failure.field + " " + failure.reason;
  };
  EXPECT_EQ(refused([](auto* a) { a->set_name("a"); }), "actor.name BAD_NAME");
  EXPECT_EQ(refused([](auto* a) { a->clear_kind(); }), "actor.kind REQUIRED");
  EXPECT_EQ(refused([](auto* a) { a->set_country("regions/XX"); }), "actor.country UNKNOWN_REGION");
  EXPECT_EQ(refused([](auto* a) { a->add_parents()->set_parent("actors/a"); }),
            "actor.parents[0].parent OWN_PARENT");
  EXPECT_EQ(refused([](auto* a) { a->add_parents()->set_parent("actors/none"); }),
            "actor.parents[0].parent UNKNOWN_ACTOR");
  EXPECT_EQ(refused([](auto* a) { a->add_aliases(); }), "actor.aliases[0].text REQUIRED");
  EXPECT_EQ(refused([](auto* a) { a->add_external_ids()->set_taxonomy("t"); }),
            "actor.external_ids[0].value REQUIRED");
}

TEST_F(CatalogServiceTest, PagesThroughActors) {
  annals::v1::ListActorsRequest request;
  annals::v1::ListActorsResponse response;
  ASSERT_EQ(Call(*catalog, &Stub::ListActors, request, &response).code, grpc::StatusCode::OK);
  const int first_page = response.actors_size();
  EXPECT_GT(first_page, 0);
  request.set_page_size(1);
  ASSERT_EQ(Call(*catalog, &Stub::ListActors, request, &response).code, grpc::StatusCode::OK);
  const std::string first = response.actors(0).name();
  request.set_page_token(response.next_page_token());
  ASSERT_EQ(Call(*catalog, &Stub::ListActors, request, &response).code, grpc::StatusCode::OK);
  EXPECT_LT(first, response.actors(0).name());
  request.set_page_size(-5);
  EXPECT_EQ(Call(*catalog, &Stub::ListActors, request, &response).reason, "PAGE_SIZE_NEGATIVE");
}

TEST_F(CatalogServiceTest, ResolvesNamesInAnyScript) {
  for (const char* text : {"RU-KRS", "Курск", "Kursk", "kursk"}) {
    const auto response = Resolve(text, annals::v1::RESOLVE_TARGET_REGION);
    ASSERT_FALSE(response.candidates().empty()) << text;
    EXPECT_EQ(response.candidates(0).name(), "regions/RU-KRS") << text;
  }
  // What is only spelled like a name is a candidate, and says by its score that it is no more.
  const auto alike = Resolve("Krusk", annals::v1::RESOLVE_TARGET_REGION);
  ASSERT_FALSE(alike.candidates().empty());
  EXPECT_EQ(alike.candidates(0).name(), "regions/RU-KRS");
  EXPECT_LE(alike.candidates(0).score(), 0.3);
  EXPECT_THAT(Resolve("North Corea", annals::v1::RESOLVE_TARGET_ACTOR).candidates(),
              Not(IsEmpty()));
  const auto actors = Resolve("North Korea", annals::v1::RESOLVE_TARGET_ACTOR);
  ASSERT_FALSE(actors.candidates().empty());
  EXPECT_EQ(actors.candidates(0).name(), "actors/prk");
  EXPECT_EQ(actors.candidates(0).score(), 1);
  EXPECT_THAT(Resolve("qqqqqq", annals::v1::RESOLVE_TARGET_ACTOR).candidates(), IsEmpty());
}

TEST_F(CatalogServiceTest, ChecksWhatIsToBeResolved) {
  annals::v1::ResolveNamesRequest request;
  annals::v1::ResolveNamesResponse response;
  const auto call = [&] { return Call(*catalog, &Stub::ResolveNames, request, &response); };
  EXPECT_EQ(call().field, "text");
  request.set_text(std::string(301, 'x'));
  EXPECT_EQ(call().reason, "TOO_LONG");
  request.set_text("Kursk");
  EXPECT_EQ(call().field, "target");
  request.set_target(annals::v1::RESOLVE_TARGET_REGION);
  request.set_candidates_max(-1);
  EXPECT_EQ(call().field, "candidates_max");
  request.set_candidates_max(1);
  ASSERT_EQ(call().code, grpc::StatusCode::OK);
  EXPECT_THAT(response.candidates(), SizeIs(1));
}

}  // namespace
}  // namespace annals::testing

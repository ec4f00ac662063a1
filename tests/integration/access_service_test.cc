// Who may do what: every method of the contract, called in every role, on a feed of the caller's, a
// public feed and a restricted one. The methods are read from the contract: one without a row here
// fails.
//
// Over budget: one table, and a probe for each method.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "google/protobuf/descriptor.h"
#include "grpcpp/generic/generic_stub.h"
#include "tests/support/auth_fixture.h"
#include "tests/support/offer_steps.h"

namespace annals::testing {
namespace {

using annals::v1::CatalogService;
using annals::v1::EventService;
using annals::v1::IngestService;
using annals::v1::StatusService;

constexpr const char* kRoles[] = {"rita", "carl", "edda", "ada"};  // reader … admin
constexpr const char* kFeeds[] = {"own", "open", "closed"};

// For each role in order, what becomes of a call on each feed in order:
//   + done   A done, and who changed it is told   R the role is too low
//   F the feed is another's   H there is no such feed or event
const std::map<std::string, std::string> kExpected = {
    {"EventService/GetEvent", "++H ++H ++H +++"},
    {"EventService/BatchGetEvents", "++H ++H ++H +++"},
    {"EventService/ListEvents", "++H ++H ++H +++"},
    {"EventService/ExportEvents", "++H ++H ++H +++"},
    {"EventService/SummarizeEvents", "++H ++H ++H +++"},
    {"EventService/ListEventRevisions", "++H ++H A+H AAA"},
    {"EventService/ListDuplicateCandidates", "++H ++H ++H +++"},
    {"IngestService/IngestEvents", "RRR +FH +FH +++"},
    {"IngestService/BatchUpsertEvents", "RRR +FH +FH +++"},
    {"IngestService/RetractEvent", "RRR +FH +FH +++"},
    {"IngestService/AdvanceExchangeOffer", "RRR +FH +FH +++"},
    {"IngestService/MergeEvents", "RRR +FH +FH +++"},
    {"IngestService/UnmergeEvents", "RRR +FH +FH +++"},
    {"IngestService/RedactEvent", "RRR RRR RRR +++"},
    {"CatalogService/ListFeeds", "++H ++H ++H +++"},
    {"CatalogService/GetFeed", "++H ++H ++H +++"},
    {"CatalogService/CreateFeed", "RRR RRR RRR +++"},
    {"CatalogService/UpdateFeed", "RRR RRR +FH +++"},
    {"CatalogService/DeleteFeed", "RRR RRR RRR +++"},
    {"CatalogService/ListRegions", "+++ +++ +++ +++"},
    {"CatalogService/GetRegion", "+++ +++ +++ +++"},
    {"CatalogService/ListActors", "+++ +++ +++ +++"},
    {"CatalogService/GetActor", "+++ +++ +++ +++"},
    {"CatalogService/CreateActor", "RRR RRR +++ +++"},
    {"CatalogService/ResolveNames", "+++ +++ +++ +++"},
    {"StatusService/GetStatus", "+++ +++ +++ +++"},
};

std::vector<std::string> MethodsOfTheContract() {
  std::vector<std::string> methods;
  for (const char* name : {"EventService", "IngestService", "CatalogService", "StatusService"}) {
    const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
        fmt::format("annals.v1.{}", name));
    EXPECT_NE(service, nullptr) << name;
    for (int i = 0; i < service->method_count(); ++i) {
      methods.push_back(fmt::format("{}/{}", name, service->method(i)->name()));
    }
  }
  return methods;
}

char OutcomeOf(const std::string& reason) {
  if (reason.empty()) return '+';
  if (reason == "ROLE_TOO_LOW") return 'R';
  if (reason == "FEED_NOT_YOURS") return 'F';
  if (reason == "EVENT_NOT_FOUND" || reason == "FEED_NOT_FOUND" || reason == "UNKNOWN_FEED") {
    return 'H';
  }
  ADD_FAILURE() << reason;
  return '?';
}

char OutcomeOf(const Failure& failure) {
  EXPECT_TRUE(failure.code == grpc::StatusCode::OK || !failure.reason.empty()) << failure.message;
  return OutcomeOf(failure.reason);
}

class AccessTest : public AuthTest {
 protected:
  void SetUp() override {
    AuthTest::SetUp();
    AddPrincipal("rita", annals::v1::ROLE_READER, {});
    AddPrincipal("carl", annals::v1::ROLE_CONTRIBUTOR, {"own"});
    AddPrincipal("edda", annals::v1::ROLE_EDITOR, {"own"});
    AddPrincipal("ada", annals::v1::ROLE_ADMIN, {});
    ServiceTest::SetUp();
    MakeFeed("own", {"principals/rita"});
    MakeFeed("open", {});
    MakeFeed("closed", {"principals/nobody"});
    FillProbes();
  }

  // Public where it has no readers; with event 1, and event m merged into it.
  void MakeFeed(const std::string& id, const std::vector<std::string>& readers) {
    annals::v1::CreateFeedRequest request;
    *request.mutable_feed() = FeedOf(id, readers);
    annals::v1::CreateFeedResponse response;
    EXPECT_EQ(CallAs("ada", *catalog, &CatalogService::Stub::CreateFeed, request, &response).code,
              grpc::StatusCode::OK);
    feeds_[id] = request.feed();
    annals::v1::BatchUpsertEventsRequest upsert;
    *upsert.add_rows()->mutable_event() = OfferOf(id, "1", "P");
    *upsert.add_rows()->mutable_event() = EventBuilder(id, "m").Build();
    annals::v1::BatchUpsertEventsResponse done;
    EXPECT_EQ(CallAs("ada", *ingest, &IngestService::Stub::BatchUpsertEvents, upsert, &done).code,
              grpc::StatusCode::OK);
    annals::v1::MergeEventsResponse merged;
    EXPECT_EQ(CallAs("ada", *ingest, &IngestService::Stub::MergeEvents, MergeIn(id), &merged).code,
              grpc::StatusCode::OK);
  }

  static annals::v1::MergeEventsRequest MergeIn(const std::string& feed) {
    annals::v1::MergeEventsRequest request;
    request.add_sources("feeds/" + feed + "/events/m");
    request.set_target("feeds/" + feed + "/events/1");
    request.set_reason("a test");
    return request;
  }

  static annals::v1::Feed FeedOf(const std::string& id, const std::vector<std::string>& readers) {
    annals::v1::Feed feed;
    feed.set_name("feeds/" + id);
    feed.set_title("Feed");
    feed.set_licence("CC0-1.0");
    feed.set_visibility(readers.empty() ? annals::v1::FEED_VISIBILITY_PUBLIC
                                        : annals::v1::FEED_VISIBILITY_RESTRICTED);
    for (const std::string& reader : readers) feed.add_readers(reader);
    return feed;
  }

  // A probe of a unary method: fills the request for a feed; reads of the answer what came of it.
  template <typename Stub, typename Request, typename Response>
  void Probe(const std::string& method, Stub& stub,
             grpc::Status (Stub::*call)(grpc::ClientContext*, const Request&, Response*),
             std::function<void(const std::string&, Request*)> fill,
             std::function<char(const std::string&, const Response&)> read = nullptr) {
    probes_[method] = [=, this, &stub](const std::string& caller, const std::string& feed) {
      Request request;
      if (fill) fill(feed, &request);
      Response response;
      const Failure failure = CallAs(caller, stub, call, request, &response);
      const char outcome = OutcomeOf(failure);
      return outcome == '+' && read ? read(feed, response) : outcome;
    };
  }

  void FillProbes();
  void FillReads();
  void FillWrites();
  void FillCatalog();
  char ProbeExport(const std::string& caller, const std::string& feed);
  char ProbeIngest(const std::string& caller, const std::string& feed);

  std::map<std::string, annals::v1::Feed> feeds_;
  std::map<std::string, std::function<char(const std::string&, const std::string&)>> probes_;
  int created_ = 0;
};

void AccessTest::FillReads() {
  using annals::v1::BatchGetEventsRequest;
  using annals::v1::BatchGetEventsResponse;
  using Stub = EventService::Stub;
  const auto name = [](const std::string& feed) { return "feeds/" + feed + "/events/1"; };
  Probe<Stub, annals::v1::GetEventRequest, annals::v1::GetEventResponse>(
      "EventService/GetEvent", *events, &Stub::GetEvent,
      [=](const std::string& feed, auto* request) { request->set_name(name(feed)); });
  Probe<Stub, BatchGetEventsRequest, BatchGetEventsResponse>(
      "EventService/BatchGetEvents", *events, &Stub::BatchGetEvents,
      [=](const std::string& feed, auto* request) { request->add_names(name(feed)); },
      [](const std::string&, const auto& response) {
        return response.events_size() == 1 ? '+' : 'H';
      });
  Probe<Stub, annals::v1::ListEventsRequest, annals::v1::ListEventsResponse>(
      "EventService/ListEvents", *events, &Stub::ListEvents,
      [](const std::string& feed, auto* request) {
        request->mutable_filter()->add_feeds("feeds/" + feed);
      },
      [](const std::string&, const auto& response) {
        return response.events_size() == 1 ? '+' : '?';
      });
  Probe<Stub, annals::v1::SummarizeEventsRequest, annals::v1::SummarizeEventsResponse>(
      "EventService/SummarizeEvents", *events, &Stub::SummarizeEvents,
      [](const std::string& feed, auto* request) {
        request->mutable_filter()->add_feeds("feeds/" + feed);
      },
      [](const std::string&, const auto& response) {
        return response.totals().event_count() == 1 ? '+' : '?';
      });
  Probe<Stub, annals::v1::ListEventRevisionsRequest, annals::v1::ListEventRevisionsResponse>(
      "EventService/ListEventRevisions", *events, &Stub::ListEventRevisions,
      [=](const std::string& feed, auto* request) { request->set_name(name(feed)); },
      [](const std::string&, const auto& response) {
        return response.revisions(0).has_audit() ? 'A' : '+';
      });
  Probe<Stub, annals::v1::ListDuplicateCandidatesRequest,
        annals::v1::ListDuplicateCandidatesResponse>(
      "EventService/ListDuplicateCandidates", *events, &Stub::ListDuplicateCandidates,
      [](const std::string& feed, auto* request) {
        request->mutable_filter()->add_feeds("feeds/" + feed);
      });
  probes_["EventService/ExportEvents"] = [this](const std::string& caller,
                                                const std::string& feed) {
    return ProbeExport(caller, feed);
  };
}

char AccessTest::ProbeExport(const std::string& caller, const std::string& feed) {
  annals::v1::ExportEventsRequest request;
  request.mutable_filter()->add_feeds("feeds/" + feed);
  grpc::ClientContext context;
  SignAs(caller, &context);
  const auto reader = events->ExportEvents(&context, request);
  int count = 0;
  for (annals::v1::ExportEventsResponse part; reader->Read(&part);) count += part.events_size();
  const char outcome = OutcomeOf(FailureOf(reader->Finish()));
  return outcome == '+' && count != 1 ? '?' : outcome;
}

char AccessTest::ProbeIngest(const std::string& caller, const std::string& feed) {
  grpc::ClientContext context;
  SignAs(caller, &context);
  const auto stream = ingest->IngestEvents(&context);
  annals::v1::IngestEventsRequest request;
  *request.mutable_batch()->add_rows()->mutable_event() = OfferOf(feed, "1", "P");
  stream->Write(request);
  stream->WritesDone();
  annals::v1::IngestEventsResponse response;
  const bool answered = stream->Read(&response);
  annals::v1::IngestEventsResponse more;
  while (stream->Read(&more)) continue;
  const char outcome = OutcomeOf(FailureOf(stream->Finish()));
  if (!answered) return outcome;
  return response.results_size() == 0 ? outcome : OutcomeOf(response.results(0).reason());
}

void AccessTest::FillWrites() {
  using Stub = IngestService::Stub;
  probes_["IngestService/IngestEvents"] = [this](const std::string& caller,
                                                 const std::string& feed) {
    return ProbeIngest(caller, feed);
  };
  Probe<Stub, annals::v1::BatchUpsertEventsRequest, annals::v1::BatchUpsertEventsResponse>(
      "IngestService/BatchUpsertEvents", *ingest, &Stub::BatchUpsertEvents,
      [](const std::string& feed, auto* request) {
        *request->add_rows()->mutable_event() = OfferOf(feed, "1", "P");
      });
  Probe<Stub, annals::v1::RetractEventRequest, annals::v1::RetractEventResponse>(
      "IngestService/RetractEvent", *ingest, &Stub::RetractEvent,
      [](const std::string& feed, auto* request) {
        request->set_name("feeds/" + feed + "/events/1");
        request->set_reason("a test");
        request->set_validate_only(true);
      });
  Probe<Stub, annals::v1::AdvanceExchangeOfferRequest, annals::v1::AdvanceExchangeOfferResponse>(
      "IngestService/AdvanceExchangeOffer", *ingest, &Stub::AdvanceExchangeOffer,
      [](const std::string& feed, auto* request) {
        request->set_name("feeds/" + feed + "/events/1");
        *request->mutable_step() = OfferStepOf('A', 2);
        request->set_validate_only(true);
      });
  Probe<Stub, annals::v1::MergeEventsRequest, annals::v1::MergeEventsResponse>(
      "IngestService/MergeEvents", *ingest, &Stub::MergeEvents,
      [](const std::string& feed, auto* request) { *request = MergeIn(feed); });
  Probe<Stub, annals::v1::UnmergeEventsRequest, annals::v1::UnmergeEventsResponse>(
      "IngestService/UnmergeEvents", *ingest, &Stub::UnmergeEvents,
      [](const std::string& feed, auto* request) {
        request->add_names("feeds/" + feed + "/events/m");
        request->set_reason("a test");
        request->set_validate_only(true);
      });
  Probe<Stub, annals::v1::RedactEventRequest, annals::v1::RedactEventResponse>(
      "IngestService/RedactEvent", *ingest, &Stub::RedactEvent,
      [](const std::string& feed, auto* request) {
        request->set_name("feeds/" + feed + "/events/1");
        request->set_reason("a test");
        request->set_validate_only(true);
      });
}

void AccessTest::FillCatalog() {
  using Stub = CatalogService::Stub;
  Probe<Stub, annals::v1::ListFeedsRequest, annals::v1::ListFeedsResponse>(
      "CatalogService/ListFeeds", *catalog, &Stub::ListFeeds, nullptr,
      [](const std::string& feed, const auto& response) {
        const auto listed = [&](const auto& one) { return one.name() == "feeds/" + feed; };
        return std::ranges::any_of(response.feeds(), listed) ? '+' : 'H';
      });
  Probe<Stub, annals::v1::GetFeedRequest, annals::v1::GetFeedResponse>(
      "CatalogService/GetFeed", *catalog, &Stub::GetFeed,
      [](const std::string& feed, auto* request) { request->set_name("feeds/" + feed); });
  Probe<Stub, annals::v1::CreateFeedRequest, annals::v1::CreateFeedResponse>(
      "CatalogService/CreateFeed", *catalog, &Stub::CreateFeed,
      [this](const std::string& feed, auto* request) {
        *request->mutable_feed() = FeedOf(fmt::format("{}-{}", feed, ++created_), {});
      });
  Probe<Stub, annals::v1::UpdateFeedRequest, annals::v1::UpdateFeedResponse>(
      "CatalogService/UpdateFeed", *catalog, &Stub::UpdateFeed,
      [this](const std::string& feed, auto* request) { *request->mutable_feed() = feeds_[feed]; });
  Probe<Stub, annals::v1::DeleteFeedRequest, annals::v1::DeleteFeedResponse>(
      "CatalogService/DeleteFeed", *catalog, &Stub::DeleteFeed,
      [](const std::string& feed, auto* request) {
        request->set_name("feeds/" + feed);
        request->set_reason("a test");
        request->set_purge(true);
        request->set_validate_only(true);
      });
  Probe<Stub, annals::v1::ListRegionsRequest, annals::v1::ListRegionsResponse>(
      "CatalogService/ListRegions", *catalog, &Stub::ListRegions, nullptr);
  Probe<Stub, annals::v1::GetRegionRequest, annals::v1::GetRegionResponse>(
      "CatalogService/GetRegion", *catalog, &Stub::GetRegion,
      [](const std::string&, auto* request) { request->set_name("regions/UA"); });
  Probe<Stub, annals::v1::ListActorsRequest, annals::v1::ListActorsResponse>(
      "CatalogService/ListActors", *catalog, &Stub::ListActors, nullptr);
  Probe<Stub, annals::v1::GetActorRequest, annals::v1::GetActorResponse>(
      "CatalogService/GetActor", *catalog, &Stub::GetActor,
      [](const std::string&, auto* request) { request->set_name("actors/ukr"); });
  Probe<Stub, annals::v1::CreateActorRequest, annals::v1::CreateActorResponse>(
      "CatalogService/CreateActor", *catalog, &Stub::CreateActor,
      [this](const std::string& feed, auto* request) {
        request->mutable_actor()->set_name(fmt::format("actors/{}-{}", feed, ++created_));
        request->mutable_actor()->set_title("An actor");
        request->mutable_actor()->set_kind(annals::v1::ACTOR_KIND_OTHER);
      });
  Probe<Stub, annals::v1::ResolveNamesRequest, annals::v1::ResolveNamesResponse>(
      "CatalogService/ResolveNames", *catalog, &Stub::ResolveNames,
      [](const std::string&, auto* request) {
        request->set_text("Kursk");
        request->set_target(annals::v1::RESOLVE_TARGET_REGION);
      });
}

void AccessTest::FillProbes() {
  FillReads();
  FillWrites();
  FillCatalog();
  Probe<StatusService::Stub, annals::v1::GetStatusRequest, annals::v1::GetStatusResponse>(
      "StatusService/GetStatus", *server_status, &StatusService::Stub::GetStatus, nullptr);
}

TEST_F(AccessTest, GivesEachRoleWhatIsItsInEachFeed) {
  const std::vector<std::string> methods = MethodsOfTheContract();
  EXPECT_EQ(methods.size(), kExpected.size());
  for (const std::string& method : methods) {
    ASSERT_TRUE(kExpected.contains(method)) << method << " has no row";
    ASSERT_TRUE(probes_.contains(method)) << method << " has no probe";
    std::string actual;
    for (const char* role : kRoles) {
      if (!actual.empty()) actual += ' ';
      for (const char* feed : kFeeds) actual += probes_[method](role, feed);
    }
    EXPECT_EQ(actual, kExpected.at(method)) << method;
  }
}

TEST_F(AccessTest, AsksEveryoneWhoTheyAreForEveryMethod) {
  grpc::GenericStub stub(channel);
  for (const std::string& method : MethodsOfTheContract()) {
    for (const char* authorization :
         {"", "Bearer", "Bearer annals_000000000000_x", "Basic dTpw", "annals"}) {
      grpc::ClientContext context;
      if (*authorization != '\0') context.AddMetadata("authorization", authorization);
      grpc::CompletionQueue queue;
      const auto call =
          stub.PrepareUnaryCall(&context, "/annals.v1." + method, grpc::ByteBuffer(), &queue);
      call->StartCall();
      grpc::ByteBuffer response;
      grpc::Status status;
      call->Finish(&response, &status, &queue);
      void* tag = nullptr;
      bool ok = false;
      ASSERT_TRUE(queue.Next(&tag, &ok));
      EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << method;
      EXPECT_EQ(FailureOf(status).reason, *authorization == '\0' ? "NO_CREDENTIALS" : "BAD_TOKEN");
    }
  }
}

TEST_F(AccessTest, SaysAsWhomTheCallerIsKnown) {
  annals::v1::GetStatusResponse response;
  EXPECT_EQ(CallAs("carl", *server_status, &StatusService::Stub::GetStatus,
                   annals::v1::GetStatusRequest(), &response)
                .code,
            grpc::StatusCode::OK);
  EXPECT_EQ(response.caller().principal(), "principals/carl");
  EXPECT_EQ(response.caller().role(), annals::v1::ROLE_CONTRIBUTOR);
  EXPECT_THAT(response.caller().feeds(), ::testing::ElementsAre("feeds/own"));
  EXPECT_EQ(response.feed_count(), 2);
  EXPECT_EQ(response.event_count(), 2);
}

TEST_F(AccessTest, GivesPageTokensToTheirCallerAndRequestAlone) {
  annals::v1::ListEventsRequest request;
  request.set_page_size(1);
  annals::v1::ListEventsResponse response;
  ASSERT_EQ(CallAs("ada", *events, &EventService::Stub::ListEvents, request, &response).code,
            grpc::StatusCode::OK);
  request.set_page_token(response.next_page_token());
  EXPECT_EQ(CallAs("ada", *events, &EventService::Stub::ListEvents, request, &response).code,
            grpc::StatusCode::OK);
  const auto reason = [&](const char* caller) {
    return CallAs(caller, *events, &EventService::Stub::ListEvents, request, &response).reason;
  };
  EXPECT_EQ(reason("carl"), "TOKEN_MISMATCH");
  request.mutable_filter()->set_include_retracted(true);
  EXPECT_EQ(reason("ada"), "TOKEN_MISMATCH");
}

// What a caller may not see it may not change either, though it be shown to all a moment later.
TEST_F(AccessTest, GivesNoRightsInAFeedThatIsPublishedMeanwhile) {
  bool published = false;
  store.before_change = [&] {
    annals::v1::Feed open = feeds_["closed"];
    open.set_visibility(annals::v1::FEED_VISIBILITY_PUBLIC);
    open.clear_readers();
    const storage::CallContext admin{.visibility = storage::Visibility::All()};
    published = store.MemoryStore::UpdateFeed(admin, open).ok();
  };
  annals::v1::RetractEventRequest retract;
  retract.set_name("feeds/closed/events/1");
  retract.set_reason("not mine");
  annals::v1::RetractEventResponse retracted;
  EXPECT_EQ(CallAs("carl", *ingest, &IngestService::Stub::RetractEvent, retract, &retracted).reason,
            "EVENT_NOT_FOUND");
  annals::v1::UpdateFeedRequest update;
  *update.mutable_feed() = feeds_["closed"];
  update.mutable_feed()->clear_visibility();
  update.mutable_feed()->clear_readers();
  update.mutable_feed()->set_title("Mine now");
  annals::v1::UpdateFeedResponse updated;
  EXPECT_EQ(CallAs("edda", *catalog, &CatalogService::Stub::UpdateFeed, update, &updated).reason,
            "FEED_NOT_FOUND");
  // The hook is one: those who may change the feed pass it.
  EXPECT_FALSE(published);
  EXPECT_EQ(CallAs("ada", *ingest, &IngestService::Stub::RetractEvent, retract, &retracted).code,
            grpc::StatusCode::OK);
  EXPECT_TRUE(published);
  EXPECT_EQ(retracted.event().revision(), 2);
}

TEST_F(AccessTest, NotesTheCallerWithEachChange) {
  annals::v1::RetractEventRequest request;
  request.set_name("feeds/own/events/1");
  request.set_reason("entered twice");
  annals::v1::RetractEventResponse done;
  grpc::ClientContext context;
  SignAs("carl", &context);
  context.AddMetadata("x-real-ip", "192.0.2.7");
  ASSERT_TRUE(ingest->RetractEvent(&context, request, &done).ok());
  const auto sent = context.GetServerTrailingMetadata().find("annals-request-id");
  ASSERT_NE(sent, context.GetServerTrailingMetadata().end());
  annals::v1::ListEventRevisionsRequest asked;
  asked.set_name(request.name());
  annals::v1::ListEventRevisionsResponse answer;
  EXPECT_EQ(CallAs("edda", *events, &EventService::Stub::ListEventRevisions, asked, &answer).code,
            grpc::StatusCode::OK);
  const auto& audit = answer.revisions(0).audit();
  EXPECT_EQ(audit.principal(), "principals/carl");
  EXPECT_EQ(audit.address(), "192.0.2.7 via unix");
  EXPECT_EQ(audit.method(), "annals.v1.IngestService/RetractEvent");
  EXPECT_EQ(audit.reason(), "entered twice");
  EXPECT_EQ(audit.request_id(), std::string(sent->second.data(), sent->second.size()));
  EXPECT_EQ(answer.revisions(1).audit().principal(), "principals/ada");
}

}  // namespace
}  // namespace annals::testing

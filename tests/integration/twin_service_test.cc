// Two servers given the same, one of them besides a restricted feed full of events: a caller who
// may not see that feed gets the same answers from both, byte for byte, whatever is asked.
// ANNALS_SEED repeats a run.
//
// Over budget: one scenario, with a kind of question for each method.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/descriptor.h"
#include "tests/support/auth_fixture.h"
#include "tests/support/offer_steps.h"
#include "tests/support/random_record.h"

namespace annals::testing {
namespace {

using annals::v1::EventFilter;
using storage::CallContext;
using storage::Visibility;

constexpr int kRequests = 2'000;
constexpr int kIds = 60;  // of events in a feed, so that requests meet what is there

// What differs between any two servers, and between any two answers.
const std::set<std::string> kMasked = {"position", "next_page_token", "resume_token", "page_token",
                                       "store_id", "start_time",      "request_id"};

void Mask(google::protobuf::Message* message) {
  const auto* reflection = message->GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const auto* field : fields) {
    if (kMasked.contains(field->name())) {
      reflection->ClearField(message, field);
    } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!field->is_repeated()) {
        Mask(reflection->MutableMessage(message, field));
        continue;
      }
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        Mask(reflection->MutableRepeatedMessage(message, field, i));
      }
    }
  }
}

// All that a client reads of an answer or of an error, masked.
std::string Read(const grpc::Status& status, google::protobuf::Message* response) {
  if (status.ok()) {
    Mask(response);
    return response->DebugString();
  }
  google::rpc::Status rich;
  rich.ParseFromString(status.error_details());
  std::string text = fmt::format("{} {}", int{status.error_code()}, status.error_message());
  for (const auto& detail : rich.details()) {
    google::rpc::ErrorInfo info;
    if (detail.UnpackTo(&info)) {
      info.mutable_metadata()->erase("request_id");
      text += info.ShortDebugString();
    } else {
      text += detail.ShortDebugString();
    }
  }
  return text;
}

// One of the two servers, with a clock that the test sets.
struct Twin {
  explicit Twin(const std::function<absl::Time()>& clock) : store(&SmallGazetteer(), clock) {}

  void Start(service::ServerOptions options, const std::string& socket) {
    options.listen = {"unix:" + socket};
    auto started = service::Server::Start(
        options,
        {.events = &store, .catalog = &store, .changes = &store, .gazetteer = &SmallGazetteer()});
    ASSERT_TRUE(started.ok()) << started.status();
    server = *std::move(started);
    channel = grpc::CreateChannel(options.listen[0], grpc::InsecureChannelCredentials());
    events = annals::v1::EventService::NewStub(channel);
    ingest = annals::v1::IngestService::NewStub(channel);
    catalog = annals::v1::CatalogService::NewStub(channel);
    server_status = annals::v1::StatusService::NewStub(channel);
  }

  storage::MemoryStore store;
  std::unique_ptr<service::Server> server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<annals::v1::EventService::Stub> events;
  std::unique_ptr<annals::v1::IngestService::Stub> ingest;
  std::unique_ptr<annals::v1::CatalogService::Stub> catalog;
  std::unique_ptr<annals::v1::StatusService::Stub> server_status;
  std::string page_token, resume_token;  // of the last page with more to follow
  annals::v1::ListEventsRequest page_request;
};

class TwinTest : public AuthTest {
 protected:
  void SetUp() override {
    AuthTest::SetUp();
    AddPrincipal("bob", annals::v1::ROLE_EDITOR, {"g"});
    options.limits.requests_per_second = 0;
    options.limits.streams_max = 0;
    int number = 0;
    for (Twin* twin : {&plain_, &rich_}) {
      sockets_.push_back(::testing::TempDir() + fmt::format("annals-{}-{}", getpid(), ++number));
      ASSERT_NO_FATAL_FAILURE(twin->Start(options, sockets_.back()));
      for (const char* feed : {"f", "g"}) MakeFeed(twin, feed, false);
    }
    MakeFeed(&rich_, "s", true);
  }
  void TearDown() override {
    for (const std::string& socket : sockets_) unlink(socket.c_str());
    AuthTest::TearDown();
  }

  void MakeFeed(Twin* twin, const std::string& id, bool restricted) {
    annals::v1::Feed feed;
    feed.set_name("feeds/" + id);
    feed.set_title("Feed " + id);
    feed.set_licence("CC0-1.0");
    if (restricted) {
      feed.set_visibility(annals::v1::FEED_VISIBILITY_RESTRICTED);
      feed.set_redistribution(annals::v1::REDISTRIBUTION_FORBIDDEN);
    }
    ASSERT_TRUE(twin->store.CreateFeed(admin_, feed).ok());
  }

  // A change that only the second server has, a second before the next request.
  void ChangeWhatIsHidden() {
    now_ += absl::Seconds(1);
    const std::string id = std::to_string(random_.Below(kIds));
    if (random_.Chance(0.2)) {
      (void)rich_.store.RetractEvent(admin_, {"s", id}, "hidden reason", "", false);
      return;
    }
    if (random_.Chance(0.1)) {
      const std::string target = random_.Chance(0.5) ? "g" : "s";
      (void)rich_.store.MergeEvents(
          admin_, {{{"s", id}}, {}, {target, std::to_string(random_.Below(kIds))}, "hidden reason"},
          false);
      return;
    }
    storage::UpsertRow row{RandomEvent("s", id), std::nullopt, true};
    for (auto& participant : *row.event.mutable_participants()) {
      if (!participant.label().empty()) participant.set_label(Upper(participant.label()));
    }
    ASSERT_TRUE(rich_.store.UpsertEvents(admin_, {row}, {}).ok());
    ++hidden_changes_;
  }

  static std::string Upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
  }

  // With links into every feed.
  annals::v1::Event RandomEvent(const std::string& feed, const std::string& id) {
    annals::v1::Event event = random_.Event(feed, id);
    for (const char* other : {"f", "s", "none"}) {
      if (!random_.Chance(0.3)) continue;
      auto* link = event.add_links();
      link->set_kind(annals::v1::LINK_KIND_CONCERNS);
      link->set_target(fmt::format("feeds/{}/events/{}", other, random_.Below(kIds)));
    }
    return event;
  }

  std::string RandomFeed() {
    constexpr const char* kFeeds[] = {"f", "g", "g", "s", "none"};
    return kFeeds[random_.Below(5)];
  }
  std::string RandomName() {
    return fmt::format("feeds/{}/events/{}", RandomFeed(), random_.Below(kIds));
  }

  EventFilter RandomFilter() {
    EventFilter filter;
    if (random_.Chance(0.4)) filter.add_feeds("feeds/" + RandomFeed());
    if (random_.Chance(0.3)) {
      filter.add_kinds(static_cast<annals::v1::EventKind>(1 + random_.Below(17)));
    }
    if (random_.Chance(0.3)) {
      filter.mutable_box()->set_west(random_.Real(20, 40));
      filter.mutable_box()->set_south(random_.Real(40, 50));
      filter.mutable_box()->set_east(random_.Real(40, 60));
      filter.mutable_box()->set_north(random_.Real(50, 60));
    } else if (random_.Chance(0.2)) {
      filter.mutable_regions()->add_regions(random_.Chance(0.5) ? "regions/UA" : "regions/RU-KRS");
    }
    if (random_.Chance(0.2)) filter.add_actors()->set_actor("actors/rus");
    if (random_.Chance(0.1)) {
      filter.mutable_occurred()->mutable_start()->set_seconds(random_.Below(2) * 4'000'000'000);
    }
    filter.set_include_retracted(random_.Chance(0.3));
    return filter;
  }

  // As of a time that lies between changes, the same on both.
  template <typename Request>
  void MaybeAsOf(Request* request) {
    if (!random_.Chance(0.3)) return;
    const absl::Time time = start_ + random_.Real(0, 1) * (now_ - start_) + absl::Milliseconds(500);
    *request->mutable_as_of()->mutable_time() =
        storage::ToTimestamp(storage::ToMicros(std::min(time, now_)));
  }

  template <typename Stub, typename Request, typename Response>
  void Compare(std::unique_ptr<Stub> Twin::*stub,
               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
               const Request& request) {
    std::vector<std::string> answers;
    for (Twin* twin : {&plain_, &rich_}) {
      grpc::ClientContext context;
      SignAs("bob", &context);
      Response response;
      const grpc::Status status = ((twin->*stub).get()->*method)(&context, request, &response);
      answers.push_back(Read(status, &response));
    }
    ASSERT_EQ(answers[0], answers[1]) << request.GetTypeName() << "\n" << request.DebugString();
    bytes_compared_ += answers[0].size();
  }

  void AskEvents();
  void AskPages();
  void AskExport();
  void AskCatalog();
  void Write();
  void WriteMerge();
  void WriteStream();

  const std::uint64_t seed_ = TestSeed();
  RandomRecord random_{&SmallGazetteer(), seed_};
  // In the past, so that as_of may name any of it.
  const absl::Time start_ = absl::Now() - absl::Hours(24);
  absl::Time now_ = start_;
  Twin plain_{[this] { return now_; }};
  Twin rich_{[this] { return now_; }};
  const CallContext admin_{.visibility = Visibility::All()};
  std::vector<std::string> sockets_;
  std::size_t bytes_compared_ = 0;
  int hidden_changes_ = 0;
};

void TwinTest::AskEvents() {
  using Stub = annals::v1::EventService::Stub;
  switch (random_.Below(5)) {
    case 0: {
      annals::v1::GetEventRequest request;
      request.set_name(RandomName());
      request.set_keep_merged(random_.Chance(0.3));
      MaybeAsOf(&request);
      return Compare(&Twin::events, &Stub::GetEvent, request);
    }
    case 1: {
      annals::v1::BatchGetEventsRequest request;
      for (int i = random_.Below(20); i >= 0; --i) request.add_names(RandomName());
      MaybeAsOf(&request);
      return Compare(&Twin::events, &Stub::BatchGetEvents, request);
    }
    case 2: {
      annals::v1::SummarizeEventsRequest request;
      *request.mutable_filter() = RandomFilter();
      MaybeAsOf(&request);
      if (random_.Chance(0.5)) {
        request.add_dimensions()->set_attribute(
            static_cast<annals::v1::EventAttribute>(1 + random_.Below(5)));
      }
      if (random_.Chance(0.3)) {
        request.add_dimensions()->set_time_bucket(annals::v1::TIME_BUCKET_MONTH);
      }
      return Compare(&Twin::events, &Stub::SummarizeEvents, request);
    }
    case 3: {
      annals::v1::ListDuplicateCandidatesRequest request;
      *request.mutable_filter() = RandomFilter();
      request.set_distance_max_m(random_.Real(1'000, 1'000'000));
      request.mutable_gap_max()->set_seconds(random_.Below(100 * 86'400));
      request.set_same_feed(random_.Chance(0.5));
      return Compare(&Twin::events, &Stub::ListDuplicateCandidates, request);
    }
    default: {
      annals::v1::ListEventRevisionsRequest request;
      request.set_name(RandomName());
      return Compare(&Twin::events, &Stub::ListEventRevisions, request);
    }
  }
}

// A page, and the next page of what was asked before, each by its own server's token.
void TwinTest::AskPages() {
  annals::v1::ListEventsRequest fresh;
  *fresh.mutable_filter() = RandomFilter();
  fresh.set_order(static_cast<annals::v1::EventOrder>(random_.Below(4)));
  fresh.set_page_size(1 + random_.Below(10));
  MaybeAsOf(&fresh);
  const bool go_on = !plain_.page_token.empty() && random_.Chance(0.6);
  std::vector<std::string> answers;
  for (Twin* twin : {&plain_, &rich_}) {
    if (!go_on) twin->page_request = fresh;
    twin->page_request.set_page_token(go_on ? twin->page_token : "");
    grpc::ClientContext context;
    SignAs("bob", &context);
    annals::v1::ListEventsResponse response;
    const grpc::Status status = twin->events->ListEvents(&context, twin->page_request, &response);
    twin->page_token = response.next_page_token();
    answers.push_back(Read(status, &response));
  }
  ASSERT_EQ(answers[0], answers[1]) << plain_.page_request.DebugString();
  ASSERT_EQ(plain_.page_token.size(), rich_.page_token.size());
  bytes_compared_ += answers[0].size();
}

void TwinTest::AskExport() {
  annals::v1::ExportEventsRequest request;
  *request.mutable_filter() = RandomFilter();
  MaybeAsOf(&request);
  std::vector<std::string> answers;
  for (Twin* twin : {&plain_, &rich_}) {
    grpc::ClientContext context;
    SignAs("bob", &context);
    const auto reader = twin->events->ExportEvents(&context, request);
    std::string answer;
    annals::v1::ExportEventsResponse part;
    while (reader->Read(&part)) answer += Read(grpc::Status::OK, &part);
    answers.push_back(answer + Read(reader->Finish(), &part));
  }
  ASSERT_EQ(answers[0], answers[1]) << request.DebugString();
  bytes_compared_ += answers[0].size();
}

void TwinTest::AskCatalog() {
  using Stub = annals::v1::CatalogService::Stub;
  switch (random_.Below(12)) {
    case 0:
      return Compare(&Twin::catalog, &Stub::ListFeeds, annals::v1::ListFeedsRequest());
    case 1: {
      annals::v1::GetFeedRequest request;
      request.set_name("feeds/" + RandomFeed());
      return Compare(&Twin::catalog, &Stub::GetFeed, request);
    }
    case 2: {
      annals::v1::UpdateFeedRequest request;
      request.mutable_feed()->set_name("feeds/" + RandomFeed());
      request.mutable_feed()->set_title(fmt::format("Title {}", random_.Below(100)));
      request.mutable_feed()->set_licence("CC0-1.0");
      request.mutable_feed()->set_redistribution(
          static_cast<annals::v1::Redistribution>(random_.Below(3)));
      return Compare(&Twin::catalog, &Stub::UpdateFeed, request);
    }
    case 3: {
      annals::v1::CreateFeedRequest request;
      request.mutable_feed()->set_name("feeds/" + RandomFeed());
      return Compare(&Twin::catalog, &Stub::CreateFeed, request);
    }
    case 4: {
      annals::v1::CreateActorRequest request;
      request.mutable_actor()->set_name(fmt::format("actors/x{}", random_.Below(20)));
      request.mutable_actor()->set_title("An actor");
      request.mutable_actor()->set_kind(annals::v1::ACTOR_KIND_OTHER);
      return Compare(&Twin::catalog, &Stub::CreateActor, request);
    }
    case 5: {
      annals::v1::ResolveNamesRequest request;
      request.set_text(random_.Chance(0.5) ? "Russia" : "Kursk");
      request.set_target(random_.Chance(0.5) ? annals::v1::RESOLVE_TARGET_ACTOR
                                             : annals::v1::RESOLVE_TARGET_REGION);
      return Compare(&Twin::catalog, &Stub::ResolveNames, request);
    }
    case 6:
      return Compare(&Twin::catalog, &Stub::ListActors, annals::v1::ListActorsRequest());
    case 7: {
      annals::v1::GetActorRequest request;
      request.set_name(fmt::format("actors/x{}", random_.Below(20)));
      return Compare(&Twin::catalog, &Stub::GetActor, request);
    }
    case 8:
      return Compare(&Twin::catalog, &Stub::ListRegions, annals::v1::ListRegionsRequest());
    case 9: {
      annals::v1::GetRegionRequest request;
      request.set_name(random_.Chance(0.5) ? "regions/UA" : "regions/none");
      return Compare(&Twin::catalog, &Stub::GetRegion, request);
    }
    case 10: {
      annals::v1::DeleteFeedRequest request;
      request.set_name("feeds/" + RandomFeed());
      request.set_reason("a reason");
      request.set_purge(true);
      return Compare(&Twin::catalog, &Stub::DeleteFeed, request);
    }
    default:
      return Compare(&Twin::server_status, &annals::v1::StatusService::Stub::GetStatus,
                     annals::v1::GetStatusRequest());
  }
}

void TwinTest::Write() {
  using Stub = annals::v1::IngestService::Stub;
  if (random_.Chance(0.3)) {
    annals::v1::RetractEventRequest request;
    request.set_name(RandomName());
    request.set_reason("a reason");
    request.set_validate_only(random_.Chance(0.2));
    return Compare(&Twin::ingest, &Stub::RetractEvent, request);
  }
  if (random_.Chance(0.2)) {
    annals::v1::AdvanceExchangeOfferRequest request;
    request.set_name(RandomName());
    *request.mutable_step() =
        OfferStepOf(kOfferLetters[static_cast<std::size_t>(random_.Below(10))], random_.Below(9));
    request.set_validate_only(random_.Chance(0.2));
    return Compare(&Twin::ingest, &Stub::AdvanceExchangeOffer, request);
  }
  if (random_.Chance(0.4)) return WriteMerge();
  annals::v1::BatchUpsertEventsRequest request;
  const std::string feed = random_.Chance(0.7) ? "g" : RandomFeed();
  for (int i = random_.Below(5); i >= 0; --i) {
    auto* row = request.add_rows();
    *row->mutable_event() = RandomEvent(feed, std::to_string(random_.Below(kIds)));
    row->set_reinstate(random_.Chance(0.5));
  }
  Compare(&Twin::ingest, &Stub::BatchUpsertEvents, request);
}

// Most of it in the caller's feed, so that there is something to undo.
void TwinTest::WriteMerge() {
  using Stub = annals::v1::IngestService::Stub;
  const auto name = [&] {
    return random_.Chance(0.7) ? fmt::format("feeds/g/events/{}", random_.Below(kIds))
                               : RandomName();
  };
  switch (random_.Below(4)) {
    case 0:
    case 1: {
      annals::v1::MergeEventsRequest request;
      for (int i = random_.Below(2); i >= 0; --i) request.add_sources(name());
      request.set_target(random_.Chance(0.5) ? name() : RandomName());
      request.set_reason("a reason");
      return Compare(&Twin::ingest, &Stub::MergeEvents, request);
    }
    case 2: {
      annals::v1::UnmergeEventsRequest request;
      request.add_names(name());
      request.set_reason("a reason");
      return Compare(&Twin::ingest, &Stub::UnmergeEvents, request);
    }
    default: {
      annals::v1::RedactEventRequest request;
      request.set_name(name());
      request.set_reason("a reason");
      return Compare(&Twin::ingest, &Stub::RedactEvent, request);
    }
  }
}

// A batch over several feeds, and sometimes the end of a release.
void TwinTest::WriteStream() {
  annals::v1::IngestEventsRequest batch, end;
  for (int i = random_.Below(6); i >= 0; --i) {
    *batch.mutable_batch()->add_rows()->mutable_event() =
        RandomEvent(RandomFeed(), std::to_string(random_.Below(kIds)));
  }
  end.mutable_release_end()->set_feed("feeds/" + RandomFeed());
  end.mutable_release_end()->set_reason("a new release");
  end.mutable_release_end()->set_retracted_share_max(1);
  end.mutable_release_end()->set_validate_only(true);
  const bool ends = random_.Chance(0.4);
  std::vector<std::string> answers;
  for (Twin* twin : {&plain_, &rich_}) {
    grpc::ClientContext context;
    SignAs("bob", &context);
    const auto stream = twin->ingest->IngestEvents(&context);
    stream->Write(batch);
    if (ends) stream->Write(end);
    stream->WritesDone();
    std::string answer;
    annals::v1::IngestEventsResponse response;
    while (stream->Read(&response)) answer += Read(grpc::Status::OK, &response);
    answers.push_back(answer + Read(stream->Finish(), &response));
  }
  ASSERT_EQ(answers[0], answers[1]) << batch.DebugString();
  bytes_compared_ += answers[0].size();
}

TEST_F(TwinTest, ShowsNothingOfWhatIsHidden) {
  fmt::print("ANNALS_SEED={}\n", seed_);
  RecordProperty("seed", std::to_string(seed_));
  for (Twin* twin : {&plain_, &rich_}) {
    RandomRecord same(&SmallGazetteer(), seed_);
    std::vector<storage::UpsertRow> rows;
    for (int i = 0; i < kIds; ++i) {
      rows.push_back({same.Event("f", std::to_string(i)), std::nullopt, false});
    }
    ASSERT_TRUE(twin->store.UpsertEvents(admin_, rows, {}).ok());
  }
  for (int request = 0; request < kRequests && !HasFailure(); ++request) {
    SCOPED_TRACE(fmt::format("request {}", request));
    ChangeWhatIsHidden();
    now_ += absl::Seconds(1);
    switch (random_.Below(6)) {
      case 0:
        AskEvents();
        break;
      case 1:
        AskPages();
        break;
      case 2:
        AskExport();
        break;
      case 3:
        AskCatalog();
        break;
      case 4:
        Write();
        break;
      default:
        WriteStream();
    }
  }
  // Answers that say nothing would prove nothing, nor would a second server without secrets.
  EXPECT_GT(bytes_compared_, 1'000'000U);
  EXPECT_GT(hidden_changes_, kRequests / 2);
  const auto hidden = rich_.store.GetFeed(admin_, "s");
  ASSERT_TRUE(hidden.ok());
  EXPECT_GT(hidden->event_count(), kIds / 2);
}

}  // namespace
}  // namespace annals::testing

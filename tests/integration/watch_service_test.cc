// WatchEvents: what is told, from where on, and how it ends. ANNALS_SEED repeats a run.
//
// Over budget: one fixture, and a case for each way a watch may begin, go on and end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "service/token_codec.h"
#include "tests/support/auth_fixture.h"
#include "tests/support/watch_stream.h"

namespace annals::testing {
namespace {

using annals::v1::EventFilter;
using annals::v1::WatchEventsRequest;
using annals::v1::WatchEventsResponse;
using storage::CallContext;
using storage::ChangeCursor;
using storage::Position;
using storage::Visibility;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const CallContext kAll{.visibility = Visibility::All()};

EventFilter Strikes() {
  EventFilter filter;
  filter.add_kinds(annals::v1::EVENT_KIND_STRIKE);
  return filter;
}

annals::v1::Event Strike(const std::string& id, const std::string& title = "A strike") {
  return EventBuilder("f", id).Kind(annals::v1::EVENT_KIND_STRIKE).Title(title).Build();
}

annals::v1::Event Battle(const std::string& id) { return EventBuilder("f", id).Build(); }

WatchEventsRequest From(annals::v1::WatchOrigin origin, const EventFilter& filter = {}) {
  WatchEventsRequest request;
  *request.mutable_filter() = filter;
  request.set_origin(origin);
  return request;
}
WatchEventsRequest FromNow(const EventFilter& filter = {}) {
  return From(annals::v1::WATCH_ORIGIN_NOW, filter);
}
WatchEventsRequest FromBeginning(const EventFilter& filter = {}) {
  return From(annals::v1::WATCH_ORIGIN_BEGINNING, filter);
}
WatchEventsRequest FromPosition(const std::string& position, const EventFilter& filter = {}) {
  WatchEventsRequest request;
  *request.mutable_filter() = filter;
  request.set_position(position);
  return request;
}

class WatchTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    CreateFeed("f");
    CreateFeed("g");
  }

  // Begins, and reads the checkpoint that comes first.
  std::unique_ptr<WatchStream> Watch(const WatchEventsRequest& request) {
    auto watch = std::make_unique<WatchStream>(*events, request);
    const auto first = watch->Next();
    EXPECT_TRUE(first) << watch->End().reason;
    EXPECT_TRUE(!first || first->changes().empty());
    return watch;
  }
  // What a watch that cannot begin fails with.
  Failure Refusal(const WatchEventsRequest& request) {
    WatchStream watch(*events, request);
    EXPECT_FALSE(watch.Next());
    return watch.End();
  }
  std::unique_ptr<service::TokenCodec> Tokens() {
    return *service::TokenCodec::Create([this] { return store.TokenKeys(kAll); },
                                        store.Info(kAll)->store_id);
  }
  void Retract(const std::string& id) {
    ASSERT_TRUE(store.RetractEvent(kAll, {"f", id}, "wrong", "", false).ok());
  }
  // A list's position.
  std::string ListPosition() {
    annals::v1::ListEventsResponse response;
    EXPECT_EQ(Call(*events, &annals::v1::EventService::Stub::ListEvents,
                   annals::v1::ListEventsRequest(), &response)
                  .code,
              grpc::StatusCode::OK);
    return response.position();
  }
  annals::v1::Feed Feed(const std::string& id) { return *store.GetFeed(kAll, id); }
  void Restrict(const std::string& id) {
    annals::v1::Feed feed = Feed(id);
    feed.set_visibility(annals::v1::FEED_VISIBILITY_RESTRICTED);
    ASSERT_TRUE(store.UpdateFeed(kAll, feed).ok());
  }
};

TEST_F(WatchTest, TellsWhatIsRecordedAfterItsFirstMessage) {
  Ingest({Strike("0")});
  const auto watch = Watch(FromNow());
  const std::string acknowledged = Ingest({Strike("1"), Battle("2")});
  const auto message = watch->NextChanges();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->changes_size(), 2);
  EXPECT_FALSE(message->write_continues());
  EXPECT_TRUE(message->has_commit_time());
  const auto tokens = Tokens();
  EXPECT_EQ(*tokens->OpenPosition(message->position(), "p"),
            *tokens->OpenPosition(acknowledged, "p"));
  EXPECT_EQ(message->position().size(), acknowledged.size());
}

TEST_F(WatchTest, TellsWhatBecomesOfEachEvent) {
  const auto watch = Watch(FromNow(Strikes()));
  Ingest({Strike("1"), Battle("2"), Strike("t")});
  EXPECT_THAT(watch->NextTexts(),
              ::testing::UnorderedElementsAre("CREATED feeds/f/events/1 revision 1",
                                              "CREATED feeds/f/events/t revision 1"));
  Ingest({Strike("1", "Corrected")});
  EXPECT_THAT(watch->NextTexts(), ElementsAre("UPDATED feeds/f/events/1 revision 2"));
  Ingest({Strike("2")});
  EXPECT_THAT(watch->NextTexts(), ElementsAre("UPDATED feeds/f/events/2 revision 2 entered"));
  Ingest({Battle("2")});
  const auto left = watch->NextChanges();
  EXPECT_THAT(ChangesOf({*left}), ElementsAre("LEFT_FILTER feeds/f/events/2 revision 3"));
  EXPECT_EQ(left->changes(0).event().kind(), annals::v1::EVENT_KIND_BATTLE);
  Retract("2");  // of no concern
  ASSERT_TRUE(store.MergeEvents(kAll, {{{"f", "1"}}, {}, {"f", "t"}, "same"}, false).ok());
  const auto merged = watch->NextChanges();
  EXPECT_THAT(ChangesOf({*merged}), ElementsAre("MERGED feeds/f/events/1 revision 3"));
  EXPECT_EQ(merged->changes(0).event().merged_into(), "feeds/f/events/t");
  ASSERT_TRUE(store.UnmergeEvents(kAll, {{"f", "1"}}, "not", false).ok());
  EXPECT_THAT(watch->NextTexts(), ElementsAre("UPDATED feeds/f/events/1 revision 4 entered"));
  Retract("1");
  EXPECT_THAT(watch->NextTexts(), ElementsAre("RETRACTED feeds/f/events/1 revision 5"));
  ASSERT_TRUE(store.RedactEvent(kAll, {"f", "t"}, "safety", false).ok());
  const auto redacted = watch->NextChanges();
  EXPECT_THAT(ChangesOf({*redacted}), ElementsAre("RETRACTED feeds/f/events/t revision 2"));
  EXPECT_TRUE(redacted->changes(0).event().redacted());
}

TEST_F(WatchTest, TellsTheRetractedWhereAskedFor) {
  EventFilter filter = Strikes();
  filter.set_include_retracted(true);
  const auto watch = Watch(FromNow(filter));
  Ingest({Strike("1")});
  EXPECT_THAT(watch->NextTexts(), ElementsAre("CREATED feeds/f/events/1 revision 1"));
  Retract("1");
  EXPECT_THAT(watch->NextTexts(), ElementsAre("RETRACTED feeds/f/events/1 revision 2"));
  ASSERT_TRUE(store.UpsertEvents(kAll, {{Strike("1", "Back"), {}, true}}, {}).ok());
  EXPECT_THAT(watch->NextTexts(), ElementsAre("UPDATED feeds/f/events/1 revision 3"));
}

TEST_F(WatchTest, AnswersAsListsDo) {
  EventFilter filter;
  filter.mutable_regions()->add_regions("regions/RU-KRS");
  WatchEventsRequest request = FromNow(filter);
  request.set_view(annals::v1::EVENT_VIEW_BASIC);
  const auto watch = Watch(request);
  annals::v1::Event event = EventBuilder("f", "1").Place(35.2, 51.2).Build();
  event.set_description("long");
  Ingest({event, Battle("nowhere")});
  annals::v1::ListEventsRequest list;
  *list.mutable_filter() = filter;
  list.set_view(annals::v1::EVENT_VIEW_BASIC);
  annals::v1::ListEventsResponse listed;
  Call(*events, &annals::v1::EventService::Stub::ListEvents, list, &listed);
  const auto message = watch->NextChanges();
  ASSERT_EQ(message->changes_size(), 1);
  EXPECT_EQ(message->changes(0).event().DebugString(), listed.events(0).DebugString());
}

TEST_F(WatchTest, TellsLargeWritesInPartsAndResumesWithinThem) {
  std::vector<annals::v1::Event> rows;
  for (int i = 0; i < 2'500; ++i) rows.push_back(Strike(std::to_string(i)));
  const auto watch = Watch(FromNow());
  Ingest(rows);
  WatchLog log;
  for (int i = 0; i < 3; ++i) log.push_back(*watch->NextChanges());
  EXPECT_THAT(std::vector({log[0].changes_size(), log[1].changes_size(), log[2].changes_size()}),
              ElementsAre(1'000, 1'000, 500));
  EXPECT_EQ(CheckAtomic(log), "");
  EXPECT_EQ(CheckOrdered(log), "");
  EXPECT_EQ(CheckUnique(log), "");
  const auto resumed = Watch(FromPosition(log[0].position()));
  const WatchLog rest = {*resumed->NextChanges(), *resumed->NextChanges()};
  EXPECT_EQ(CheckBookmarkable(log, 0, rest), "");
  EXPECT_TRUE(rest[0].write_continues());
  EXPECT_FALSE(rest[1].write_continues());
}

TEST_F(WatchTest, GoesOnFromAList) {
  Ingest({Strike("1")});
  const std::string position = ListPosition();
  Ingest({Strike("2")});
  const auto watch = Watch(FromPosition(position));
  EXPECT_THAT(watch->NextTexts(), ElementsAre("CREATED feeds/f/events/2 revision 1"));
  const auto all = Watch(FromBeginning());
  EXPECT_THAT(all->NextTexts(), ElementsAre("CREATED feeds/f/events/1 revision 1"));
  EXPECT_THAT(all->NextTexts(), ElementsAre("CREATED feeds/f/events/2 revision 1"));
}

TEST_F(WatchTest, GivesPositionsThatOtherCallsTake) {
  const auto watch = Watch(FromNow());
  Ingest({Strike("1")});
  watch->NextChanges();
  Ingest({Strike("2")});
  annals::v1::ListEventsRequest request;
  request.set_min_position(watch->position());
  request.mutable_as_of()->set_position(watch->position());
  annals::v1::ListEventsResponse response;
  EXPECT_EQ(Call(*events, &annals::v1::EventService::Stub::ListEvents, request, &response).reason,
            "");
  EXPECT_EQ(response.events_size(), 1);
}

TEST_F(WatchTest, RefusesWhatItCannotBeginWith) {
  EXPECT_EQ(Refusal(FromPosition("nonsense")).reason, "BAD_POSITION");
  EXPECT_EQ(Refusal(FromPosition("")).field, "position");
  EXPECT_EQ(Refusal(From(static_cast<annals::v1::WatchOrigin>(9))).reason, "UNKNOWN_VALUE");
  EventFilter unknown;
  unknown.add_feeds("feeds/none");
  const Failure feed = Refusal(FromNow(unknown));
  EXPECT_EQ(feed.reason, "UNKNOWN_FEED");
  EXPECT_EQ(feed.field, "filter.feeds[0]");
  WatchEventsRequest view = FromNow();
  view.set_view(static_cast<annals::v1::EventView>(9));
  EXPECT_EQ(Refusal(view).field, "view");
  const Failure ahead = Refusal(FromPosition(Tokens()->SealPosition({99})));
  EXPECT_EQ(ahead.code, grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(ahead.reason, "POSITION_AHEAD");
  const auto other =
      *service::TokenCodec::Create([this] { return store.TokenKeys(kAll); }, std::string(32, '0'));
  const Failure foreign = Refusal(FromPosition(other->SealPosition({0})));
  EXPECT_EQ(foreign.code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(foreign.reason, "OTHER_STORE");
}

TEST_F(WatchTest, RefusesPositionsFromBeforeAPurge) {
  Ingest({Strike("1")});
  const std::string before = ListPosition();
  ASSERT_TRUE(store.UpsertEvents(kAll, {EventBuilder("g", "1").Row()}, {}).ok());
  ASSERT_TRUE(store.DeleteFeed(kAll, "g", "withdrawn", true, false).ok());
  const Failure purged = Refusal(FromPosition(before));
  EXPECT_EQ(purged.code, grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(purged.reason, "HISTORY_PURGED");
  EventFilter f;
  f.add_feeds("feeds/f");
  Watch(FromPosition(before, f));
  Watch(FromPosition(ListPosition()));
  // One that began after the purge may begin and go on from before it.
  const auto anew = Watch(FromBeginning());
  const auto resumed = Watch(FromPosition(anew->position()));
  EXPECT_THAT(resumed->NextTexts(), ElementsAre("CREATED feeds/f/events/1 revision 1"));
}

TEST_F(WatchTest, EndsWhenAFeedThatItWasAboutComesOrGoes) {
  for (const bool purge : {false, true}) {
    CreateFeed("h");
    const auto watch = Watch(FromNow());
    if (purge) {
      ASSERT_TRUE(store.DeleteFeed(kAll, "h", "withdrawn", true, false).ok());
    } else {
      // Local callers see all: only what is deleted is not seen any more.
      ASSERT_TRUE(store.DeleteFeed(kAll, "h", "withdrawn", false, false).ok());
    }
    const std::string position = watch->position();
    const Failure ended = watch->End();
    EXPECT_EQ(ended.code, grpc::StatusCode::ABORTED);
    EXPECT_EQ(ended.reason, "SCOPE_CHANGED");
    const Failure resumed = Refusal(FromPosition(position));
    EXPECT_EQ(resumed.code, grpc::StatusCode::ABORTED);
    EXPECT_EQ(resumed.reason, "SCOPE_CHANGED");
  }
}

TEST_F(WatchTest, GoesOnWhenAFeedIsCreated) {
  const auto watch = Watch(FromNow());
  const std::string start = watch->position();
  CreateFeed("new");
  const annals::v1::Event event = EventBuilder("new", "1").Build();
  ASSERT_TRUE(store.UpsertEvents(kAll, {{event, {}, false}}, {}).ok());
  EXPECT_THAT(watch->NextTexts(), ElementsAre("CREATED feeds/new/events/1 revision 1"));
  // From before it was created, and from after; where it is gone again, from before alone.
  EXPECT_THAT(Watch(FromPosition(start))->NextTexts(),
              ElementsAre("CREATED feeds/new/events/1 revision 1"));
  const std::string after = watch->position();
  Watch(FromPosition(after));
  ASSERT_TRUE(store.DeleteFeed(kAll, "new", "withdrawn", true, false).ok());
  EXPECT_EQ(Refusal(FromPosition(after)).reason, "SCOPE_CHANGED");
  Watch(FromPosition(start));
  EXPECT_EQ(watch->End().reason, "SCOPE_CHANGED");
}

TEST_F(WatchTest, EndsWhenWhatItsActorsStandForChanges) {
  EventFilter filter;
  filter.add_actors()->set_actor("actors/rus");
  const auto watch = Watch(FromNow(filter));
  const auto other = Watch(FromNow(Strikes()));
  annals::v1::Actor actor = MakeActor("rus-unit", "A unit");
  actor.add_parents()->set_parent("actors/rus");
  ASSERT_TRUE(store.CreateActor(kAll, actor).ok());
  EXPECT_EQ(watch->End().reason, "SCOPE_CHANGED");
  Ingest({Strike("1")});
  EXPECT_THAT(other->NextTexts(), ElementsAre("CREATED feeds/f/events/1 revision 1"));
}

TEST_F(WatchTest, ResumesWithTheSameFilterAlone) {
  const auto watch = Watch(FromNow(Strikes()));
  const Failure other = Refusal(FromPosition(watch->position()));
  EXPECT_EQ(other.code, grpc::StatusCode::ABORTED);
  EXPECT_EQ(other.reason, "SCOPE_CHANGED");
  Watch(FromPosition(watch->position(), Strikes()));
}

TEST_F(WatchTest, TellsNothingOfWhatWasRemovedFromMemory) {
  const auto watch = Watch(FromNow());
  const std::string start = watch->position();
  Ingest({Strike("1", "Secret")});
  EXPECT_EQ(watch->NextChanges()->changes(0).event().title(), "Secret");
  ASSERT_TRUE(store.RedactEvent(kAll, {"f", "1"}, "safety", false).ok());
  watch->NextChanges();
  const auto resumed = Watch(FromPosition(start));
  EXPECT_EQ(resumed->NextChanges()->changes(0).event().title(), "[redacted]");
}

TEST_F(WatchTest, EndsOthersWhenTheServerDrains) {
  const auto quiet = Watch(FromNow());
  server->Drain(absl::InfiniteDuration());
  const Failure ended = quiet->End();
  EXPECT_EQ(ended.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ended.reason, "SHUTTING_DOWN");
  EXPECT_TRUE(ended.may_retry);
  const std::string position = quiet->position();
  Start();
  Ingest({Strike("1")});
  EXPECT_THAT(Watch(FromPosition(position))->NextTexts(),
              ElementsAre("CREATED feeds/f/events/1 revision 1"));
}

class WatchTimes : public WatchTest {
 protected:
  void SetUp() override {
    options.watch.tick_interval = absl::Milliseconds(10);
    options.watch.retry_pause = absl::Milliseconds(10);
    store.before_read_changes = [this] {
      return away ? absl::UnavailableError("away") : absl::OkStatus();
    };
    WatchTest::SetUp();
  }
  void Restart() {
    server.reset();
    Start();
  }

  std::atomic<bool> away = false;
};

TEST_F(WatchTimes, SaysWhereItIsWhileNothingElseIsTold) {
  options.watch.checkpoint_interval = absl::Milliseconds(20);
  Restart();
  const auto watch = Watch(FromNow(Strikes()));
  const std::string acknowledged = Ingest({Battle("1")});
  const auto tokens = Tokens();
  const Position passed = *tokens->OpenPosition(acknowledged, "p");
  do {
    const auto checkpoint = watch->Next();
    ASSERT_TRUE(checkpoint);
    ASSERT_THAT(checkpoint->changes(), IsEmpty());
    ASSERT_FALSE(checkpoint->has_commit_time());
  } while (*tokens->OpenPosition(watch->position(), "p") < passed);
  Ingest({Strike("2")});
  EXPECT_THAT(Watch(FromPosition(watch->position(), Strikes()))->NextTexts(),
              ElementsAre("CREATED feeds/f/events/2 revision 1"));
}

TEST_F(WatchTimes, StaysWhileTheStoreIsAway) {
  Restart();
  Ingest({Strike("0")});
  const auto live = Watch(FromNow());
  away = true;
  const auto behind = Watch(FromBeginning());
  Ingest({Strike("1")});
  away = false;
  EXPECT_THAT(live->NextTexts(), ElementsAre("CREATED feeds/f/events/1 revision 1"));
  EXPECT_THAT(behind->NextTexts(), ElementsAre("CREATED feeds/f/events/0 revision 1"));
  EXPECT_THAT(behind->NextTexts(), ElementsAre("CREATED feeds/f/events/1 revision 1"));
}

TEST_F(WatchTimes, ReadsOnlyWhileSomeoneFollows) {
  std::atomic<int> reads = 0;
  store.before_read_changes = [&] {
    ++reads;
    return absl::OkStatus();
  };
  Restart();
  Ingest({Strike("1")});
  EXPECT_EQ(reads, 0);
  Watch(FromBeginning())->NextTexts();
  EXPECT_GT(reads, 0);
}

// Some of what is told waits in the connection, so that the end can be told once it is read; who
// reads nothing at all is forgotten.
TEST_F(WatchTimes, CutsThoseWhoTakeNothing) {
  options.watch.slow_consumer_time = absl::Milliseconds(100);
  Restart();
  const auto slow = Watch(FromNow());
  const auto dead = Watch(FromNow());
  const auto quick = Watch(FromNow());
  for (int i = 0; i < 20; ++i) {
    std::vector<annals::v1::Event> rows;
    for (int j = 0; j < 100; ++j) {
      annals::v1::Event event = Strike(fmt::format("{}-{}", i, j));
      event.set_description(std::string(5'000, 'x'));
      rows.push_back(std::move(event));
    }
    Ingest(rows);
    EXPECT_EQ(quick->NextChanges()->changes_size(), 100);
  }
  // Both are over before they read: else there would be something to wait for.
  server->Drain(absl::InfiniteDuration());
  for (WatchStream* watch : {slow.get(), dead.get()}) {
    const Failure ended = watch->End();
    EXPECT_TRUE(ended.reason == "SLOW_CONSUMER" || ended.code == grpc::StatusCode::CANCELLED)
        << ended.code << ended.reason;
  }
  EXPECT_EQ(quick->End().reason, "SHUTTING_DOWN");
}

TEST_F(WatchTimes, TellsTheSlowWhyTheyWereCut) {
  options.watch.slow_consumer_time = absl::Milliseconds(300);
  Restart();
  const auto slow = Watch(FromNow());
  std::vector<annals::v1::Event> rows;
  for (int j = 0; j < 1'000; ++j) {
    annals::v1::Event event = Strike(std::to_string(j));
    event.set_description(std::string(10'000, 'x'));
    rows.push_back(std::move(event));
  }
  Ingest(rows);
  // Wait until one that began with it is cut.
  const absl::Time cut = absl::Now() + 1.5 * options.watch.slow_consumer_time;
  const auto clock = Watch(FromNow());
  for (int i = 0; absl::Now() < cut; ++i) {
    Ingest({Battle(fmt::format("clock-{}", i))});
    ASSERT_TRUE(clock->NextChanges());
  }
  const Failure ended = slow->End();
  EXPECT_EQ(ended.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ended.reason, "SLOW_CONSUMER");
  EXPECT_TRUE(ended.may_retry);
  const auto resumed = Watch(FromPosition(slow->position()));
  EXPECT_TRUE(resumed->NextChanges());
}

TEST_F(WatchTest, EndsAtTheClientsDeadline) {
  WatchStream watch(*events, FromNow(), "", std::chrono::milliseconds(100));
  EXPECT_EQ(watch.End().code, grpc::StatusCode::DEADLINE_EXCEEDED);
  // Nothing is left of it.
  server->Drain(absl::InfiniteDuration());
}

class WatchAccessTest : public AuthTest {
 protected:
  void SetUp() override {
    AuthTest::SetUp();
    AddPrincipal("rita", annals::v1::ROLE_READER, {});
    AddPrincipal("ada", annals::v1::ROLE_ADMIN, {});
    options.limits.streams_max = 1;
    ServiceTest::SetUp();
    for (const char* id : {"f", "s"}) {
      annals::v1::Feed feed;
      feed.set_name(fmt::format("feeds/{}", id));
      feed.set_title("Feed");
      feed.set_licence("CC0-1.0");
      if (*id == 's') feed.set_visibility(annals::v1::FEED_VISIBILITY_RESTRICTED);
      ASSERT_TRUE(store.CreateFeed(kAll, feed).ok());
    }
  }
  std::unique_ptr<WatchStream> Watch(const std::string& principal,
                                     const WatchEventsRequest& request = FromNow()) {
    auto watch = std::make_unique<WatchStream>(*events, request, tokens[principal]);
    EXPECT_TRUE(watch->Next()) << watch->End().reason;
    return watch;
  }
  void SetVisibility(const std::string& id, annals::v1::FeedVisibility visibility) {
    annals::v1::Feed feed = *store.GetFeed(kAll, id);
    feed.set_visibility(visibility);
    ASSERT_TRUE(store.UpdateFeed(kAll, feed).ok());
  }
  // Rita with this role, or nobody by her token.
  void WriteRita(std::optional<annals::v1::Role> role) {
    service::AuthFile file;
    for (const char* id : {"rita", "ada"}) {
      if (id == std::string("rita") && !role) continue;
      const auto token = service::ParseToken(tokens[id]);
      service::PrincipalEntry entry;
      entry.principal = {id, id == std::string("ada") ? annals::v1::ROLE_ADMIN : *role, {}};
      entry.tokens = {{.id = token->id,
                       .secret_sha256 = service::HashSecret(token->secret),
                       .create_time = absl::Now()}};
      file.principals.push_back(std::move(entry));
    }
    std::ofstream(options.auth_file) << service::FormatAuthFile(file);
  }
};

TEST_F(WatchAccessTest, TellsEachCallerWhatThatOneSees) {
  const auto rita = Watch("rita");
  const auto ada = Watch("ada");
  ASSERT_TRUE(store.UpsertEvents(kAll, {EventBuilder("s", "1").Row()}, {}).ok());
  annals::v1::Event event = EventBuilder("f", "1").Build();
  event.add_links()->set_target("feeds/s/events/1");
  event.mutable_links(0)->set_kind(annals::v1::LINK_KIND_CONCERNS);
  ASSERT_TRUE(store.UpsertEvents(kAll, {{event, {}, false}}, {}).ok());
  EXPECT_THAT(ada->NextTexts(), ElementsAre("CREATED feeds/s/events/1 revision 1"));
  EXPECT_EQ(ada->NextChanges()->changes(0).event().links_size(), 1);
  const auto seen = rita->NextChanges();
  EXPECT_THAT(ChangesOf({*seen}), ElementsAre("CREATED feeds/f/events/1 revision 1"));
  EXPECT_EQ(seen->changes(0).event().links_size(), 0);
}

TEST_F(WatchAccessTest, EndsWhenWhatItsCallerSeesChanges) {
  auto rita = Watch("rita");
  const auto ada = Watch("ada");
  SetVisibility("s", annals::v1::FEED_VISIBILITY_PUBLIC);
  EXPECT_EQ(rita->End().reason, "SCOPE_CHANGED");
  rita = Watch("rita");
  const std::string position = rita->position();
  SetVisibility("s", annals::v1::FEED_VISIBILITY_RESTRICTED);
  EXPECT_EQ(rita->End().reason, "SCOPE_CHANGED");
  WatchStream resumed(*events, FromPosition(position), tokens["rita"]);
  EXPECT_EQ(resumed.End().reason, "SCOPE_CHANGED");
  // Another's position is none of hers.
  WatchStream other(*events, FromPosition(ada->position()), tokens["rita"]);
  EXPECT_EQ(other.End().reason, "SCOPE_CHANGED");
  ASSERT_TRUE(store.UpsertEvents(kAll, {EventBuilder("f", "1").Row()}, {}).ok());
  EXPECT_THAT(ada->NextTexts(), ElementsAre("CREATED feeds/f/events/1 revision 1"));
}

TEST_F(WatchAccessTest, EndsWhenItsCallerMayCallNoLonger) {
  auto rita = Watch("rita");
  WriteRita(annals::v1::ROLE_EDITOR);
  const Failure changed = rita->End();
  EXPECT_EQ(changed.code, grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(changed.reason, "RIGHTS_CHANGED");
  rita = Watch("rita");
  WriteRita(std::nullopt);
  const Failure revoked = rita->End();
  EXPECT_EQ(revoked.code, grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(revoked.reason, "BAD_TOKEN");
}

TEST_F(WatchAccessTest, CountsAmongItsCallersStreamsUntilItEnds) {
  auto rita = Watch("rita");
  WatchStream second(*events, FromNow(), tokens["rita"]);
  EXPECT_EQ(second.End().reason, "TOO_MANY_STREAMS");
  rita->Cut();
  // The server hears of it a moment later.
  Failure failure;
  do {
    WatchStream next(*events, FromNow(), tokens["rita"]);
    if (next.Next()) return;
    failure = next.End();
  } while (failure.reason == "TOO_MANY_STREAMS");
  ADD_FAILURE() << failure.reason;
}

}  // namespace
}  // namespace annals::testing

// Over budget: one test for each promise of the calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "service/validate/row_validator.h"
#include "tests/support/offer_steps.h"
#include "tests/support/service_test_server.h"

namespace annals::testing {
namespace {

using annals::v1::IngestService;
using annals::v1::RowOutcome;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Stub = IngestService::Stub;

class IngestServiceTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    CreateFeed("f");
    writer = ingest->IngestEvents(&context);
  }

  void TearDown() override {
    context.TryCancel();
    writer.reset();
    ServiceTest::TearDown();
  }

  static annals::v1::IngestEventsRequest Batch(const std::vector<annals::v1::Event>& rows) {
    annals::v1::IngestEventsRequest request;
    for (const auto& event : rows) *request.mutable_batch()->add_rows()->mutable_event() = event;
    return request;
  }

  // Sends a message of the stream and reads its answer.
  annals::v1::IngestEventsResponse Send(const annals::v1::IngestEventsRequest& request) {
    annals::v1::IngestEventsResponse response;
    EXPECT_TRUE(writer->Write(request));
    EXPECT_TRUE(writer->Read(&response));
    return response;
  }

  // Sends a message that ends the stream.
  Failure SendFails(const annals::v1::IngestEventsRequest& request) {
    annals::v1::IngestEventsResponse response;
    writer->Write(request);
    EXPECT_FALSE(writer->Read(&response));
    return FailureOf(writer->Finish());
  }

  static annals::v1::IngestEventsRequest ReleaseEnd(double share_max) {
    annals::v1::IngestEventsRequest request;
    request.mutable_release_end()->set_feed("feeds/f");
    request.mutable_release_end()->set_reason("gone from the release");
    request.mutable_release_end()->set_retracted_share_max(share_max);
    return request;
  }

  std::int64_t EventCount() {
    annals::v1::GetStatusResponse response;
    grpc::ClientContext call;
    EXPECT_TRUE(server_status->GetStatus(&call, {}, &response).ok());
    return response.event_count();
  }

  grpc::ClientContext context;
  std::unique_ptr<
      grpc::ClientReaderWriter<annals::v1::IngestEventsRequest, annals::v1::IngestEventsResponse>>
      writer;
};

TEST_F(IngestServiceTest, TakesABatchInWholly) {
  annals::v1::BatchUpsertEventsRequest request;
  annals::v1::BatchUpsertEventsResponse response;
  for (const char* id : {"1", "2"}) {
    *request.add_rows()->mutable_event() = EventBuilder("f", id).Build();
  }
  const auto call = [&] { return Call(*ingest, &Stub::BatchUpsertEvents, request, &response); };
  request.set_validate_only(true);
  ASSERT_EQ(call().code, grpc::StatusCode::OK);
  EXPECT_EQ(response.counts().created(), 2);
  EXPECT_EQ(EventCount(), 0);
  request.set_validate_only(false);
  ASSERT_EQ(call().code, grpc::StatusCode::OK);
  ASSERT_THAT(response.results(), SizeIs(2));
  EXPECT_EQ(response.results(1).index(), 1);
  EXPECT_EQ(response.results(1).name(), "feeds/f/events/2");
  EXPECT_EQ(response.results(1).outcome(), annals::v1::ROW_OUTCOME_CREATED);
  ASSERT_EQ(call().code, grpc::StatusCode::OK);
  EXPECT_EQ(response.counts().unchanged(), 2);
  EXPECT_EQ(EventCount(), 2);
}

TEST_F(IngestServiceTest, RefusesABatchWithAnyBadRowAndNamesEach) {
  annals::v1::BatchUpsertEventsRequest request;
  annals::v1::BatchUpsertEventsResponse response;
  const auto call = [&] { return Call(*ingest, &Stub::BatchUpsertEvents, request, &response); };
  EXPECT_EQ(call().reason, "REQUIRED");
  *request.add_rows()->mutable_event() = EventBuilder("f", "1").Build();
  *request.add_rows()->mutable_event() = EventBuilder("f", "2").Title("").Build();
  *request.add_rows()->mutable_event() = EventBuilder("f", "1").Build();
  *request.add_rows()->mutable_event() = EventBuilder("f", "4").Build();
  request.mutable_rows(3)->set_source_version(-1);
  request.add_rows();
  const Failure failure = call();
  EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(failure.field, "rows[1].event.title");
  EXPECT_THAT(failure.violations, ElementsAre("rows[1].event.title", "rows[2].event.name",
                                              "rows[3].source_version", "rows[4].event"));
  EXPECT_EQ(EventCount(), 0);
}

TEST_F(IngestServiceTest, AnswersARepeatedBatchAsAtFirst) {
  annals::v1::BatchUpsertEventsRequest request;
  annals::v1::BatchUpsertEventsResponse first;
  annals::v1::BatchUpsertEventsResponse again;
  request.set_batch_id("batch-1");
  *request.add_rows()->mutable_event() = EventBuilder("f", "1").Build();
  ASSERT_EQ(Call(*ingest, &Stub::BatchUpsertEvents, request, &first).code, grpc::StatusCode::OK);
  Ingest({EventBuilder("f", "1").Title("Since").Build()});
  ASSERT_EQ(Call(*ingest, &Stub::BatchUpsertEvents, request, &again).code, grpc::StatusCode::OK);
  EXPECT_EQ(again.results(0).outcome(), annals::v1::ROW_OUTCOME_CREATED);
  EXPECT_EQ(again.results(0).revision(), 1);
  // The same batch in a stream, and the other way round.
  auto message = Batch({EventBuilder("f", "1").Build()});
  message.mutable_batch()->set_batch_id("batch-1");
  EXPECT_EQ(Send(message).counts().created(), 1);
  message = Batch({EventBuilder("f", "2").Build(), EventBuilder("f", "3").Title("").Build()});
  message.mutable_batch()->set_batch_id("batch-2");
  const auto answer = Send(message);
  Ingest({EventBuilder("f", "2").Title("Since").Build()});
  const auto repeated = Send(message);
  EXPECT_EQ(repeated.counts().SerializeAsString(), answer.counts().SerializeAsString());
  ASSERT_THAT(repeated.results(), SizeIs(1));
  EXPECT_EQ(repeated.results(0).SerializeAsString(), answer.results(0).SerializeAsString());
  EXPECT_EQ(repeated.results(0).reason(), "REQUIRED");
  EXPECT_EQ(repeated.results(0).field(), "title");
}

TEST_F(IngestServiceTest, RefusesBadBatchIds) {
  annals::v1::BatchUpsertEventsRequest request;
  annals::v1::BatchUpsertEventsResponse response;
  *request.add_rows()->mutable_event() = EventBuilder("f", "1").Build();
  for (const std::string& id :
       {std::string("a b"), std::string("a\n"), std::string("é"), std::string(129, 'x')}) {
    request.set_batch_id(id);
    const Failure failure = Call(*ingest, &Stub::BatchUpsertEvents, request, &response);
    EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT) << id;
    EXPECT_EQ(failure.reason, "BAD_BATCH_ID") << id;
    EXPECT_EQ(failure.field, "batch_id") << id;
  }
  request.set_batch_id(std::string(128, '~'));
  request.set_validate_only(true);
  EXPECT_EQ(Call(*ingest, &Stub::BatchUpsertEvents, request, &response).reason,
            "BATCH_ID_AND_VALIDATE_ONLY");
  request.set_validate_only(false);
  ASSERT_EQ(Call(*ingest, &Stub::BatchUpsertEvents, request, &response).code, grpc::StatusCode::OK);
  request.mutable_rows(0)->mutable_event()->set_title("Other");
  const Failure reused = Call(*ingest, &Stub::BatchUpsertEvents, request, &response);
  EXPECT_EQ(reused.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(reused.reason, "BATCH_ID_REUSED");
  EXPECT_EQ(reused.field, "batch_id");
}

TEST_F(IngestServiceTest, RefusesABadBatchIdInAStream) {
  auto message = Batch({EventBuilder("f", "1").Build()});
  message.mutable_batch()->set_batch_id("a b");
  const Failure failure = SendFails(message);
  EXPECT_EQ(failure.reason, "BAD_BATCH_ID");
  EXPECT_EQ(failure.field, "batch.batch_id");
}

TEST_F(IngestServiceTest, RefusesABatchIdThatComesWithOtherRowsInAStream) {
  auto message = Batch({EventBuilder("f", "1").Build()});
  message.mutable_batch()->set_batch_id("a");
  Send(message);
  message.mutable_batch()->mutable_rows(0)->mutable_event()->set_title("Other");
  const Failure failure = SendFails(message);
  EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(failure.reason, "BATCH_ID_REUSED");
  EXPECT_EQ(failure.field, "batch.batch_id");
}

TEST_F(IngestServiceTest, LimitsBatches) {
  annals::v1::BatchUpsertEventsRequest request;
  annals::v1::BatchUpsertEventsResponse response;
  for (int i = 0; i <= service::kBatchRowsMax; ++i) {
    *request.add_rows()->mutable_event() = EventBuilder("f", std::to_string(i)).Build();
  }
  const auto call = [&] { return Call(*ingest, &Stub::BatchUpsertEvents, request, &response); };
  const Failure failure = call();
  EXPECT_EQ(failure.reason, "BATCH_TOO_LARGE");
  EXPECT_EQ(failure.field, "rows");
  request.mutable_rows()->RemoveLast();
  EXPECT_EQ(call().code, grpc::StatusCode::OK);
  request.clear_rows();
  request.add_rows()->mutable_event()->set_description(std::string(70 << 20, 'x'));
  EXPECT_EQ(call().code, grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(IngestServiceTest, RefusesAnIllegalStepNamingBoth) {
  auto event = EventBuilder("f", "1").Kind(annals::v1::EVENT_KIND_EXCHANGE_OFFER).Build();
  for (const auto step : {annals::v1::OFFER_STATUS_REJECTED, annals::v1::OFFER_STATUS_AGREED}) {
    auto* added = event.mutable_exchange_offer()->add_steps();
    added->set_status(step);
    added->mutable_occurred()->mutable_start()->set_seconds(step == 7 ? 1 : 2);
    added->mutable_occurred()->set_precision(annals::v1::TIME_PRECISION_INSTANT);
  }
  annals::v1::BatchUpsertEventsRequest request;
  annals::v1::BatchUpsertEventsResponse response;
  *request.add_rows()->mutable_event() = event;
  const Failure failure = Call(*ingest, &Stub::BatchUpsertEvents, request, &response);
  EXPECT_EQ(failure.code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(failure.reason, "ILLEGAL_STEP");
  EXPECT_EQ(failure.field, "rows[0].event.exchange_offer.steps[1]");
}

TEST_F(IngestServiceTest, RetractsWithAReason) {
  Ingest({EventBuilder("f", "1").Build()});
  annals::v1::RetractEventRequest request;
  annals::v1::RetractEventResponse response;
  const auto call = [&] { return Call(*ingest, &Stub::RetractEvent, request, &response); };
  request.set_name("feeds/f/events/1");
  EXPECT_EQ(call().field, "reason");
  request.set_reason("wrong");
  request.set_etag("another");
  EXPECT_EQ(call().code, grpc::StatusCode::ABORTED);
  request.clear_etag();
  ASSERT_EQ(call().code, grpc::StatusCode::OK);
  EXPECT_EQ(response.event().state(), annals::v1::EVENT_STATE_RETRACTED);
  EXPECT_EQ(response.event().retraction_reason(), "wrong");
  request.set_name("feeds/f/events/2");
  EXPECT_EQ(call().code, grpc::StatusCode::NOT_FOUND);
  request.set_name("2");
  EXPECT_EQ(call().reason, "BAD_NAME");
}

TEST_F(IngestServiceTest, AdvancesAnOffer) {
  Ingest({OfferOf("f", "1", "P"), EventBuilder("f", "2").Build()});
  annals::v1::AdvanceExchangeOfferRequest request;
  annals::v1::AdvanceExchangeOfferResponse response;
  const auto call = [&] { return Call(*ingest, &Stub::AdvanceExchangeOffer, request, &response); };
  EXPECT_EQ(call().field, "name");
  request.set_name("feeds/f/events/1");
  EXPECT_EQ(call().field, "step");
  request.mutable_step()->set_status(annals::v1::OFFER_STATUS_AGREED);
  EXPECT_EQ(call().field, "step.occurred");
  *request.mutable_step() = OfferStepOf('A', 5);
  request.mutable_step()->set_claimant("actors/nobody-knows");
  EXPECT_EQ(call().reason, "UNKNOWN_ACTOR");
  request.mutable_step()->set_claimant("a newspaper");
  request.mutable_step()->set_url("ftp://example.org");
  EXPECT_EQ(call().field, "step.url");
  request.mutable_step()->clear_url();
  // What only the server fills is ignored.
  request.mutable_step()->mutable_advance_time()->set_seconds(1);
  request.mutable_step()->set_sent_by_feed(true);
  ASSERT_EQ(call().code, grpc::StatusCode::OK);
  EXPECT_EQ(LettersOf(response.event()), "PA");
  EXPECT_EQ(response.event().revision(), 2);
  EXPECT_GT(response.event().exchange_offer().steps(1).advance_time().seconds(), 1);
  EXPECT_FALSE(response.event().exchange_offer().steps(1).sent_by_feed());
  EXPECT_FALSE(response.position().empty());
  request.set_etag("another");
  EXPECT_EQ(call().code, grpc::StatusCode::ABORTED);
  request.clear_etag();
  *request.mutable_step() = OfferStepOf('C', 9);
  const Failure illegal = call();
  EXPECT_EQ(illegal.code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(illegal.reason, "ILLEGAL_STEP");
  EXPECT_EQ(illegal.field, "step");
  EXPECT_NE(illegal.message.find("OFFER_STATUS_COUNTERED"), std::string::npos);
  EXPECT_NE(illegal.message.find("OFFER_STATUS_AGREED"), std::string::npos);
  request.set_name("feeds/f/events/2");
  EXPECT_EQ(call().reason, "NOT_AN_OFFER");
  request.set_name("feeds/f/events/3");
  EXPECT_EQ(call().reason, "EVENT_NOT_FOUND");
}

TEST_F(IngestServiceTest, RefusesRowsThatAreAtOddsWithAddedSteps) {
  Ingest({OfferOf("f", "1", "P")});
  annals::v1::AdvanceExchangeOfferRequest advance;
  annals::v1::AdvanceExchangeOfferResponse advanced;
  advance.set_name("feeds/f/events/1");
  *advance.mutable_step() = OfferStepOf('R', 2);
  ASSERT_EQ(Call(*ingest, &Stub::AdvanceExchangeOffer, advance, &advanced).code,
            grpc::StatusCode::OK);
  const auto request = Batch({OfferOf("f", "2", "P"), OfferOf("f", "1", "PCA")});
  const auto response = Send(request);
  EXPECT_EQ(response.counts().created(), 1);
  EXPECT_EQ(response.counts().invalid(), 1);
  ASSERT_THAT(response.results(), SizeIs(1));
  EXPECT_EQ(response.results(0).index(), 1);
  EXPECT_EQ(response.results(0).name(), "feeds/f/events/1");
  EXPECT_EQ(response.results(0).reason(), "ILLEGAL_STEP");
  EXPECT_EQ(response.results(0).field(), "exchange_offer.steps[2]");
  EXPECT_EQ(response.results(0).revision(), 0);
  // As a whole.
  annals::v1::BatchUpsertEventsRequest batch;
  annals::v1::BatchUpsertEventsResponse answer;
  *batch.add_rows()->mutable_event() = OfferOf("f", "3", "P");
  *batch.add_rows()->mutable_event() = EventBuilder("f", "1").Build();
  const Failure failure = Call(*ingest, &Stub::BatchUpsertEvents, batch, &answer);
  EXPECT_EQ(failure.code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(failure.reason, "OFFER_WAS_ADVANCED");
  EXPECT_EQ(failure.field, "rows[1].event.kind");
  batch.mutable_rows()->RemoveLast();
  ASSERT_EQ(Call(*ingest, &Stub::BatchUpsertEvents, batch, &answer).code, grpc::StatusCode::OK);
  EXPECT_EQ(answer.results(0).outcome(), annals::v1::ROW_OUTCOME_CREATED);
}

TEST_F(IngestServiceTest, StreamsBatchesWithAResultForEachBadRow) {
  auto request = Batch({EventBuilder("f", "1").Build(), EventBuilder("f", "2").Title("").Build(),
                        EventBuilder("none", "3").Build(), EventBuilder("f", "1").Build()});
  auto response = Send(request);
  EXPECT_EQ(response.counts().created(), 1);
  EXPECT_EQ(response.counts().invalid(), 3);
  ASSERT_THAT(response.results(), SizeIs(3));
  EXPECT_EQ(response.results(0).index(), 1);
  EXPECT_EQ(response.results(0).field(), "title");
  EXPECT_EQ(response.results(0).reason(), "REQUIRED");
  EXPECT_EQ(response.results(1).reason(), "UNKNOWN_FEED");
  EXPECT_EQ(response.results(2).reason(), "DUPLICATE_NAME");
  EXPECT_FALSE(response.position().empty());
  response = Send(Batch({EventBuilder("f", "1").Build()}));
  EXPECT_EQ(response.counts().unchanged(), 1);
  EXPECT_THAT(response.results(), IsEmpty());
  response = Send(Batch({EventBuilder("f", "9").Title("").Build()}));
  EXPECT_EQ(response.counts().invalid(), 1);
  EXPECT_FALSE(response.position().empty());
  writer->WritesDone();
  EXPECT_FALSE(writer->Read(&response));
  EXPECT_TRUE(writer->Finish().ok());
  EXPECT_EQ(EventCount(), 1);
}

TEST_F(IngestServiceTest, StreamsValidateOnlyBatches) {
  auto request = Batch({EventBuilder("f", "1").Build()});
  request.mutable_batch()->set_validate_only(true);
  EXPECT_EQ(Send(request).counts().created(), 1);
  EXPECT_EQ(EventCount(), 0);
}

TEST_F(IngestServiceTest, ReportsStaleRowsAndThoseThatStayRetracted) {
  auto request = Batch({EventBuilder("f", "1").Build()});
  request.mutable_batch()->mutable_rows(0)->set_source_version(5);
  Send(request);
  request.mutable_batch()->mutable_rows(0)->set_source_version(4);
  request.mutable_batch()->mutable_rows(0)->mutable_event()->set_title("older");
  auto response = Send(request);
  ASSERT_THAT(response.results(), SizeIs(1));
  EXPECT_EQ(response.results(0).outcome(), annals::v1::ROW_OUTCOME_STALE);
  EXPECT_EQ(response.counts().stale(), 1);
}

TEST_F(IngestServiceTest, EndsAReleaseByTakingBackWhatItLacks) {
  std::vector<annals::v1::Event> rows;
  for (int i = 0; i < 10; ++i) rows.push_back(EventBuilder("f", std::to_string(i)).Build());
  Ingest(rows);
  rows.resize(7);
  rows[6].clear_title();  // named though invalid: it stays
  Send(Batch(rows));
  auto request = ReleaseEnd(0.3);
  request.mutable_release_end()->set_validate_only(true);
  EXPECT_EQ(EventCount(), 10);
  const auto response = Send(ReleaseEnd(0.3));
  EXPECT_EQ(response.counts().retracted(), 3);
  ASSERT_THAT(response.results(), SizeIs(3));
  EXPECT_EQ(response.results(0).name(), "feeds/f/events/7");
  EXPECT_EQ(response.results(0).outcome(), annals::v1::ROW_OUTCOME_RETRACTED);
  EXPECT_EQ(EventCount(), 7);
  EXPECT_EQ(SendFails(Batch(rows)).reason, "AFTER_RELEASE_END");
}

TEST_F(IngestServiceTest, RefusesToTakeTooMuchBack) {
  std::vector<annals::v1::Event> rows;
  for (int i = 0; i < 10; ++i) rows.push_back(EventBuilder("f", std::to_string(i)).Build());
  Ingest(rows);
  rows.resize(7);
  Send(Batch(rows));
  auto request = ReleaseEnd(0);
  request.mutable_release_end()->clear_retracted_share_max();
  const Failure failure = SendFails(request);
  EXPECT_EQ(failure.code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(failure.reason, "TOO_MANY_RETRACTIONS");
  EXPECT_EQ(EventCount(), 10);
}

TEST_F(IngestServiceTest, RefusesBadReleaseEnds) {
  const Failure failure = SendFails(ReleaseEnd(1.5));
  EXPECT_EQ(failure.reason, "SHARE_RANGE");
  EXPECT_EQ(failure.field, "release_end.retracted_share_max");
}

TEST_F(IngestServiceTest, RefusesReleasesOfUnknownFeeds) {
  auto request = ReleaseEnd(1);
  request.mutable_release_end()->set_feed("feeds/none");
  EXPECT_EQ(SendFails(request).reason, "UNKNOWN_FEED");
}

TEST_F(IngestServiceTest, RefusesEmptyMessages) { EXPECT_EQ(SendFails({}).field, "message"); }

TEST_F(IngestServiceTest, RefusesEmptyBatches) {
  EXPECT_EQ(SendFails(Batch({})).reason, "REQUIRED");
}

}  // namespace
}  // namespace annals::testing

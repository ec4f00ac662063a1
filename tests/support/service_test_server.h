// A real gRPC server over a UNIX socket on the reference store, and stubs that speak to it.
#pragma once

#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "annals/v1/catalog_service.grpc.pb.h"
#include "annals/v1/event_service.grpc.pb.h"
#include "annals/v1/ingest_service.grpc.pb.h"
#include "annals/v1/status_service.grpc.pb.h"
#include "fmt/format.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "service/server.h"
#include "tests/support/failure.h"
#include "tests/support/hooked_store.h"
#include "tests/support/service_fixture.h"
#include "tests/support/small_gazetteer.h"

namespace annals::testing {

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() : store(&SmallGazetteer()) {}

  void SetUp() override {
    socket_path = fmt::format("/tmp/annals-{}-{}.sock", getpid(),
                              ::testing::UnitTest::GetInstance()->random_seed());
    Start();
  }

  void TearDown() override {
    server.reset();
    unlink(socket_path.c_str());
  }

  void Start() {
    options.listen = {"unix:" + socket_path};
    auto started = service::Server::Start(options, Stores());
    ASSERT_TRUE(started.ok()) << started.status();
    server = *std::move(started);
    channel = NewChannel();
    events = annals::v1::EventService::NewStub(channel);
    ingest = annals::v1::IngestService::NewStub(channel);
    catalog = annals::v1::CatalogService::NewStub(channel);
    server_status = annals::v1::StatusService::NewStub(channel);
  }

  service::Stores Stores() {
    return {.events = &store, .catalog = &store, .changes = &store, .gazetteer = &SmallGazetteer()};
  }

  // A connection of its own.
  std::shared_ptr<grpc::Channel> NewChannel() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetMaxReceiveMessageSize(-1);
    return grpc::CreateCustomChannel("unix:" + socket_path, grpc::InsecureChannelCredentials(),
                                     arguments);
  }

  // Calls a method of a stub; answers what it failed with.
  template <typename Stub, typename Request, typename Response>
  Failure Call(Stub& stub,
               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
               const Request& request, Response* response) {
    grpc::ClientContext context;
    return FailureOf((stub.*method)(&context, request, response));
  }

  void CreateFeed(const std::string& id) {
    annals::v1::CreateFeedRequest request;
    request.mutable_feed()->set_name("feeds/" + id);
    request.mutable_feed()->set_title("Feed " + id);
    request.mutable_feed()->set_licence("CC-BY-4.0");
    annals::v1::CreateFeedResponse response;
    grpc::ClientContext context;
    ASSERT_TRUE(catalog->CreateFeed(&context, request, &response).ok());
  }

  // Takes events in; answers the position.
  std::string Ingest(const std::vector<annals::v1::Event>& rows) {
    annals::v1::BatchUpsertEventsRequest request;
    for (const auto& event : rows) *request.add_rows()->mutable_event() = event;
    annals::v1::BatchUpsertEventsResponse response;
    grpc::ClientContext context;
    const grpc::Status status = ingest->BatchUpsertEvents(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.position();
  }

  HookedStore store;
  service::ServerOptions options;
  std::string socket_path;
  std::unique_ptr<service::Server> server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<annals::v1::EventService::Stub> events;
  std::unique_ptr<annals::v1::IngestService::Stub> ingest;
  std::unique_ptr<annals::v1::CatalogService::Stub> catalog;
  std::unique_ptr<annals::v1::StatusService::Stub> server_status;
};

}  // namespace annals::testing

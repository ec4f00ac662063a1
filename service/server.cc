#include "service/server.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "fmt/format.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/impl/server_builder_option.h"
#include "grpcpp/impl/server_builder_plugin.h"
#include "grpcpp/resource_quota.h"
#include "service/auth/policy.h"
#include "service/backend.h"
#include "service/catalog_service.h"
#include "service/event_service.h"
#include "service/ingest_service.h"
#include "service/listen_address.h"
#include "service/status_service.h"
#include "storage/error.h"

namespace annals::service {
namespace {

// A connection takes no new calls from then on, so that certificates are looked at again.
constexpr int kConnectionAgeMs = 3'600'000;
constexpr int kKeepaliveMs = 60'000;         // asks an idle connection for a sign of life
constexpr int kKeepaliveTimeoutMs = 20'000;  // and closes it without one
constexpr int kPingIntervalMinMs = 10'000;   // clients that ping more often are cut
constexpr mode_t kSocketMode = 0660;
constexpr absl::Duration kStartTimeMax = absl::Seconds(30);

constexpr char kReflectionPlugin[] = "proto_server_reflection";
// Of messages being received, of all calls together.
constexpr std::size_t kCallMemoryMax = std::size_t{2} << 30;

constexpr std::string_view kServices[] = {"annals.v1.EventService", "annals.v1.IngestService",
                                          "annals.v1.CatalogService", "annals.v1.StatusService"};

storage::CallContext OurContext() {
  return {.visibility = storage::Visibility::All(), .deadline = absl::Now() + kStartTimeMax};
}

absl::StatusOr<std::unique_ptr<TokenCodec>> MakeTokens(const Stores& stores) {
  const auto info = stores.events->Info(OurContext());
  if (!info.ok()) return info.status();
  return TokenCodec::Create([catalog = stores.catalog] { return catalog->TokenKeys(OurContext()); },
                            info->store_id);
}

// Reflection comes with the library that is linked, for every server: taken away where it is not
// wanted.
class WithoutReflection : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    std::erase_if(*plugins, [](const auto& plugin) { return plugin->name() == kReflectionPlugin; });
  }
};

absl::StatusOr<std::vector<ListenAddress>> ParseAddresses(const std::vector<std::string>& texts) {
  std::vector<ListenAddress> addresses;
  for (const std::string& text : texts) {
    auto address = ParseListenAddress(text);
    if (!address.ok()) return address.status();
    addresses.push_back(*std::move(address));
  }
  return addresses;
}

absl::Status ClearSocketPaths(const std::vector<ListenAddress>& addresses) {
  for (const ListenAddress& address : addresses) {
    if (!address.is_unix()) continue;
    const absl::Status cleared = ClearSocketPath(address.socket_path);
    if (!cleared.ok()) return cleared;
  }
  return absl::OkStatus();
}

void SetLimits(grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(kReceiveBytesMax);
  builder->SetMaxSendMessageSize(-1);  // answers are bounded where they are made
  // By default two servers would share a port in silence.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kConcurrentStreamsMax);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kHeaderBytesMax);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, kConnectionAgeMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              kPingIntervalMinMs);
  // gRPC inflates a message before anyone is asked who they are.
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  grpc::ResourceQuota quota("calls");
  quota.Resize(kCallMemoryMax);
  builder->SetResourceQuota(quota);
}

absl::Status CannotListen(const ListenAddress& address) {
  return storage::Error(absl::StatusCode::kFailedPrecondition, "ADDRESS_TAKEN",
                        fmt::format("cannot listen on {}: {}", address.text, WhyNotBound(address)),
                        "listen");
}

}  // namespace

absl::Status CheckExposure(const ServerOptions& options) {
  const auto addresses = ParseAddresses(options.listen);
  if (!addresses.ok()) return addresses.status();
  for (const ListenAddress& address : *addresses) {
    if (address.is_local() || (!options.auth_file.empty() && options.tls.given())) continue;
    return storage::Error(
        absl::StatusCode::kInvalidArgument, "OPEN_TO_OTHERS",
        fmt::format("{} is reached from other machines: say who may call with --auth FILE (annalsd "
                    "token create makes one) and give --tls-cert and --tls-key, or listen on a "
                    "UNIX socket behind the edge of deploy/edge",
                    address.text),
        "listen");
  }
  return absl::OkStatus();
}

struct Server::State {
  State(const ServerOptions& options, const Stores& stores, std::unique_ptr<TokenCodec> codec,
        std::unique_ptr<Authenticator> callers)
      : tokens(std::move(codec)),
        authenticator(std::move(callers)),
        gate(authenticator.get(), options.limits),
        executor(options.sql_threads, options.queued_calls_max),
        catalog_cache(stores.catalog),
        region_resolver(storage::NameResolver::ForRegions(*stores.gazetteer)),
        backend{.events = stores.events,
                .catalog = stores.catalog,
                .changes = stores.changes,
                .gazetteer = stores.gazetteer,
                .region_resolver = &region_resolver,
                .catalog_cache = &catalog_cache,
                .tokens = tokens.get(),
                .gate = &gate,
                .executor = &executor,
                .start_time = absl::Now()},
        events(backend),
        ingest(backend),
        catalog(backend),
        status(backend) {}

  absl::Status Listen(const std::vector<ListenAddress>& listen, bool reflection);

  std::unique_ptr<TokenCodec> tokens;
  std::unique_ptr<Authenticator> authenticator;  // null: no access control
  Gate gate;
  Executor executor;
  CatalogCache catalog_cache;
  storage::NameResolver region_resolver;
  Backend backend;
  EventService events;
  IngestService ingest;
  CatalogService catalog;
  StatusService status;
  std::shared_ptr<grpc::ServerCredentials> tcp_credentials = grpc::InsecureServerCredentials();
  std::vector<std::string> addresses;
  std::unique_ptr<grpc::Server> server;
};

absl::Status Server::State::Listen(const std::vector<ListenAddress>& listen, bool reflection) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetLimits(&builder);
  if (!reflection) builder.SetOption(std::make_unique<WithoutReflection>());
  builder.RegisterService(&events);
  builder.RegisterService(&ingest);
  builder.RegisterService(&catalog);
  builder.RegisterService(&status);
  std::vector<int> ports(listen.size());
  for (std::size_t i = 0; i < listen.size(); ++i) {
    builder.AddListeningPort(
        listen[i].ToString(listen[i].port),
        listen[i].is_unix() ? grpc::InsecureServerCredentials() : tcp_credentials, &ports[i]);
  }
  // Sockets are made for owner and group alone from their first moment.
  const mode_t before = umask(0777 & ~kSocketMode);
  server = builder.BuildAndStart();
  umask(before);
  for (std::size_t i = 0; i < listen.size(); ++i) {
    if (server == nullptr ? ports[i] == 0 : ports[i] <= 0) return CannotListen(listen[i]);
    addresses.push_back(listen[i].ToString(ports[i]));
  }
  if (server == nullptr) return CannotListen(listen.front());
  for (const std::string_view service : kServices) {
    server->GetHealthCheckService()->SetServingStatus(std::string(service), true);
  }
  return absl::OkStatus();
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { Drain(absl::ZeroDuration()); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      const Stores& stores) {
  absl::Status checked = CheckPolicy(kServices);
  if (checked.ok()) checked = CheckExposure(options);
  if (!checked.ok()) return checked;
  const auto addresses = ParseAddresses(options.listen);
  if (!addresses.ok()) return addresses.status();
  const absl::Status cleared = ClearSocketPaths(*addresses);
  if (!cleared.ok()) return cleared;
  absl::StatusOr<std::unique_ptr<Authenticator>> authenticator = nullptr;
  if (!options.auth_file.empty()) authenticator = Authenticator::Open(options.auth_file);
  if (!authenticator.ok()) return authenticator.status();
  absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> tls = nullptr;
  if (options.tls.given()) tls = MakeTlsCredentials(options.tls);
  if (!tls.ok()) return tls.status();
  auto tokens = MakeTokens(stores);
  if (!tokens.ok()) return tokens.status();
  auto state =
      std::make_unique<State>(options, stores, *std::move(tokens), *std::move(authenticator));
  if (options.tls.given()) state->tcp_credentials = *std::move(tls);
  const bool local = std::ranges::all_of(*addresses, &ListenAddress::is_local);
  const absl::Status listening = state->Listen(*addresses, options.reflection.value_or(local));
  if (!listening.ok()) return listening;
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

const std::vector<std::string>& Server::addresses() const { return state_->addresses; }

void Server::Drain(absl::Duration patience) {
  if (state_->server == nullptr) return;
  state_->server->GetHealthCheckService()->SetServingStatus(false);
  state_->server->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(patience));
  state_->server->Wait();
  state_->executor.Shutdown();
  state_->server.reset();
}

}  // namespace annals::service

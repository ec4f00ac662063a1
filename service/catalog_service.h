// annals.v1.CatalogService: feeds, regions, actors, and what words may mean.
#pragma once

#include "absl/status/status.h"
#include "annals/v1/catalog_service.grpc.pb.h"
#include "service/backend.h"
#include "service/call.h"

namespace annals::service {

// The generated service with every method taking raw bytes (service/message_parser.h says why).
using RawCatalogWrites = annals::v1::CatalogService::WithRawCallbackMethod_CreateFeed<
    annals::v1::CatalogService::WithRawCallbackMethod_UpdateFeed<
        annals::v1::CatalogService::WithRawCallbackMethod_DeleteFeed<
            annals::v1::CatalogService::WithRawCallbackMethod_CreateActor<
                annals::v1::CatalogService::Service>>>>;
using RawCatalogService = annals::v1::CatalogService::WithRawCallbackMethod_ListFeeds<
    annals::v1::CatalogService::WithRawCallbackMethod_GetFeed<
        annals::v1::CatalogService::WithRawCallbackMethod_ListRegions<
            annals::v1::CatalogService::WithRawCallbackMethod_GetRegion<
                annals::v1::CatalogService::WithRawCallbackMethod_ListActors<
                    annals::v1::CatalogService::WithRawCallbackMethod_GetActor<
                        annals::v1::CatalogService::WithRawCallbackMethod_ResolveNames<
                            RawCatalogWrites>>>>>>>;

inline constexpr int kCandidatesDefault = 10;
inline constexpr int kCandidatesMax = 100;

class CatalogService final : public RawCatalogService {
 public:
  explicit CatalogService(const Backend& backend) : backend_(backend) {}

  using Reactor = grpc::ServerUnaryReactor;
  using Context = grpc::CallbackServerContext;
  using Bytes = grpc::ByteBuffer;

  Reactor* ListFeeds(Context* context, const Bytes* request, Bytes* response) override;
  Reactor* GetFeed(Context* context, const Bytes* request, Bytes* response) override;
  Reactor* CreateFeed(Context* context, const Bytes* request, Bytes* response) override;
  Reactor* UpdateFeed(Context* context, const Bytes* request, Bytes* response) override;
  Reactor* DeleteFeed(Context* context, const Bytes* request, Bytes* response) override;
  Reactor* ListRegions(Context* context, const Bytes* request, Bytes* response) override;
  Reactor* GetRegion(Context* context, const Bytes* request, Bytes* response) override;
  Reactor* ListActors(Context* context, const Bytes* request, Bytes* response) override;
  Reactor* GetActor(Context* context, const Bytes* request, Bytes* response) override;
  Reactor* CreateActor(Context* context, const Bytes* request, Bytes* response) override;
  Reactor* ResolveNames(Context* context, const Bytes* request, Bytes* response) override;

 private:
  absl::Status FeedsPage(const Call& call, const annals::v1::ListFeedsRequest& request,
                         annals::v1::ListFeedsResponse* response) const;
  absl::Status Feed(const Call& call, const annals::v1::GetFeedRequest& request,
                    annals::v1::GetFeedResponse* response) const;
  absl::Status NewFeed(const Call& call, const annals::v1::CreateFeedRequest& request,
                       annals::v1::CreateFeedResponse* response) const;
  absl::Status ChangedFeed(const Call& call, const annals::v1::UpdateFeedRequest& request,
                           annals::v1::UpdateFeedResponse* response) const;
  absl::Status FeedDeleted(const Call& call, const annals::v1::DeleteFeedRequest& request,
                           annals::v1::DeleteFeedResponse* response) const;
  absl::Status RegionsPage(const Call& call, const annals::v1::ListRegionsRequest& request,
                           annals::v1::ListRegionsResponse* response) const;
  absl::Status Region(const Call& call, const annals::v1::GetRegionRequest& request,
                      annals::v1::GetRegionResponse* response) const;
  absl::Status ActorsPage(const Call& call, const annals::v1::ListActorsRequest& request,
                          annals::v1::ListActorsResponse* response) const;
  absl::Status Actor(const Call& call, const annals::v1::GetActorRequest& request,
                     annals::v1::GetActorResponse* response) const;
  absl::Status NewActor(const Call& call, const annals::v1::CreateActorRequest& request,
                        annals::v1::CreateActorResponse* response) const;
  absl::Status Candidates(const Call& call, const annals::v1::ResolveNamesRequest& request,
                          annals::v1::ResolveNamesResponse* response) const;

  // PERMISSION_DENIED (FEED_NOT_YOURS) where the caller sees the feed but may not change it.
  absl::Status CheckMayEdit(const Call& call, const storage::CallContext& context,
                            const std::string& feed) const;

  const Backend& backend_;
};

}  // namespace annals::service

#include "service/catalog_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "service/read_request.h"
#include "service/region_messages.h"
#include "service/validate/catalog_validator.h"
#include "service/validate/details_checker.h"
#include "storage/error.h"
#include "storage/event_name.h"

namespace annals::service {
namespace {

constexpr int kResolveTextMax = 300;

absl::StatusOr<std::string> TakeId(std::string_view collection, const std::string& name) {
  FieldChecker check;
  if (name.empty()) check.Fail("name", "REQUIRED", "must be given");
  auto id = storage::ParseCatalogName(collection, name);
  if (!id.ok()) check.Fail("name", id.status());
  if (!check.ok()) return check.status();
  return id;
}

absl::Status UnknownRegion(std::string_view field, const std::string& name) {
  return storage::InvalidField(field, "UNKNOWN_REGION", fmt::format("there is no {}", name));
}

// The regions that a list is about, by code.
absl::StatusOr<std::vector<const storage::Region*>> RegionsBelow(
    const storage::Gazetteer& gazetteer, const std::string& parent) {
  std::vector<const storage::Region*> regions;
  if (parent.empty()) {
    for (const storage::Region& region : gazetteer.regions()) regions.push_back(&region);
    return regions;
  }
  const auto code = storage::ParseRegionName(parent);
  if (!code.ok()) {
    FieldChecker check;
    check.Fail("parent", code.status());
    return check.status();
  }
  if (gazetteer.Find(*code) == nullptr) return UnknownRegion("parent", parent);
  for (const std::string& below : gazetteer.WithDescendants(*code)) {
    if (below != *code) regions.push_back(gazetteer.Find(below));
  }
  return regions;
}

// The page of `items`, sorted by `key`, that follows the token's; moves the token behind it. `add`
// answers an item. Whether more follow.
template <typename Item, typename Key, typename Add>
bool TakePage(const std::vector<Item>& items, int page_size, Key key, Add add, PageToken* token) {
  auto item = std::ranges::upper_bound(items, token->after, {}, key);
  for (int i = 0; i < page_size && item != items.end(); ++i, ++item) {
    add(*item);
    token->after = key(*item);
  }
  return item != items.end();
}

void FillCandidates(const storage::NameResolver& resolver, const std::string& text, int limit,
                    annals::v1::ResolveNamesResponse* response) {
  for (storage::ResolvedName& found : resolver.Resolve(text, static_cast<std::size_t>(limit))) {
    auto* candidate = response->add_candidates();
    candidate->set_name(std::move(found.name));
    candidate->set_title(std::move(found.title));
    candidate->set_matched_text(std::move(found.matched_text));
    candidate->set_score(found.score);
  }
}

}  // namespace

absl::Status CatalogService::FeedsPage(const Call& call,
                                       const annals::v1::ListFeedsRequest& request,
                                       annals::v1::ListFeedsResponse* response) const {
  const auto page_size = TakePageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();
  auto token = TakePageToken(backend_, call, request, PageKind::kListFeeds);
  if (!token.ok()) return token.status();
  auto feeds = backend_.catalog->ListFeeds(call.StoreContext(), token->after, *page_size + 1);
  if (!feeds.ok()) return feeds.status();
  const bool more = std::ssize(*feeds) > *page_size;
  if (more) feeds->pop_back();
  for (annals::v1::Feed& feed : *feeds) *response->add_feeds() = std::move(feed);
  if (!more) return absl::OkStatus();
  const auto last = storage::ParseCatalogName("feeds", response->feeds().rbegin()->name());
  if (!last.ok()) return absl::InternalError(std::string(last.status().message()));
  token->after = *last;
  response->set_next_page_token(backend_.tokens->SealPage(*token));
  return absl::OkStatus();
}

absl::Status CatalogService::Feed(const Call& call, const annals::v1::GetFeedRequest& request,
                                  annals::v1::GetFeedResponse* response) const {
  const auto id = TakeId("feeds", request.name());
  if (!id.ok()) return id.status();
  auto feed = backend_.catalog->GetFeed(call.StoreContext(), *id);
  if (!feed.ok()) return feed.status();
  *response->mutable_feed() = *std::move(feed);
  return absl::OkStatus();
}

absl::Status CatalogService::NewFeed(const Call& call, const annals::v1::CreateFeedRequest& request,
                                     annals::v1::CreateFeedResponse* response) const {
  const absl::Status valid = ValidateFeed(request.feed());
  if (!valid.ok()) return valid;
  auto feed = backend_.catalog->CreateFeed(call.StoreContext(), request.feed());
  if (!feed.ok()) return feed.status();
  *response->mutable_feed() = *std::move(feed);
  return absl::OkStatus();
}

absl::Status CatalogService::CheckMayEdit(const Call& call, const storage::CallContext& context,
                                          const std::string& feed) const {
  const auto id = storage::ParseCatalogName("feeds", feed);
  if (!id.ok() || call.principal().MayEdit(*id)) return id.status();
  const auto catalog = backend_.catalog_cache->Get(context);
  if (!catalog.ok()) return catalog.status();
  // The store is not asked: it knows what a caller may see, not what it may change, and a feed may
  // be shown meanwhile.
  return (*catalog)->HasFeed(*id, context.visibility)
             ? FeedNotYours(call.principal(), *id, "feed.name")
             : storage::Error(absl::StatusCode::kNotFound, "FEED_NOT_FOUND",
                              fmt::format("there is no feed {}", feed), "feed.name");
}

absl::Status CatalogService::ChangedFeed(const Call& call,
                                         const annals::v1::UpdateFeedRequest& request,
                                         annals::v1::UpdateFeedResponse* response) const {
  const absl::Status valid = ValidateFeed(request.feed());
  if (!valid.ok()) return valid;
  const storage::CallContext context = call.StoreContext();
  const absl::Status allowed = CheckMayEdit(call, context, request.feed().name());
  if (!allowed.ok()) return allowed;
  auto feed = backend_.catalog->UpdateFeed(context, request.feed());
  if (!feed.ok()) return feed.status();
  *response->mutable_feed() = *std::move(feed);
  return absl::OkStatus();
}

absl::Status CatalogService::FeedDeleted(const Call& call,
                                         const annals::v1::DeleteFeedRequest& request,
                                         annals::v1::DeleteFeedResponse* response) const {
  const auto id = TakeId("feeds", request.name());
  if (!id.ok()) return id.status();
  FieldChecker check;
  check.RequiredText("reason", request.reason(), kNoteCharactersMax);
  if (!check.ok()) return check.status();
  const auto receipt = backend_.events->DeleteFeed(call.StoreContext(), *id, request.reason(),
                                                   request.purge(), request.validate_only());
  if (!receipt.ok()) return receipt.status();
  response->set_event_count(receipt->event_count);
  response->set_revision_count(receipt->revision_count);
  response->set_position(backend_.tokens->SealPosition(receipt->position));
  return absl::OkStatus();
}

absl::Status CatalogService::RegionsPage(const Call& call,
                                         const annals::v1::ListRegionsRequest& request,
                                         annals::v1::ListRegionsResponse* response) const {
  const auto page_size = TakePageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();
  auto token = TakePageToken(backend_, call, request, PageKind::kListRegions);
  if (!token.ok()) return token.status();
  const auto regions = RegionsBelow(*backend_.gazetteer, request.parent());
  if (!regions.ok()) return regions.status();
  const bool more = TakePage(
      *regions, *page_size, [](const storage::Region* region) { return region->code; },
      [&](const storage::Region* region) { *response->add_regions() = ToMessage(*region); },
      &*token);
  if (more) response->set_next_page_token(backend_.tokens->SealPage(*token));
  return absl::OkStatus();
}

absl::Status CatalogService::Region(const Call&, const annals::v1::GetRegionRequest& request,
                                    annals::v1::GetRegionResponse* response) const {
  FieldChecker check;
  if (request.name().empty()) check.Fail("name", "REQUIRED", "must be given");
  const auto code = storage::ParseRegionName(request.name());
  if (!code.ok()) check.Fail("name", code.status());
  if (!check.ok()) return check.status();
  const storage::Region* region = backend_.gazetteer->Find(*code);
  if (region == nullptr) {
    return storage::Error(absl::StatusCode::kNotFound, "REGION_NOT_FOUND",
                          fmt::format("there is no {}", request.name()), "name");
  }
  *response->mutable_region() = ToMessage(*region);
  if (request.include_geometry()) {
    response->mutable_region()->set_geojson(ToGeoJson(*backend_.gazetteer, *region));
  }
  return absl::OkStatus();
}

absl::Status CatalogService::ActorsPage(const Call& call,
                                        const annals::v1::ListActorsRequest& request,
                                        annals::v1::ListActorsResponse* response) const {
  const auto page_size = TakePageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();
  auto token = TakePageToken(backend_, call, request, PageKind::kListActors);
  if (!token.ok()) return token.status();
  const auto catalog = backend_.catalog_cache->Get(call.StoreContext());
  if (!catalog.ok()) return catalog.status();
  const bool more =
      TakePage((*catalog)->actors(), *page_size,
               [](const annals::v1::Actor& actor) { return ActorId(actor); },
               [&](const annals::v1::Actor& actor) { *response->add_actors() = actor; }, &*token);
  if (more) response->set_next_page_token(backend_.tokens->SealPage(*token));
  return absl::OkStatus();
}

absl::Status CatalogService::Actor(const Call& call, const annals::v1::GetActorRequest& request,
                                   annals::v1::GetActorResponse* response) const {
  const auto id = TakeId("actors", request.name());
  if (!id.ok()) return id.status();
  const auto catalog = backend_.catalog_cache->Get(call.StoreContext());
  if (!catalog.ok()) return catalog.status();
  const annals::v1::Actor* actor = (*catalog)->FindActor(*id);
  if (actor == nullptr) {
    return storage::Error(absl::StatusCode::kNotFound, "ACTOR_NOT_FOUND",
                          fmt::format("there is no {}", request.name()), "name");
  }
  *response->mutable_actor() = *actor;
  return absl::OkStatus();
}

absl::Status CatalogService::NewActor(const Call& call,
                                      const annals::v1::CreateActorRequest& request,
                                      annals::v1::CreateActorResponse* response) const {
  const storage::CallContext context = call.StoreContext();
  const auto catalog = backend_.catalog_cache->Get(context);
  if (!catalog.ok()) return catalog.status();
  const absl::Status valid =
      ValidateActor(request.actor(), *backend_.gazetteer, {**catalog, context.visibility});
  if (!valid.ok()) return valid;
  auto actor = backend_.catalog->CreateActor(context, request.actor());
  if (!actor.ok()) return actor.status();
  *response->mutable_actor() = *std::move(actor);
  return absl::OkStatus();
}

absl::Status CatalogService::Candidates(const Call& call,
                                        const annals::v1::ResolveNamesRequest& request,
                                        annals::v1::ResolveNamesResponse* response) const {
  FieldChecker check;
  check.RequiredText("text", request.text(), kResolveTextMax);
  check.Value("target", request.target(), true);
  if (request.candidates_max() < 0) {
    check.Fail("candidates_max", "NEGATIVE_COUNT", "must not be negative");
  }
  if (!check.ok()) return check.status();
  const int wanted = request.candidates_max() == 0 ? kCandidatesDefault : request.candidates_max();
  const int limit = std::min(wanted, kCandidatesMax);
  if (request.target() == annals::v1::RESOLVE_TARGET_REGION) {
    FillCandidates(*backend_.region_resolver, request.text(), limit, response);
    return absl::OkStatus();
  }
  const auto catalog = backend_.catalog_cache->Get(call.StoreContext());
  if (!catalog.ok()) return catalog.status();
  FillCandidates((*catalog)->actor_resolver(), request.text(), limit, response);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* CatalogService::ListFeeds(Context* context, const Bytes* request,
                                                    Bytes* response) {
  return RunUnary(backend_, "annals.v1.CatalogService/ListFeeds", context, request, response, this,
                  &CatalogService::FeedsPage);
}

grpc::ServerUnaryReactor* CatalogService::GetFeed(Context* context, const Bytes* request,
                                                  Bytes* response) {
  return RunUnary(backend_, "annals.v1.CatalogService/GetFeed", context, request, response, this,
                  &CatalogService::Feed);
}

grpc::ServerUnaryReactor* CatalogService::CreateFeed(Context* context, const Bytes* request,
                                                     Bytes* response) {
  return RunUnary(backend_, "annals.v1.CatalogService/CreateFeed", context, request, response, this,
                  &CatalogService::NewFeed);
}

grpc::ServerUnaryReactor* CatalogService::UpdateFeed(Context* context, const Bytes* request,
                                                     Bytes* response) {
  return RunUnary(backend_, "annals.v1.CatalogService/UpdateFeed", context, request, response, this,
                  &CatalogService::ChangedFeed);
}

grpc::ServerUnaryReactor* CatalogService::DeleteFeed(Context* context, const Bytes* request,
                                                     Bytes* response) {
  return RunUnary(backend_, "annals.v1.CatalogService/DeleteFeed", context, request, response, this,
                  &CatalogService::FeedDeleted);
}

grpc::ServerUnaryReactor* CatalogService::ListRegions(Context* context, const Bytes* request,
                                                      Bytes* response) {
  return RunUnary(backend_, "annals.v1.CatalogService/ListRegions", context, request, response,
                  this, &CatalogService::RegionsPage);
}

grpc::ServerUnaryReactor* CatalogService::GetRegion(Context* context, const Bytes* request,
                                                    Bytes* response) {
  return RunUnary(backend_, "annals.v1.CatalogService/GetRegion", context, request, response, this,
                  &CatalogService::Region);
}

grpc::ServerUnaryReactor* CatalogService::ListActors(Context* context, const Bytes* request,
                                                     Bytes* response) {
  return RunUnary(backend_, "annals.v1.CatalogService/ListActors", context, request, response, this,
                  &CatalogService::ActorsPage);
}

grpc::ServerUnaryReactor* CatalogService::GetActor(Context* context, const Bytes* request,
                                                   Bytes* response) {
  return RunUnary(backend_, "annals.v1.CatalogService/GetActor", context, request, response, this,
                  &CatalogService::Actor);
}

grpc::ServerUnaryReactor* CatalogService::CreateActor(Context* context, const Bytes* request,
                                                      Bytes* response) {
  return RunUnary(backend_, "annals.v1.CatalogService/CreateActor", context, request, response,
                  this, &CatalogService::NewActor);
}

grpc::ServerUnaryReactor* CatalogService::ResolveNames(Context* context, const Bytes* request,
                                                       Bytes* response) {
  return RunUnary(backend_, "annals.v1.CatalogService/ResolveNames", context, request, response,
                  this, &CatalogService::Candidates);
}

}  // namespace annals::service

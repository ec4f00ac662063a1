#include "service/auth/policy.h"

#include <algorithm>
#include <set>
#include <string>

#include "fmt/format.h"
#include "google/protobuf/descriptor.h"
#include "storage/error.h"

namespace annals::service {
namespace {

using annals::v1::ROLE_ADMIN;
using annals::v1::ROLE_CONTRIBUTOR;
using annals::v1::ROLE_EDITOR;
using annals::v1::ROLE_READER;

struct Rule {
  std::string_view method;
  annals::v1::Role role;
};

constexpr Rule kRules[] = {
    {"annals.v1.EventService/GetEvent", ROLE_READER},
    {"annals.v1.EventService/BatchGetEvents", ROLE_READER},
    {"annals.v1.EventService/ListEvents", ROLE_READER},
    {"annals.v1.EventService/ExportEvents", ROLE_READER},
    {"annals.v1.EventService/SummarizeEvents", ROLE_READER},
    // Who made each revision is answered to editors of the feed alone.
    {"annals.v1.EventService/ListEventRevisions", ROLE_READER},
    {"annals.v1.EventService/ListDuplicateCandidates", ROLE_READER},
    // In feeds of the caller's.
    {"annals.v1.IngestService/IngestEvents", ROLE_CONTRIBUTOR},
    {"annals.v1.IngestService/BatchUpsertEvents", ROLE_CONTRIBUTOR},
    {"annals.v1.IngestService/RetractEvent", ROLE_CONTRIBUTOR},
    {"annals.v1.IngestService/AdvanceExchangeOffer", ROLE_CONTRIBUTOR},
    // The sources' feeds are the caller's; the target is one that the caller sees.
    {"annals.v1.IngestService/MergeEvents", ROLE_CONTRIBUTOR},
    {"annals.v1.IngestService/UnmergeEvents", ROLE_CONTRIBUTOR},
    // What cannot be undone.
    {"annals.v1.IngestService/RedactEvent", ROLE_ADMIN},
    {"annals.v1.CatalogService/DeleteFeed", ROLE_ADMIN},
    {"annals.v1.CatalogService/ListFeeds", ROLE_READER},
    {"annals.v1.CatalogService/GetFeed", ROLE_READER},
    // That a feed exists is told by refusing another of its name: to those who see all.
    {"annals.v1.CatalogService/CreateFeed", ROLE_ADMIN},
    // Feeds of the caller's; who may see them, administrators alone.
    {"annals.v1.CatalogService/UpdateFeed", ROLE_EDITOR},
    {"annals.v1.CatalogService/ListRegions", ROLE_READER},
    {"annals.v1.CatalogService/GetRegion", ROLE_READER},
    {"annals.v1.CatalogService/ListActors", ROLE_READER},
    {"annals.v1.CatalogService/GetActor", ROLE_READER},
    {"annals.v1.CatalogService/CreateActor", ROLE_EDITOR},
    {"annals.v1.CatalogService/ResolveNames", ROLE_READER},
    {"annals.v1.StatusService/GetStatus", ROLE_READER},
};

absl::Status Incomplete(std::string_view what) {
  return storage::Error(absl::StatusCode::kInternal, "POLICY_INCOMPLETE",
                        fmt::format("service/auth/policy.cc: {}", what));
}

}  // namespace

std::optional<annals::v1::Role> RoleNeeded(std::string_view method) {
  const auto rule = std::ranges::find(kRules, method, &Rule::method);
  return rule == std::ranges::end(kRules) ? std::nullopt : std::optional(rule->role);
}

absl::Status CheckPolicy(std::span<const std::string_view> services) {
  std::set<std::string, std::less<>> methods;
  for (const std::string_view name : services) {
    const auto* service =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(std::string(name));
    if (service == nullptr) return Incomplete(fmt::format("there is no service {}", name));
    for (int i = 0; i < service->method_count(); ++i) {
      methods.insert(fmt::format("{}/{}", name, service->method(i)->name()));
    }
  }
  for (const std::string& method : methods) {
    if (!RoleNeeded(method)) return Incomplete(fmt::format("{} has no entry", method));
  }
  for (const Rule& rule : kRules) {
    if (!methods.contains(rule.method)) {
      return Incomplete(fmt::format("there is no method {}", rule.method));
    }
  }
  return absl::OkStatus();
}

}  // namespace annals::service

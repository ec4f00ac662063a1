#include "service/redistribution.h"

#include <algorithm>

#include "fmt/format.h"
#include "storage/error.h"

namespace annals::service {
namespace {

constexpr std::size_t kNamedFeedsMax = 20;

std::string Listed(const std::vector<std::string>& feeds) {
  std::string text;
  for (std::size_t i = 0; i < std::min(feeds.size(), kNamedFeedsMax); ++i) {
    text += fmt::format("{}feeds/{}", i == 0 ? "" : ", ", feeds[i]);
  }
  if (feeds.size() > kNamedFeedsMax) {
    text += fmt::format(" and {} more", feeds.size() - kNamedFeedsMax);
  }
  return text;
}

}  // namespace

absl::Status CheckRedistribution(const Backend& backend, const Call& call,
                                 const storage::CallContext& context,
                                 const std::vector<std::string>& feeds) {
  const auto catalog = backend.catalog_cache->Get(context);
  if (!catalog.ok()) return catalog.status();
  std::vector<std::string> forbidden, others;
  for (const std::string& feed : (*catalog)->FeedsFor(context.visibility)) {
    if (!feeds.empty() && std::ranges::find(feeds, feed) == feeds.end()) continue;
    const bool refused =
        (*catalog)->ForbidsRedistribution(feed) && !call.principal().MayWrite(feed);
    (refused ? forbidden : others).push_back(feed);
  }
  if (forbidden.empty()) return absl::OkStatus();
  return storage::Error(
      absl::StatusCode::kFailedPrecondition, "REDISTRIBUTION_FORBIDDEN",
      fmt::format("redistribution is forbidden by {}; {}", Listed(forbidden),
                  others.empty() ? std::string("ask for other feeds")
                                 : fmt::format("ask for the feeds {}", Listed(others))),
      "filter.feeds");
}

}  // namespace annals::service

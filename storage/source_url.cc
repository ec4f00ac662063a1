#include "storage/source_url.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "storage/event_name.h"

namespace annals::storage {
namespace {

constexpr std::array<std::string_view, 6> kTracking = {"fbclid", "gclid",  "yclid",
                                                       "mc_cid", "mc_eid", "igshid"};

bool IsTracking(std::string_view parameter) {
  const std::string_view name = parameter.substr(0, parameter.find('='));
  return name.empty() || name.starts_with("utm_") ||
         std::ranges::find(kTracking, name) != kTracking.end();
}

std::string NormalizeHost(std::string_view authority) {
  std::string host(authority.substr(authority.rfind('@') + 1));  // npos + 1 is 0
  absl::AsciiStrToLower(&host);
  for (const std::string_view port : {":80", ":443"}) {
    if (host.ends_with(port)) host.resize(host.size() - port.size());
  }
  return host.starts_with("www.") ? host.substr(4) : host;
}

}  // namespace

std::string NormalizeUrl(std::string_view url) {
  url = url.substr(0, url.find('#'));
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
  }
  const std::size_t question = std::min(url.find('?'), url.size());
  std::string_view address = url.substr(0, question);
  const std::string query(url.substr(std::min(question + 1, url.size())));
  while (address.ends_with('/')) address.remove_suffix(1);
  const std::size_t slash = std::min(address.find('/'), address.size());
  std::string normal = NormalizeHost(address.substr(0, slash));
  normal += address.substr(slash);
  std::vector<std::string> parameters = absl::StrSplit(query, '&', absl::SkipEmpty());
  std::erase_if(parameters, IsTracking);
  std::ranges::sort(parameters);
  if (!parameters.empty()) normal.append("?").append(absl::StrJoin(parameters, "&"));
  return normal;
}

std::int64_t SourceKey(std::string_view url) { return UrlKey(NormalizeUrl(url)); }

std::vector<std::int64_t> SourceKeysOf(const annals::v1::Event& event) {
  std::vector<std::int64_t> keys;
  const auto add = [&](const std::string& url) {
    if (!url.empty()) keys.push_back(SourceKey(url));
  };
  for (const auto& claim : event.claims()) {
    add(claim.url());
    add(claim.archived_url());
  }
  for (const auto& step : event.exchange_offer().steps()) add(step.url());
  std::ranges::sort(keys);
  const auto repeated = std::ranges::unique(keys);
  keys.erase(repeated.begin(), repeated.end());
  return keys;
}

}  // namespace annals::storage

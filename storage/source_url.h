// The addresses that events were reported at, made comparable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "annals/v1/events.pb.h"

namespace annals::storage {

// An http or https URL without what does not tell one page from another: scheme, `www.`, port 80
// or 443, user, fragment, tracking parameters (`utm_...`, `fbclid`, `gclid`, `yclid`, `mc_cid`,
// `mc_eid`, `igshid`) and slashes at the end; host in lower case, parameters sorted.
// "HTTP://www.Example.org:80/a/?utm_source=x&b=2&a=1#top" -> "example.org/a?a=1&b=2".
[[nodiscard]] std::string NormalizeUrl(std::string_view url);

// The number by which a URL is found: UrlKey of NormalizeUrl(url).
[[nodiscard]] std::int64_t SourceKey(std::string_view url);

// Of the URLs and archived URLs of the event's claims, and of the steps of an offer; ascending,
// each once.
[[nodiscard]] std::vector<std::int64_t> SourceKeysOf(const annals::v1::Event& event);

}  // namespace annals::storage

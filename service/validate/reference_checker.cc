#include "service/validate/reference_checker.h"

#include "fmt/format.h"
#include "storage/event_name.h"

namespace annals::service {

void ReferenceChecker::Feed(std::string_view field, std::string_view name) {
  if (name.empty()) return Fail(field, "REQUIRED", "must be given");
  const auto feed = storage::ParseCatalogName("feeds", name);
  if (!feed.ok()) return Fail(field, feed.status());
  if (!catalog_.HasFeed(*feed)) Fail(field, "UNKNOWN_FEED", fmt::format("there is no {}", name));
}

void ReferenceChecker::Actor(std::string_view field, std::string_view name) {
  if (name.empty()) return;
  const auto actor = storage::ParseCatalogName("actors", name);
  if (!actor.ok()) return Fail(field, actor.status());
  if (catalog_.catalog.FindActor(*actor) == nullptr) {
    Fail(field, "UNKNOWN_ACTOR", fmt::format("there is no {}", name));
  }
}

void ReferenceChecker::Region(std::string_view field, std::string_view name) {
  if (name.empty()) return;
  const auto code = storage::ParseRegionName(name);
  if (!code.ok()) return Fail(field, code.status());
  if (gazetteer_.Find(*code) == nullptr) {
    Fail(field, "UNKNOWN_REGION", fmt::format("there is no {}", name));
  }
}

void ReferenceChecker::EventReference(std::string_view field, std::string_view name) {
  if (name.empty()) return Fail(field, "REQUIRED", "must be given");
  const auto parsed = storage::ParseEventName(name);
  if (!parsed.ok()) Fail(field, parsed.status());
}

}  // namespace annals::service

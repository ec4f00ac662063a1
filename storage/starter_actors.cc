#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "storage/catalog_store.h"
#include "storage/embedded_file.h"
#include "storage/event_name.h"

namespace annals::storage {

std::span<const EmbeddedFile> CatalogFiles();

namespace {

using annals::v1::Actor;

// The embedded file is ours: this finds what a careless edit of it breaks.
std::string FaultOf(const Actor& actor) {
  if (!ParseCatalogName("actors", actor.name()).ok()) return "bad name";
  if (actor.title().empty()) return "no title";
  if (!annals::v1::ActorKind_IsValid(actor.kind()) ||
      actor.kind() == annals::v1::ACTOR_KIND_UNSPECIFIED) {
    return "no kind";
  }
  return {};
}

absl::StatusOr<std::vector<Actor>> ParseActors(std::string_view ndjson) {
  std::vector<Actor> actors;
  std::unordered_set<std::string> names;
  for (std::size_t number = 1; !ndjson.empty(); ++number) {
    const std::size_t end = std::min(ndjson.find('\n'), ndjson.size());
    const std::string_view line = ndjson.substr(0, end);
    ndjson.remove_prefix(std::min(end + 1, ndjson.size()));
    Actor& actor = actors.emplace_back();
    const auto parsed = google::protobuf::util::JsonStringToMessage(
        google::protobuf::StringPiece(line.data(), line.size()), &actor);
    std::string fault = parsed.ok() ? FaultOf(actor) : parsed.ToString();
    if (fault.empty() && !names.insert(actor.name()).second) fault = "a name twice";
    if (!fault.empty()) return absl::DataLossError(fmt::format("line {}: {}", number, fault));
  }
  for (const Actor& actor : actors) {
    for (const annals::v1::ActorParent& parent : actor.parents()) {
      if (!names.contains(parent.parent())) {
        return absl::DataLossError(
            fmt::format("{} has the parent {}, which is not there", actor.name(), parent.parent()));
      }
    }
  }
  return actors;
}

}  // namespace

std::vector<Actor> StarterActors() {
  auto actors = ParseActors(CatalogFiles().front().contents);
  if (!actors.ok()) {
    std::fputs(
        fmt::format("the compiled-in actors are damaged: {}\n", actors.status().ToString()).c_str(),
        stderr);
    std::abort();
  }
  return *std::move(actors);
}

}  // namespace annals::storage

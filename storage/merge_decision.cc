#include "storage/merge_decision.h"

#include <set>
#include <string>

#include "fmt/format.h"
#include "storage/error.h"

namespace annals::storage {
namespace {

std::string Element(std::string_view field, std::size_t index) {
  return fmt::format("{}[{}]", field, index);
}

absl::Status NotActive(const annals::v1::Event& event, std::string_view field) {
  return Error(absl::StatusCode::kFailedPrecondition, "NOT_ACTIVE",
               event.state() == annals::v1::EVENT_STATE_MERGED
                   ? fmt::format("{} is merged into another event", event.name())
                   : fmt::format("{} is retracted", event.name()),
               field);
}

}  // namespace

absl::Status CheckMergeNames(const std::vector<EventName>& names, std::string_view field) {
  if (names.empty() || names.size() > kMergedEventsMax) {
    return InvalidField(
        field, names.empty() ? "REQUIRED" : "TOO_MANY_VALUES",
        fmt::format("has {} names, 1 to {} are taken", names.size(), kMergedEventsMax));
  }
  std::set<std::string> known;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!known.insert(names[i].ToString()).second) {
      return InvalidField(Element(field, i), "DUPLICATE_NAME", "is named twice");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckMergeOrder(const MergeOrder& order) {
  auto names = CheckMergeNames(order.sources, "sources");
  if (!names.ok()) return names;
  for (const EventName& source : order.sources) {
    if (source == order.target) {
      return InvalidField("target", "TARGET_AMONG_SOURCES", "is one of the sources");
    }
  }
  if (!order.etags.empty() && order.etags.size() != order.sources.size()) {
    return InvalidField(
        "etags", "COUNT_MISMATCH",
        fmt::format("has {} etags for {} sources", order.etags.size(), order.sources.size()));
  }
  return absl::OkStatus();
}

absl::Status CheckMergeTarget(const annals::v1::Event& target) {
  return target.state() == annals::v1::EVENT_STATE_ACTIVE ? absl::OkStatus()
                                                          : NotActive(target, "target");
}

absl::StatusOr<bool> DecideMerge(const MergeOrder& order, std::size_t index,
                                 const annals::v1::Event& source) {
  if (!order.etags.empty() && !order.etags[index].empty() && order.etags[index] != source.etag()) {
    return Error(absl::StatusCode::kAborted, "ETAG_MISMATCH",
                 fmt::format("{} has changed since", source.name()), Element("etags", index));
  }
  if (source.state() == annals::v1::EVENT_STATE_ACTIVE) return true;
  if (source.merged_into() == order.target.ToString()) return false;
  return NotActive(source, Element("sources", index));
}

absl::Status CheckUnmerge(std::size_t index, const annals::v1::Event& event) {
  if (event.state() != annals::v1::EVENT_STATE_MERGED) {
    return Error(absl::StatusCode::kFailedPrecondition, "NOT_MERGED",
                 fmt::format("{} is not merged", event.name()), Element("names", index));
  }
  if (!event.redacted()) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "REDACTED",
               fmt::format("{} was redacted", event.name()), Element("names", index));
}

absl::Status CheckRetraction(const annals::v1::Event& event) {
  if (event.state() != annals::v1::EVENT_STATE_MERGED) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "MERGED",
               fmt::format("{} is merged into {}: unmerge it first", event.name(),
                           event.merged_into().empty() ? "another event" : event.merged_into()),
               "name");
}

}  // namespace annals::storage

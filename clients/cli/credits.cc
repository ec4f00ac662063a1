#include "clients/cli/credits.h"

#include <fmt/format.h>

#include <set>

namespace annals::cli {
namespace {

constexpr std::size_t kToldFeedsMax = 20;
constexpr std::size_t kSummedFeedsMax = 5;

// "feeds/F" of "feeds/F/events/E".
std::string FeedOf(const std::string& event) { return event.substr(0, event.find("/events/")); }

}  // namespace

const v1::Feed& Credits::Find(const std::string& name, const std::string& licence) {
  const auto [found, is_new] = feeds_.try_emplace(name);
  if (!is_new) return found->second;
  v1::Feed& credit = found->second;
  credit.set_name(name);
  credit.set_licence(licence);
  const absl::StatusOr<v1::Feed> feed = session_.Record().GetFeed(name);
  if (!feed.ok()) return credit;
  credit.set_title(feed->title());
  credit.set_licence(feed->licence());
  credit.set_attribution(feed->attribution());
  return credit;
}

const v1::Feed& Credits::Of(const v1::Event& event) {
  return Find(FeedOf(event.name()), event.licence());
}

void Credits::Tell() const {
  std::size_t told = 0;
  for (const auto& [name, feed] : feeds_) {
    if (feed.licence().empty() && feed.attribution().empty()) continue;
    if (++told > kToldFeedsMax) continue;
    session_.Note(fmt::format("from {}, licence {}{}{}", name, feed.licence(),
                              feed.attribution().empty() ? "" : ": ", feed.attribution()));
  }
  if (told > kToldFeedsMax) {
    session_.Note(fmt::format("and {} more feeds: `annals feeds list`", told - kToldFeedsMax));
  }
}

void Credits::TellOfSums(const google::protobuf::RepeatedPtrField<v1::SummaryGroup>& groups,
                         int dimension) {
  std::set<std::string> names;
  for (const v1::SummaryGroup& group : groups) {
    if (group.keys_size() > dimension) names.insert(group.keys(dimension));
  }
  std::string text;
  std::size_t told = 0;
  for (const std::string& name : names) {
    if (++told > kSummedFeedsMax) continue;
    text += fmt::format("{}{} ({})", told == 1 ? "from " : ", ", name, Find(name, "").licence());
  }
  if (told > kSummedFeedsMax) text += fmt::format(" and {} more feeds", told - kSummedFeedsMax);
  if (!text.empty()) session_.Note(text);
}

}  // namespace annals::cli

#include "storage/offer_path.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "storage/error.h"

namespace annals::storage {
namespace {

using annals::v1::Event;
using annals::v1::OfferStatus;
using annals::v1::OfferStep;

// All that a client sends of a step, in the order that steps are sorted by.
auto KeyOf(const OfferStep& step) {
  const auto& window = step.occurred();
  return std::tuple(window.start().seconds(), window.start().nanos(), int{step.status()},
                    window.has_end(), window.end().seconds(), window.end().nanos(),
                    int{window.precision()}, std::string_view(step.claimant()),
                    std::string_view(step.url()), std::string_view(step.note()), step.disputed());
}

bool IsSame(const OfferStep& a, const OfferStep& b) { return KeyOf(a) == KeyOf(b); }

bool IsSameButForDisputed(const OfferStep& a, const OfferStep& b) {
  OfferStep as_b = a;
  as_b.set_disputed(b.disputed());
  return IsSame(as_b, b);
}

bool IsAdded(const OfferStep& step) { return step.has_advance_time(); }

bool Ends(OfferStatus status) { return status >= annals::v1::OFFER_STATUS_EXECUTED; }

bool MayRepeat(OfferStatus status) {
  return status == annals::v1::OFFER_STATUS_COUNTERED ||
         status == annals::v1::OFFER_STATUS_SCHEDULED ||
         status == annals::v1::OFFER_STATUS_PARTLY_EXECUTED;
}

// Indexes of two steps, one after the other, that cannot be so.
struct Conflict {
  int before;
  int after;
};

std::optional<Conflict> FindConflict(const OfferSteps& steps) {
  std::vector<int> path(static_cast<std::size_t>(steps.size()));
  std::iota(path.begin(), path.end(), 0);
  std::erase_if(path, [&](int i) { return steps[i].disputed(); });
  std::ranges::stable_sort(path, {}, [&](int i) { return KeyOf(steps[i]); });
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (!MayFollow(steps[path[i - 1]].status(), steps[path[i]].status())) {
      return Conflict{path[i - 1], path[i]};
    }
  }
  return std::nullopt;
}

// "OFFER_STATUS_AGREED of 2025-01-12T00:00:00Z (added here)".
std::string StepText(const OfferStep& step) {
  return fmt::format("{} of {}{}", annals::v1::OfferStatus_Name(step.status()),
                     absl::FormatTime("%Y-%m-%dT%H:%M:%SZ",
                                      absl::FromUnixSeconds(step.occurred().start().seconds()),
                                      absl::UTCTimeZone()),
                     IsAdded(step) ? " (added here)" : "");
}

absl::Status IllegalStep(const OfferSteps& steps, const Conflict& conflict,
                         std::string_view field) {
  return Error(absl::StatusCode::kFailedPrecondition, "ILLEGAL_STEP",
               fmt::format("{}: {} cannot follow {}", field, StepText(steps[conflict.after]),
                           StepText(steps[conflict.before])),
               field);
}

// Of an offer as it would be with a step added, or with those that were.
absl::Status CheckSize(int steps, std::size_t bytes, std::string_view field) {
  if (steps > kOfferStepsMax) {
    return Error(absl::StatusCode::kFailedPrecondition, "TOO_MANY_STEPS",
                 fmt::format("{}: the offer would have {} steps, at most {} are kept", field, steps,
                             kOfferStepsMax),
                 field);
  }
  if (bytes > kOfferBytesMax) {
    return Error(absl::StatusCode::kFailedPrecondition, "EVENT_TOO_LARGE",
                 fmt::format("{}: the event would have {} bytes with its steps, at most {} are "
                             "kept",
                             field, bytes, kOfferBytesMax),
                 field);
  }
  return absl::OkStatus();
}

}  // namespace

void SortSteps(OfferSteps* steps) {
  std::stable_sort(steps->begin(), steps->end(),
                   [](const OfferStep& a, const OfferStep& b) { return KeyOf(a) < KeyOf(b); });
}

bool MayFollow(OfferStatus before, OfferStatus after) {
  if (Ends(before)) return after == annals::v1::OFFER_STATUS_PROPOSED;
  return after > before || (after == before && MayRepeat(after));
}

absl::Status CheckPath(const OfferSteps& steps) {
  const auto conflict = FindConflict(steps);
  if (!conflict) return absl::OkStatus();
  return IllegalStep(steps, *conflict, fmt::format("steps[{}]", conflict->after));
}

OfferStatus StatusOf(const OfferSteps& steps) {
  const OfferStep* last = nullptr;
  for (const OfferStep& step : steps) {
    if (!step.disputed() && (last == nullptr || KeyOf(*last) < KeyOf(step))) last = &step;
  }
  return last == nullptr ? annals::v1::OFFER_STATUS_UNSPECIFIED : last->status();
}

void KeepContent(OfferSteps* steps) {
  const auto kept = std::remove_if(steps->begin(), steps->end(), [](const OfferStep& step) {
    return IsAdded(step) && !step.sent_by_feed();
  });
  steps->erase(kept, steps->end());
  for (OfferStep& step : *steps) {
    step.clear_advance_time();
    step.clear_sent_by_feed();
  }
}

std::vector<OfferStep> AddedSteps(const Event& event) {
  std::vector<OfferStep> added;
  std::ranges::copy_if(event.exchange_offer().steps(), std::back_inserter(added), IsAdded);
  return added;
}

void MergeSteps(std::span<const OfferStep> added, OfferSteps* steps) {
  for (const OfferStep& step : added) {
    const auto twin = std::ranges::find_if(
        *steps, [&](const OfferStep& other) { return !IsAdded(other) && IsSame(other, step); });
    const bool sent = twin != steps->end();
    OfferStep* const place = sent ? &*twin : steps->Add();
    *place = step;
    place->set_sent_by_feed(sent);
  }
  SortSteps(steps);
}

absl::Status CheckWithAdded(std::span<const OfferStep> added, const Event& content) {
  if (!added.empty() && content.kind() != annals::v1::EVENT_KIND_EXCHANGE_OFFER) {
    return Error(absl::StatusCode::kFailedPrecondition, "OFFER_WAS_ADVANCED",
                 fmt::format("kind: the event is an exchange offer with {} steps that were added "
                             "here, and must stay one",
                             added.size()),
                 "kind");
  }
  constexpr std::string_view kSteps = "exchange_offer.steps";
  OfferSteps steps = content.exchange_offer().steps();
  KeepContent(&steps);
  const int sent = steps.size();
  std::size_t bytes = 0;
  for (const OfferStep& step : added) {
    const auto twin = std::find_if(steps.begin(), steps.begin() + sent,
                                   [&](const OfferStep& other) { return IsSame(other, step); });
    if (twin != steps.begin() + sent) continue;
    *steps.Add() = step;
    bytes += step.ByteSizeLong();
  }
  // What the feed sends alone was checked against its limits.
  if (bytes > 0) {
    auto fits = CheckSize(steps.size(), content.ByteSizeLong() + bytes, kSteps);
    if (!fits.ok()) return fits;
  }
  const auto conflict = FindConflict(steps);
  if (!conflict) return absl::OkStatus();
  for (const int index : {conflict->after, conflict->before}) {
    if (index < sent) return IllegalStep(steps, *conflict, fmt::format("{}[{}]", kSteps, index));
  }
  return IllegalStep(steps, *conflict, kSteps);
}

absl::StatusOr<bool> AddStep(const OfferStep& step, Micros time, Event* event) {
  constexpr std::string_view kStep = "step";
  std::vector<OfferStep> added = AddedSteps(*event);
  const auto known = std::ranges::find_if(
      added, [&](const OfferStep& other) { return IsSameButForDisputed(other, step); });
  if (known != added.end() && IsSame(*known, step)) return false;
  OfferStep& place = known == added.end() ? added.emplace_back() : *known;
  place = step;
  *place.mutable_advance_time() = ToTimestamp(time);
  Event advanced = *event;
  OfferSteps& steps = *advanced.mutable_exchange_offer()->mutable_steps();
  KeepContent(&steps);
  MergeSteps(added, &steps);
  if (auto fits = CheckSize(steps.size(), advanced.ByteSizeLong(), kStep); !fits.ok()) return fits;
  if (const auto conflict = FindConflict(steps)) {
    // It was not added yet.
    for (OfferStep& other : steps) {
      if (IsSame(other, step)) other.clear_advance_time();
    }
    return IllegalStep(steps, *conflict, kStep);
  }
  advanced.mutable_exchange_offer()->set_status(StatusOf(steps));
  *event = std::move(advanced);
  return true;
}

}  // namespace annals::storage

#include "storage/failpoint.h"

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"

namespace annals::storage {
namespace {

absl::Status Unreadable(std::string_view text) {
  return absl::InvalidArgumentError(
      fmt::format("failpoint \"{}\": name=kill|delay:MS|error, then @N or %P", text));
}

// What follows the last `mark`, which is cut off; none where there is no such mark.
std::optional<std::string_view> TakeAfter(char mark, std::string_view* text) {
  const auto at = text->rfind(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view after = text->substr(at + 1);
  *text = text->substr(0, at);
  return after;
}

template <typename Number>
bool ReadNumber(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

FailpointPlan PlanOfEnvironment() {
  const std::string text = Variable("ANNALS_FAILPOINTS");
  std::uint64_t seed = std::random_device()();
  const std::string given = Variable("ANNALS_FAILPOINTS_SEED");
  const bool readable = given.empty() || ReadNumber(given, &seed);
  auto plan = FailpointPlan::Parse(text, seed);
  if (!readable || !plan.ok()) {
    std::cerr << "annalsd: " << (readable ? plan.status().message() : "ANNALS_FAILPOINTS_SEED")
              << "\n";
    std::abort();
  }
  std::cerr << fmt::format("ANNALS_FAILPOINTS={} ANNALS_FAILPOINTS_SEED={}\n", text, seed);
  return *std::move(plan);
}

}  // namespace

absl::StatusOr<std::pair<std::string, FailpointPlan::Point>> FailpointPlan::ParsePoint(
    std::string_view text) {
  const std::string_view whole = text;
  Point point;
  const auto percent = TakeAfter('%', &text);
  const auto pass = TakeAfter('@', &text);
  const auto action = TakeAfter('=', &text);
  if (percent) {
    double value = 0;
    if (!ReadNumber(*percent, &value) || !(value >= 0 && value <= 100)) {
      return Unreadable(whole);
    }
    point.chance = value / 100;
  }
  if (pass) {
    std::int64_t number = 0;
    if (!ReadNumber(*pass, &number) || number < 1) return Unreadable(whole);
    point.at_pass = number;
  }
  if (!action || text.empty()) return Unreadable(whole);
  if (*action == "kill") {
    point.action.kind = FailpointAction::Kind::kKill;
  } else if (*action == "error") {
    point.action.kind = FailpointAction::Kind::kError;
  } else if (action->starts_with("delay:")) {
    std::int64_t delay_ms = 0;
    if (!ReadNumber(action->substr(6), &delay_ms) || delay_ms < 0) return Unreadable(whole);
    point.action = {FailpointAction::Kind::kDelay, absl::Milliseconds(delay_ms)};
  } else {
    return Unreadable(whole);
  }
  return std::pair(std::string(text), point);
}

absl::StatusOr<FailpointPlan> FailpointPlan::Parse(std::string_view text, std::uint64_t seed) {
  FailpointPlan plan;
  plan.random_.seed(seed);
  while (!text.empty()) {
    const auto comma = text.find(',');
    auto point = ParsePoint(text.substr(0, comma));
    if (!point.ok()) return point.status();
    if (!plan.points_.insert(*std::move(point)).second) return Unreadable(text);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return plan;
}

FailpointAction FailpointPlan::Pass(std::string_view name) {
  const auto found = points_.find(name);
  if (found == points_.end()) return {};
  Point& point = found->second;
  ++point.passes;
  if (point.at_pass && *point.at_pass != point.passes) return {};
  if (std::uniform_real_distribution<double>()(random_) >= point.chance) return {};
  return point.action;
}

bool PassFailpoint(std::string_view name) {
  static std::mutex mutex;
  static FailpointPlan plan = PlanOfEnvironment();
  FailpointAction action;
  {
    const std::lock_guard lock(mutex);
    action = plan.Pass(name);
  }
  switch (action.kind) {
    case FailpointAction::Kind::kNone:
      return false;
    case FailpointAction::Kind::kKill:
      std::raise(SIGKILL);
      return false;
    case FailpointAction::Kind::kDelay:
      absl::SleepFor(action.delay);
      return false;
    case FailpointAction::Kind::kError:
      return true;
  }
  return false;
}

}  // namespace annals::storage

#include "clients/cli/count_text.h"

#include <fmt/format.h>

#include "clients/cli/terminal_text.h"

namespace annals::cli {
namespace {

// The bounds alone: "3–5", "≥ 3", "≤ 5", "3" where they meet, or empty.
std::string BoundsText(const v1::CountRange& count) {
  if (count.has_low() && count.has_high()) {
    if (count.low() == count.high()) return Grouped(count.low());
    return fmt::format("{}–{}", Grouped(count.low()), Grouped(count.high()));
  }
  if (count.has_low()) return fmt::format("≥ {}", Grouped(count.low()));
  if (count.has_high()) return fmt::format("≤ {}", Grouped(count.high()));
  return {};
}

}  // namespace

std::string CountText(const v1::CountRange& count) {
  const std::string bounds = BoundsText(count);
  if (!count.has_best()) return bounds;
  const std::string best = Grouped(count.best());
  if (bounds.empty()) return fmt::format("about {}", best);
  return bounds == best ? best : fmt::format("{} ({})", best, bounds);
}

std::string SumText(const v1::CountSum& sum) {
  if (sum.known_count() == 0) return {};
  v1::CountRange range;
  range.set_low(sum.low());
  range.set_best(sum.best());
  range.set_high(sum.high());
  return CountText(range);
}

}  // namespace annals::cli

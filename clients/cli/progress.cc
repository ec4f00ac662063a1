#include "clients/cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "clients/cli/terminal_text.h"

namespace annals::cli {
namespace {

constexpr int kBarColumns = 24;

std::string Bar(double fraction) {
  const int filled = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * kBarColumns);
  std::string bar = "▕";
  for (int i = 0; i < kBarColumns; ++i) bar += i < filled ? "█" : " ";
  return fmt::format("{}▏ {:3.0f} %  ", bar, std::clamp(fraction, 0.0, 1.0) * 100);
}

}  // namespace

Progress::Progress(std::ostream& err, bool is_terminal, std::string noun)
    : err_(err), is_terminal_(is_terminal), noun_(std::move(noun)), start_(absl::Now()) {}

Progress::~Progress() { Clear(); }

void Progress::Show(std::int64_t done, double fraction) {
  const absl::Time now = absl::Now();
  if (!is_terminal_ || now - drawn_ < absl::Milliseconds(100)) return;
  drawn_ = now;
  visible_ = true;
  const double seconds = std::max(absl::ToDoubleSeconds(now - start_), 0.001);
  const auto rate = static_cast<long long>(static_cast<double>(done) / seconds);
  err_ << "\r\033[K" << (fraction < 0 ? std::string() : Bar(fraction)) << Grouped(done) << " "
       << noun_ << ", " << Grouped(rate) << "/s" << std::flush;
}

void Progress::Clear() {
  if (!visible_) return;
  err_ << "\r\033[K" << std::flush;
  visible_ = false;
}

}  // namespace annals::cli

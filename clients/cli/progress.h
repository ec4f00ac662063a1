// A progress line on stderr that rewrites itself; silent where stderr is no terminal.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/time/time.h"

namespace annals::cli {

class Progress {
 public:
  Progress(std::ostream& err, bool is_terminal, std::string noun);
  // Wipes the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows "12,345 events, 8,200/s". `fraction` in [0, 1] adds a bar; negative is unknown. Draws at
  // most ten times a second.
  void Show(std::int64_t done, double fraction = -1);

  // Wipes the line, so that other text can be printed.
  void Clear();

 private:
  std::ostream& err_;
  const bool is_terminal_;
  const std::string noun_;
  const absl::Time start_;
  absl::Time drawn_ = absl::InfinitePast();
  bool visible_ = false;
};

}  // namespace annals::cli

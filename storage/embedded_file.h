// A file compiled into the binary by annals_embed() (storage/embed.cmake).
#pragma once

#include <string_view>

namespace annals::storage {

struct EmbeddedFile {
  std::string_view path;      // from the root of the source tree
  std::string_view contents;  // lives as long as the process
};

}  // namespace annals::storage

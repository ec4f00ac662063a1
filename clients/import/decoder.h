// Turns compressed bytes into plain ones, a piece at a time. Not thread-safe.
#pragma once

#include <cstddef>
#include <istream>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace annals::import {

// Raw bytes, read ahead by one piece.
class ByteSource {
 public:
  // `in` must outlive the source.
  explicit ByteSource(std::istream* in);

  // What is there and was not consumed; empty at the end only. Valid until the next call.
  [[nodiscard]] std::string_view Peek();
  // REQUIRES: bytes <= Peek().size().
  void Consume(std::size_t bytes) { begin_ += bytes; }
  // Whether reading failed, as opposed to having come to the end.
  [[nodiscard]] bool Failed() const { return in_->bad(); }

 private:
  std::istream* in_;
  std::vector<char> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

class Decoder {
 public:
  virtual ~Decoder() = default;

  // Writes up to `size` bytes to `out` and returns how many; 0 is the end. DATA_LOSS, without a
  // file's name, where the input is truncated or corrupt; not called again after that.
  virtual absl::StatusOr<std::size_t> Decode(ByteSource* source, char* out, std::size_t size) = 0;
};

// The decoder for what the source begins with: xz, gzip, or as it is.
[[nodiscard]] std::unique_ptr<Decoder> MakeDecoder(ByteSource* source);

}  // namespace annals::import

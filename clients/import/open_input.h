// Opens what a user names on the command line: a file, plain or compressed, or standard input.
//
//   auto input = OpenInput(path, std::cin);
//   if (!input.ok()) return input.status();
//   ... read (*input)->Stream() to its end ...
//   if (absl::Status status = (*input)->Status(); !status.ok()) return status;
//
// xz and gzip are known by their first bytes, whatever the name says; files of several xz streams
// or gzip members are read as one. Reading takes constant memory. Used by one thread.
#pragma once

#include <cstdint>
#include <fstream>
#include <istream>
#include <memory>
#include <streambuf>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace annals::import {

// What an xz file may need to be read; `xz -9` needs 65 MiB.
inline constexpr std::uint64_t kXzMemoryMaxBytes = std::uint64_t{256} << 20;

class Input {
 public:
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // The content, decompressed. Ends early where something is wrong: see Status.
  [[nodiscard]] std::istream& Stream() { return stream_; }

  // OK while nothing was wrong; DATA_LOSS where the content is truncated or corrupt, or cannot be
  // read.
  [[nodiscard]] absl::Status Status() const;

  // As messages name it: the path, or `<stdin>`.
  [[nodiscard]] const std::string& Name() const { return name_; }

 private:
  class Buffer;
  friend absl::StatusOr<std::unique_ptr<Input>> OpenInput(const std::string& path,
                                                          std::istream& standard_input);

  Input(std::string name, std::ifstream file, std::istream* standard_input);

  const std::string name_;
  std::ifstream file_;
  std::unique_ptr<Buffer> buffer_;
  std::istream stream_;
};

// NOT_FOUND where there is no such file, INVALID_ARGUMENT for a directory, PERMISSION_DENIED where
// it cannot be opened. `-` is `standard_input`, which must outlive the answer.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Input>> OpenInput(const std::string& path,
                                                               std::istream& standard_input);

}  // namespace annals::import

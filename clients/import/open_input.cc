#include "clients/import/open_input.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "clients/import/decoder.h"
#include "fmt/format.h"

namespace annals::import {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} << 10;
constexpr char kStandardInput[] = "-";

}  // namespace

// Decodes when read. An error ends the content and is kept.
class Input::Buffer : public std::streambuf {
 public:
  explicit Buffer(std::istream* in)
      : source_(in), decoder_(MakeDecoder(&source_)), bytes_(kBufferBytes) {}

  [[nodiscard]] const absl::Status& status() const { return status_; }

 protected:
  int_type underflow() override {
    if (!status_.ok()) return traits_type::eof();
    const absl::StatusOr<std::size_t> count =
        decoder_->Decode(&source_, bytes_.data(), bytes_.size());
    if (source_.Failed()) {
      status_ = absl::DataLossError("cannot be read to its end");
    } else if (!count.ok()) {
      status_ = count.status();
    }
    if (!status_.ok() || *count == 0) return traits_type::eof();
    setg(bytes_.data(), bytes_.data(), bytes_.data() + *count);
    return traits_type::to_int_type(*gptr());
  }

 private:
  ByteSource source_;
  std::unique_ptr<Decoder> decoder_;
  std::vector<char> bytes_;
  absl::Status status_;
};

Input::Input(std::string name, std::ifstream file, std::istream* standard_input)
    : name_(std::move(name)),
      file_(std::move(file)),
      buffer_(std::make_unique<Buffer>(standard_input != nullptr ? standard_input : &file_)),
      stream_(buffer_.get()) {}

Input::~Input() = default;

absl::Status Input::Status() const {
  const absl::Status& status = buffer_->status();
  if (status.ok()) return status;
  return absl::Status(status.code(), fmt::format("{} {}", name_, std::string(status.message())));
}

absl::StatusOr<std::unique_ptr<Input>> OpenInput(const std::string& path,
                                                 std::istream& standard_input) {
  if (path == kStandardInput) {
    return std::unique_ptr<Input>(new Input("<stdin>", {}, &standard_input));
  }
  std::error_code error;
  const auto type = std::filesystem::status(path, error).type();
  if (type == std::filesystem::file_type::not_found) {
    return absl::NotFoundError(fmt::format("{}: no such file", path));
  }
  if (type == std::filesystem::file_type::directory) {
    return absl::InvalidArgumentError(fmt::format("{} is a directory", path));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::PermissionDeniedError(fmt::format("{} cannot be opened", path));
  return std::unique_ptr<Input>(new Input(path, std::move(file), nullptr));
}

}  // namespace annals::import

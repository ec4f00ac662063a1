#include "clients/import/decoder.h"

#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

#include "clients/import/open_input.h"

namespace annals::import {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;
constexpr std::string_view kXzMagic(
    "\xFD"
    "7zXZ\0",
    6);
constexpr std::string_view kGzipMagic("\x1F\x8B", 2);
// Largest window, and expect a gzip header.
constexpr int kGzipWindowBits = 15 + 16;

class PlainDecoder : public Decoder {
 public:
  absl::StatusOr<std::size_t> Decode(ByteSource* source, char* out, std::size_t size) override {
    const std::string_view bytes = source->Peek().substr(0, size);
    std::memcpy(out, bytes.data(), bytes.size());
    source->Consume(bytes.size());
    return bytes.size();
  }
};

class XzDecoder : public Decoder {
 public:
  ~XzDecoder() override { lzma_end(&stream_); }

  absl::StatusOr<std::size_t> Decode(ByteSource* source, char* out, std::size_t size) override {
    if (!started_) {
      if (lzma_stream_decoder(&stream_, kXzMemoryMaxBytes, LZMA_CONCATENATED) != LZMA_OK) {
        return absl::ResourceExhaustedError("no memory to read xz");
      }
      started_ = true;
    }
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out);
    stream_.avail_out = size;
    while (stream_.avail_out > 0 && !ended_) {
      const std::string_view bytes = source->Peek();
      stream_.next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
      stream_.avail_in = bytes.size();
      const lzma_ret result = lzma_code(&stream_, bytes.empty() ? LZMA_FINISH : LZMA_RUN);
      source->Consume(bytes.size() - stream_.avail_in);
      if (result == LZMA_STREAM_END) {
        ended_ = true;
      } else if (result != LZMA_OK) {
        return Failure(result);
      }
    }
    return size - stream_.avail_out;
  }

 private:
  static absl::Status Failure(lzma_ret result) {
    switch (result) {
      case LZMA_BUF_ERROR:
        return absl::DataLossError("is truncated: the xz data ends too early");
      case LZMA_MEMLIMIT_ERROR:
      case LZMA_MEM_ERROR:
        return absl::DataLossError("needs more memory to decompress than is allowed");
      default:
        return absl::DataLossError("is corrupt: the xz data cannot be decompressed");
    }
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool started_ = false;
  bool ended_ = false;
};

class GzipDecoder : public Decoder {
 public:
  ~GzipDecoder() override {
    if (started_) inflateEnd(&stream_);
  }

  absl::StatusOr<std::size_t> Decode(ByteSource* source, char* out, std::size_t size) override {
    if (!started_) {
      if (inflateInit2(&stream_, kGzipWindowBits) != Z_OK) {
        return absl::ResourceExhaustedError("no memory to read gzip");
      }
      started_ = true;
    }
    const std::size_t room = std::min<std::size_t>(size, std::numeric_limits<uInt>::max());
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(room);
    while (stream_.avail_out > 0) {
      const std::string_view bytes = source->Peek();
      if (bytes.empty()) {
        if (between_members_) break;
        return absl::DataLossError("is truncated: the gzip data ends too early");
      }
      between_members_ = false;
      // zlib's interface is not const-correct; it does not write here.
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream_.avail_in = static_cast<uInt>(bytes.size());
      const int result = inflate(&stream_, Z_NO_FLUSH);
      source->Consume(bytes.size() - stream_.avail_in);
      if (result == Z_STREAM_END) {
        between_members_ = true;
        inflateReset(&stream_);
      } else if (result != Z_OK) {
        return absl::DataLossError("is corrupt: the gzip data cannot be decompressed");
      }
    }
    return room - stream_.avail_out;
  }

 private:
  z_stream stream_{};
  bool started_ = false;
  bool between_members_ = false;
};

}  // namespace

ByteSource::ByteSource(std::istream* in) : in_(in), bytes_(kReadBytes) {}

std::string_view ByteSource::Peek() {
  if (begin_ == end_ && in_->good()) {
    in_->read(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
    begin_ = 0;
    end_ = static_cast<std::size_t>(in_->gcount());
  }
  return {bytes_.data() + begin_, end_ - begin_};
}

std::unique_ptr<Decoder> MakeDecoder(ByteSource* source) {
  const std::string_view bytes = source->Peek();
  if (bytes.starts_with(kXzMagic)) return std::make_unique<XzDecoder>();
  if (bytes.starts_with(kGzipMagic)) return std::make_unique<GzipDecoder>();
  return std::make_unique<PlainDecoder>();
}

}  // namespace annals::import

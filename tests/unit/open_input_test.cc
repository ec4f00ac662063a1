#include "clients/import/open_input.h"

#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>

#include <cstdint>
#include <iterator>
#include <sstream>
#include <string>

namespace annals::import {
namespace {

std::string Xz(const std::string& text) {
  std::string out(text.size() + 1'024, '\0');
  std::size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nullptr,
                                    reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                                    reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size()),
            LZMA_OK);
  out.resize(size);
  return out;
}

std::string Gzip(const std::string& text) {
  std::string out(text.size() + 1'024, '\0');
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// Longer than every buffer, and not all alike.
std::string LongText() {
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += std::to_string(i * 7'919) + "\n";
  return text;
}

struct Content {
  std::string text;
  absl::StatusCode code;
};

Content ReadAll(const std::string& bytes) {
  std::istringstream in(bytes);
  auto input = OpenInput("-", in);
  EXPECT_TRUE(input.ok());
  Content content;
  content.text.assign(std::istreambuf_iterator<char>((*input)->Stream()), {});
  content.code = (*input)->Status().code();
  return content;
}

void ExpectContent(const std::string& bytes, const std::string& text) {
  const Content content = ReadAll(bytes);
  EXPECT_EQ(content.code, absl::StatusCode::kOk);
  EXPECT_TRUE(content.text == text) << content.text.size() << " bytes, not " << text.size();
}

TEST(OpenInput, ReadsPlainText) {
  ExpectContent("", "");
  ExpectContent("a,b\n", "a,b\n");
  ExpectContent(LongText(), LongText());
}

TEST(OpenInput, ReadsXz) {
  ExpectContent(Xz(""), "");
  ExpectContent(Xz(LongText()), LongText());
}

TEST(OpenInput, ReadsGzip) {
  ExpectContent(Gzip(""), "");
  ExpectContent(Gzip(LongText()), LongText());
}

TEST(OpenInput, ReadsSeveralStreamsAsOne) {
  ExpectContent(Xz("a\n") + Xz("b\n"), "a\nb\n");
  ExpectContent(Gzip("a\n") + Gzip("b\n"), "a\nb\n");
}

TEST(OpenInput, TellsTruncation) {
  for (const std::string& whole : {Xz(LongText()), Gzip(LongText())}) {
    const Content half = ReadAll(whole.substr(0, whole.size() / 2));
    EXPECT_EQ(half.code, absl::StatusCode::kDataLoss);
    EXPECT_TRUE(LongText().starts_with(half.text));
    EXPECT_EQ(ReadAll(whole.substr(0, whole.size() - 1)).code, absl::StatusCode::kDataLoss);
  }
}

TEST(OpenInput, TellsCorruption) {
  for (std::string bytes : {Xz(LongText()), Gzip(LongText())}) {
    for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 16; ++i) bytes[i] = '\x55';
    EXPECT_EQ(ReadAll(bytes).code, absl::StatusCode::kDataLoss);
  }
  EXPECT_EQ(ReadAll(Xz("a") + "garbage").code, absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReadAll(Gzip("a") + "garbage").code, absl::StatusCode::kDataLoss);
}

TEST(OpenInput, NamesItsInput) {
  std::istringstream in;
  EXPECT_EQ((*OpenInput("-", in))->Name(), "<stdin>");
}

TEST(OpenInput, RefusesWhatIsNoFile) {
  std::istringstream in;
  EXPECT_EQ(OpenInput("/nonexistent/file.csv", in).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(OpenInput("/", in).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace annals::import

#include "service/validate/text.h"

#include <gtest/gtest.h>

#include <string>

namespace annals::service {
namespace {

TEST(Text, CountsScalarValuesAndNotBytes) {
  EXPECT_EQ(CharacterCount(""), 0);
  EXPECT_EQ(CharacterCount("Kursk"), 5);
  EXPECT_EQ(CharacterCount("Курск"), 5);
  EXPECT_EQ(CharacterCount("\xF0\x9F\x95\x8A"), 1);
}

TEST(Text, RefusesWhatIsNoUtf8) {
  for (const char* text : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80",
                           "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "a\xFF"}) {
    EXPECT_EQ(CharacterCount(text), std::nullopt);
  }
}

TEST(Text, ReplacesBadBytesInPlace) {
  std::string text = "ab\xFF\xC3(\xD0\x9A";
  EXPECT_TRUE(ReplaceMalformed(text.data(), text.size()));
  EXPECT_EQ(text, "ab\?\?(\xD0\x9A");
  EXPECT_FALSE(ReplaceMalformed(text.data(), text.size()));
}

TEST(Text, FindsLineBreaksAndControls) {
  EXPECT_TRUE(HasLineBreaks("a\nb"));
  EXPECT_TRUE(
      HasLineBreaks("a\xE2\x80\xA8"
                    "b"));
  EXPECT_FALSE(HasLineBreaks("a b"));
  EXPECT_TRUE(HasControls(std::string_view("a\0b", 3)));
  EXPECT_TRUE(HasControls("\x1B[31m"));
  EXPECT_FALSE(HasControls("one\n\ttwo\r\n"));
}

TEST(Text, QuotesShortAndValid) {
  EXPECT_EQ(Quoted("Kursk"), "\"Kursk\"");
  const std::string quoted = Quoted(std::string(79, 'a') + "Курск");
  EXPECT_LT(quoted.size(), 90u);
  EXPECT_TRUE(CharacterCount(quoted).has_value());
}

}  // namespace
}  // namespace annals::service

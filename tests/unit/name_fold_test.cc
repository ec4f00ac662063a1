#include "storage/name_fold.h"

#include "gtest/gtest.h"

namespace annals::storage {
namespace {

TEST(FoldName, IgnoresCaseAccentsAndPunctuation) {
  EXPECT_EQ(FoldName("Kursk  Oblast\u2019"), "kursk oblast");
  EXPECT_EQ(FoldName("КУРСК"), "курск");
  EXPECT_EQ(FoldName("Türkiye"), "turkiye");
  EXPECT_EQ(FoldName("Dniπro"), "dniπro");
  EXPECT_EQ(FoldName(" -(a)- "), "a");
  EXPECT_EQ(FoldName("Straße"), "strasse");
  EXPECT_EQ(FoldName("ﬁn Ⅳ"), "fin iv");
}

TEST(FoldName, IsTheSameForComposedAndDecomposedLetters) {
  EXPECT_EQ(FoldName("Киї\u0301в"), FoldName("КИІ\u0308В"));
  EXPECT_EQ(FoldName("é"), FoldName("e\u0301"));
  EXPECT_EQ(FoldName("İ"), "i");
}

TEST(FoldName, IsItsOwnFold) {
  for (const char* text : {"Kyïv — Київ", "조선민주주의인민공화국", "دمشق", "ǰ İ ẞ"}) {
    EXPECT_EQ(FoldName(FoldName(text)), FoldName(text));
  }
}

// ASCII has a path of its own; a letter that folds to nothing forces the other.
TEST(FoldName, FoldsAsciiAsAnyOtherText) {
  std::string all;
  for (int first = 0; first < 128; ++first) {
    for (int second = 0; second < 128; ++second) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second), 'x'};
      EXPECT_EQ(FoldName(text), FoldName(text + "\u0301")) << first << " " << second;
    }
    all += static_cast<char>(first);
  }
  EXPECT_EQ(FoldName(all), FoldName(all + "\u0301"));
}

TEST(FoldName, TakesMalformedBytesForSpaces) {
  EXPECT_EQ(FoldName("a\xff\xfe"
                     "b"),
            "a b");
  EXPECT_EQ(FoldName("\xc3"), "");
  EXPECT_EQ(FoldName(""), "");
}

}  // namespace
}  // namespace annals::storage

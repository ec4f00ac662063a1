#include "storage/name_likeness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace annals::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Romanized, WritesAnyScriptInLatinLetters) {
  for (const auto& [text, romanized] :
       std::vector<std::pair<std::string, std::string>>{{"Kursk", "kursk"},
                                                        {"Курськ", "kursk"},
                                                        {"Kursʹk", "kursk"},
                                                        {"Kurs'k", "kursk"},
                                                        {"Luhans’ka Oblast’", "luhanska oblast"},
                                                        {"Запорожье", "zaporoze"},
                                                        {"Київ", "kiiv"},
                                                        {"Харьков", "harkov"},
                                                        {"Κουρσκ", "koursk"},
                                                        {"კურსკი", "kurski"},
                                                        {"Türkiye", "turkiye"},
                                                        {"Łódź", "lodz"},
                                                        {"北京", "bei jing"},
                                                        {"  36th --Brigade ", "36th brigade"}}) {
    EXPECT_EQ(Romanized(text), romanized) << text;
  }
}

TEST(Romanized, LeavesNothingOfWhatIsNoText) {
  for (const char* text : {"", " -- ", "\xff\xfe", "\xc3", "'’"}) {
    EXPECT_EQ(Romanized(text), "") << text;
  }
  EXPECT_EQ(Romanized("a\xff"
                      "b"),
            "a b");
}

TEST(EditLikeness, CountsInsertionsOmissionsReplacementsAndSwaps) {
  EXPECT_EQ(EditLikeness("kursk", "kursk"), 1);
  EXPECT_EQ(EditLikeness("", ""), 1);
  EXPECT_EQ(EditLikeness("", "ab"), 0);
  EXPECT_DOUBLE_EQ(EditLikeness("kusrk", "kursk"), 0.8);  // a swap is one
  EXPECT_DOUBLE_EQ(EditLikeness("donetzk", "donetsk"), 6.0 / 7);
  EXPECT_DOUBLE_EQ(EditLikeness("kiv", "kiev"), 0.75);
  EXPECT_DOUBLE_EQ(EditLikeness("dekhelia", "dhekelia"), 0.75);
  EXPECT_DOUBLE_EQ(EditLikeness("abc", "xyz"), 0);
  EXPECT_EQ(EditLikeness("kiv", "kiev"), EditLikeness("kiev", "kiv"));
}

TEST(LikenessIndex, FindsWhatIsLikeAText) {
  const LikenessIndex index({"north korea", "kursk", "kursk", "donetsk", "", "korea"});
  const auto found = [&](std::string_view text, double least) {
    std::vector<std::size_t> spellings;
    for (const auto& like : index.Find(text, least)) spellings.push_back(like.spelling);
    return spellings;
  };
  EXPECT_THAT(found("kursk", 1), ElementsAre(1, 2));
  EXPECT_THAT(found("krusk", 0.7), ElementsAre(1, 2));
  EXPECT_THAT(found("krusk", 0.9), IsEmpty());
  EXPECT_THAT(found("corea north", 0.7), ElementsAre(0));  // by its trigrams
  EXPECT_THAT(found("corea", 0.7), ElementsAre(5));
  EXPECT_THAT(found("xyzzyx", 0.5), IsEmpty());
  EXPECT_THAT(found("", 0.5), IsEmpty());
  EXPECT_DOUBLE_EQ(index.Find("donetzk", 0.7).at(0).likeness, 6.0 / 7);
}

TEST(LikenessIndex, MayBeEmpty) { EXPECT_THAT(LikenessIndex({}).Find("kursk", 0.1), IsEmpty()); }

}  // namespace
}  // namespace annals::storage

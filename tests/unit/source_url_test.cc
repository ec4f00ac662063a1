#include "storage/source_url.h"

#include "gtest/gtest.h"

namespace annals::storage {
namespace {

TEST(SourceUrl, LeavesOutWhatTellsNoPageFromAnother) {
  for (const auto& [url, normal] : std::vector<std::pair<std::string, std::string>>{
           {"https://example.org", "example.org"},
           {"https://example.org/", "example.org"},
           {"HTTP://WWW.Example.ORG:80/A/b/", "example.org/A/b"},
           {"https://example.org:443/a?b=2&a=1", "example.org/a?a=1&b=2"},
           {"https://example.org:8443/a", "example.org:8443/a"},
           {"https://user:pw@example.org/a#part", "example.org/a"},
           {"https://example.org/a?utm_source=x&fbclid=y&id=3", "example.org/a?id=3"},
           {"https://example.org/?gclid=y", "example.org"},
           {"https://example.org?id=3", "example.org?id=3"},
           {"https://example.org/%D0%9A", "example.org/%D0%9A"},
           {"https://www.example.org/www.other.org/", "example.org/www.other.org"},
           {"https://t.me/channel/123?single", "t.me/channel/123?single"}}) {
    EXPECT_EQ(NormalizeUrl(url), normal) << url;
  }
}

TEST(SourceUrl, TellsPagesApart) {
  EXPECT_NE(SourceKey("https://example.org/a"), SourceKey("https://example.org/A"));
  EXPECT_NE(SourceKey("https://example.org/?a=1"), SourceKey("https://example.org/?a=2"));
  EXPECT_NE(SourceKey("https://example.org/"), SourceKey("https://sub.example.org/"));
}

// Stored as a number for ever.
TEST(SourceUrl, KeyIsStable) { EXPECT_EQ(SourceKey("https://example.org/a"), 2445059531777951359); }

}  // namespace
}  // namespace annals::storage

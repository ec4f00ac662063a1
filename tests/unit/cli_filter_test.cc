#include "cli_runner.h"
#include "clients/cli/time_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace annals::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Runs `annals count` and keeps the question that reached the record.
struct Asking : Runner {
  v1::SummarizeEventsRequest asked;
  std::vector<v1::NameCandidate> candidates;
  int resolved = 0;

  Asking() {
    record->summarize_events = [this](const v1::SummarizeEventsRequest& request) {
      asked = request;
      return v1::SummarizeEventsResponse();
    };
    record->resolve_names = [this](const v1::ResolveNamesRequest&) {
      ++resolved;
      v1::ResolveNamesResponse response;
      for (const auto& candidate : candidates) *response.add_candidates() = candidate;
      return response;
    };
  }

  void Candidate(const std::string& name, const std::string& title, double score) {
    v1::NameCandidate candidate;
    candidate.set_name(name);
    candidate.set_title(title);
    candidate.set_matched_text(title);
    candidate.set_score(score);
    candidates.push_back(candidate);
  }

  Ran Ask(std::vector<std::string> flags) {
    flags.insert(flags.begin(), "count");
    return (*this)(flags);
  }
};

TEST(Filter, IsEmptyWithoutFlags) {
  Asking asking;
  EXPECT_EQ(asking.Ask({}).exit_code, 0);
  EXPECT_EQ(asking.asked.filter().ShortDebugString(), "");
}

TEST(Filter, TakesLeastCountsAndTheLongestWindow) {
  Asking asking;
  EXPECT_EQ(asking.Ask({"--persons-min", "2", "--fatalities-min", "0"}).exit_code, 0);
  EXPECT_EQ(asking.asked.filter().persons_min(), 2);
  EXPECT_TRUE(asking.asked.filter().has_fatalities_min());
  for (const auto& [text, seconds] :
       std::vector<std::pair<std::string, std::int64_t>>{{"0", 0},
                                                         {"45s", 45},
                                                         {"90m", 5'400},
                                                         {"12h", 43'200},
                                                         {"1d", 86'400},
                                                         {"2w", 1'209'600}}) {
    EXPECT_EQ(asking.Ask({"--time-uncertainty-max", text}).exit_code, 0) << text;
    EXPECT_TRUE(asking.asked.filter().has_time_uncertainty_max());
    EXPECT_EQ(asking.asked.filter().time_uncertainty_max().seconds(), seconds) << text;
  }
  for (const char* text : {"1", "-1d", "1y", "d", "99999999999999999999d"}) {
    EXPECT_EQ(asking.Ask({"--time-uncertainty-max", text}).exit_code, 2) << text;
  }
  EXPECT_EQ(asking.Ask({"--persons-min", "-2"}).exit_code, 2);
  EXPECT_EQ(asking.Ask({"--fatalities-min", "many"}).exit_code, 2);
}

TEST(Filter, TakesHowStrictlyAndByWhatSources) {
  Asking asking;
  EXPECT_EQ(asking
                .Ask({"--match", "possible", "--place-uncertainty-max", "25km", "--verification",
                      "disputed,denied", "--text", "bridge kursk", "--source-url",
                      "https://example.org/a"})
                .exit_code,
            0);
  const v1::EventFilter& filter = asking.asked.filter();
  EXPECT_EQ(filter.match(), v1::MATCH_MODE_POSSIBLE);
  EXPECT_EQ(filter.place_uncertainty_max_m(), 25'000);
  EXPECT_THAT(filter.verifications(),
              ElementsAre(v1::VERIFICATION_DISPUTED, v1::VERIFICATION_DENIED));
  EXPECT_EQ(filter.text(), "bridge kursk");
  EXPECT_EQ(filter.source_url(), "https://example.org/a");
  EXPECT_EQ(asking.Ask({"--place-uncertainty-max", "0"}).exit_code, 0);
  EXPECT_TRUE(asking.asked.filter().has_place_uncertainty_max_m());
  const auto refused = asking.Ask({"--match", "perhaps"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("nominal, possible, definite"));
  EXPECT_EQ(asking.Ask({"--verification", "true"}).exit_code, 2);
  EXPECT_EQ(asking.Ask({"--place-uncertainty-max", "near"}).exit_code, 2);
}

TEST(Filter, TakesTimesHalfOpen) {
  Asking asking;
  EXPECT_EQ(asking.Ask({"--since", "2025-01", "--until", "2025-02-01"}).exit_code, 0);
  EXPECT_EQ(Rfc3339(asking.asked.filter().occurred().start()), "2025-01-01T00:00:00Z");
  EXPECT_EQ(Rfc3339(asking.asked.filter().occurred().end()), "2025-02-01T00:00:00Z");
  const std::string by_flags = asking.asked.SerializeAsString();
  EXPECT_EQ(asking.Ask({"--datetime", "2025-01-01/2025-02"}).exit_code, 0);
  EXPECT_EQ(asking.asked.SerializeAsString(), by_flags);
}

TEST(Filter, TakesKindsRolesAndFeedsRepeatedOrWithCommas) {
  Asking asking;
  asking.Candidate("actors/prk", "North Korea", 1.0);
  EXPECT_EQ(
      asking
          .Ask({"--kind", "capture,exchange-offer", "--kind", "battle", "--feed", "sample",
                "--feed", "feeds/ucdp", "--actor", "North Korea", "--role", "captive,addressee"})
          .exit_code,
      0);
  EXPECT_THAT(
      asking.asked.filter().kinds(),
      ElementsAre(v1::EVENT_KIND_CAPTURE, v1::EVENT_KIND_EXCHANGE_OFFER, v1::EVENT_KIND_BATTLE));
  EXPECT_THAT(asking.asked.filter().feeds(), ElementsAre("feeds/sample", "feeds/ucdp"));
  EXPECT_THAT(asking.asked.filter().actors(0).roles(),
              ElementsAre(v1::PARTICIPANT_ROLE_CAPTIVE, v1::PARTICIPANT_ROLE_ADDRESSEE));
}

TEST(Filter, TakesRegionCodesAsTheyAre) {
  Asking asking;
  EXPECT_EQ(
      asking.Ask({"--region", "RU-KRS", "--region", "regions/UA", "--region", "x-front"}).exit_code,
      0);
  EXPECT_THAT(asking.asked.filter().regions().regions(),
              ElementsAre("regions/RU-KRS", "regions/UA", "regions/x-front"));
  EXPECT_EQ(asking.resolved, 0);
}

TEST(Filter, ResolvesARegionsNameAndSaysSo) {
  Asking asking;
  asking.Candidate("regions/RU-KRS", "Kursk", 1.0);
  asking.Candidate("regions/RU-KGN", "Kurgan", 0.6);
  const Ran ran = asking.Ask({"--region", "Курск"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(asking.asked.filter().regions().regions(), ElementsAre("regions/RU-KRS"));
  EXPECT_THAT(ran.err, HasSubstr("'Курск' is regions/RU-KRS (Kursk)"));
}

TEST(Filter, NeverChoosesBetweenRegions) {
  Asking asking;
  asking.Candidate("regions/GE", "Georgia", 1.0);
  asking.Candidate("regions/US-GA", "Georgia", 1.0);
  const Ran ran = asking.Ask({"--region", "Georgia"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("\n  GE  Georgia\n  US-GA  Georgia"));
}

TEST(Filter, ListsWhatComesNear) {
  Asking asking;
  asking.Candidate("regions/RU-KRS", "Kursk", 0.8);
  const Ran ran = asking.Ask({"--region", "Kurs"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("is no region to the letter"));
  EXPECT_THAT(ran.err, HasSubstr("RU-KRS  Kursk"));
}

TEST(Filter, NeverTakesWhatIsOnlySpelledLikeIt) {
  Asking asking;
  asking.Candidate("regions/UA-14", "Donetsk Oblast", 0.25);
  const Ran region = asking.Ask({"--region", "Donetzk"});
  EXPECT_EQ(region.exit_code, 2);
  EXPECT_THAT(region.err, HasSubstr("\n  0.25  UA-14  Donetsk Oblast"));
  asking.candidates.clear();
  asking.Candidate("actors/prk", "North Korea", 0.3);
  const Ran actor = asking.Ask({"--actor", "North Corea"});
  EXPECT_EQ(actor.exit_code, 2);
  EXPECT_THAT(actor.err, HasSubstr("\n  0.30  prk  North Korea"));
  EXPECT_THAT(actor.err, HasSubstr("--actor 'label:North Corea'"));
  EXPECT_FALSE(asking.asked.has_filter());
}

TEST(Filter, MatchesLabelsWhereNoActorIsMeant) {
  Asking asking;
  EXPECT_EQ(asking
                .Ask({"--actor", "unknown brigade", "--actor", "actors/ukr", "--actor",
                      "label:North Korea"})
                .exit_code,
            0);
  EXPECT_EQ(asking.asked.filter().actors(0).label(), "unknown brigade");
  EXPECT_EQ(asking.asked.filter().actors(1).actor(), "actors/ukr");
  EXPECT_EQ(asking.asked.filter().actors(2).label(), "North Korea");
  EXPECT_EQ(asking.resolved, 1);
}

TEST(Filter, TakesOneAreaOnly) {
  Asking asking;
  EXPECT_EQ(asking.Ask({"--bbox", "-10,20,30,40"}).exit_code, 0);
  EXPECT_EQ(asking.asked.filter().box().west(), -10);
  EXPECT_EQ(asking.Ask({"--near", "-33.9,18.4", "--radius", "50km"}).exit_code, 0);
  EXPECT_EQ(asking.asked.filter().circle().center().latitude(), -33.9);
  EXPECT_EQ(asking.asked.filter().circle().radius_m(), 50'000);
  EXPECT_EQ(asking.Ask({"--bbox", "1,2,3,4", "--region", "UA"}).exit_code, 2);
  EXPECT_EQ(asking.Ask({"--near", "1,2"}).exit_code, 2);
  EXPECT_EQ(asking.Ask({"--polygon", "/nonexistent"}).exit_code, 2);
}

TEST(Filter, TellsTimesFromPositions) {
  Asking asking;
  EXPECT_EQ(asking.Ask({"--as-of", "2026-01-31"}).exit_code, 0);
  EXPECT_EQ(Rfc3339(asking.asked.as_of().time()), "2026-01-31T00:00:00Z");
  EXPECT_EQ(asking.Ask({"--as-of", "AbCd-_0123"}).exit_code, 0);
  EXPECT_EQ(asking.asked.as_of().position(), "AbCd-_0123");
}

TEST(Filter, RefusesWhatItCannotUnderstand) {
  Asking asking;
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{{"--kind", "war"},
                                             {"--since", "yesterday"},
                                             {"--since", "2025", "--datetime", "2025"},
                                             {"--role", "captor"},
                                             {"--actor", "actors/x", "--role", "boss"},
                                             {"--bogus"},
                                             {"surplus"}}) {
    const Ran ran = asking.Ask(flags);
    EXPECT_EQ(ran.exit_code, 2) << flags[0];
    EXPECT_THAT(ran.err, HasSubstr("annals count --help")) << flags[0];
    EXPECT_EQ(ran.out, "");
  }
}

}  // namespace
}  // namespace annals::cli

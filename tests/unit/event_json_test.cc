// Events as the command line writes and reads them: JSON and back is the identity, whatever the
// event holds. ANNALS_SEED repeats a run.
#include <google/protobuf/util/message_differencer.h>

#include <map>
#include <memory>

#include "cli_runner.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "tests/support/random_details.h"
#include "tests/support/random_record.h"
#include "tests/support/small_gazetteer.h"

namespace annals::cli {
namespace {

using google::protobuf::util::MessageDifferencer;

constexpr int kEvents = 2'000;

class EventJson : public ::testing::TestWithParam<const char*> {
 protected:
  EventJson() {
    fmt::print("ANNALS_SEED={}\n", seed_);
    for (int i = 0; i < kEvents; ++i) sent_.push_back(random_.Event("f", std::to_string(i)));
    runner_.record->export_events = [this](const v1::ExportEventsRequest&) {
      v1::ExportEventsResponse part;
      part.mutable_events()->Assign(sent_.begin(), sent_.end());
      return std::make_unique<client::FakeExportReader>(std::vector{part});
    };
    runner_.record->get_status = [](const v1::GetStatusRequest&) {
      return v1::GetStatusResponse();
    };
    runner_.record->ingest_events = [this] {
      return std::make_unique<client::FakeIngestCall>([this](const v1::IngestEventsRequest& in) {
        v1::IngestEventsResponse response;
        for (const v1::EventUpsert& row : in.batch().rows()) {
          taken_[row.event().name()] = row.event();
          response.mutable_counts()->set_created(response.counts().created() + 1);
        }
        return response;
      });
    };
  }

  const std::uint64_t seed_ = testing::TestSeed();
  testing::RandomDetails random_{&testing::SmallGazetteer(), seed_};
  std::vector<v1::Event> sent_;
  std::map<std::string, v1::Event> taken_;
  Runner runner_;
};

TEST_P(EventJson, IsReadBackAsItWas) {
  const Ran queried = runner_({"query", "--all", "-o", GetParam()});
  ASSERT_EQ(queried.exit_code, 0) << queried.err;
  runner_.input = queried.out;
  const Ran ingested = runner_({"ingest", "-"});
  ASSERT_EQ(ingested.exit_code, 0) << ingested.err;
  ASSERT_EQ(taken_.size(), sent_.size());
  for (const v1::Event& event : sent_) {
    const v1::Event& taken = taken_[event.name()];
    // Equal to the byte: MessageDifferencer says where they are not.
    std::string difference;
    MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&difference);
    ASSERT_TRUE(differencer.Compare(event, taken)) << difference;
    ASSERT_EQ(event.SerializeAsString(), taken.SerializeAsString());
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, EventJson, ::testing::Values("ndjson", "json"),
                         [](const auto& format) { return std::string(format.param); });

}  // namespace
}  // namespace annals::cli

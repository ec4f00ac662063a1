// What a store gives out can be sent to it again: as JSON, as `annals query -o ndjson` prints it
// and `annals ingest` reads it, it changes nothing; and late retries never turn time back.
// ANNALS_SEED repeats a run.
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <map>
#include <optional>

#include "storage/event_columns.h"
#include "tests/conformance/store_conformance.h"
#include "tests/support/random_details.h"
#include "tests/support/random_record.h"

namespace annals::testing {
namespace {

using annals::v1::ROW_OUTCOME_STALE;
using annals::v1::ROW_OUTCOME_UNCHANGED;
using storage::Position;

constexpr int kEvents = 400;
constexpr int kNames = 20;
constexpr int kVersions = 8;  // of each name
constexpr int kRounds = 150;

class StoreResend : public StoreConformance {
 protected:
  void SetUp() override {
    StoreConformance::SetUp();
    // Links to feeds that the caller may not see, or that do not exist, are told to no one else.
    context_.visibility = storage::Visibility::All();
    fmt::print("ANNALS_SEED={}\n", seed_);
    RecordProperty("seed", std::to_string(seed_));
  }

  Position Head() {
    const auto info = events().Info(context_);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.ok() ? info->position : Position{-1};
  }

  std::map<std::string, annals::v1::Event> All(const storage::Snapshot& snapshot = {}) {
    std::map<std::string, annals::v1::Event> all;
    for (auto& event : List({}, {.limit = 1'000}, snapshot).events) all[event.name()] = event;
    return all;
  }

  const std::uint64_t seed_ = TestSeed();
  RandomDetails random_{&TestGazetteer(), seed_};
};

annals::v1::Event ThroughJson(const annals::v1::Event& event) {
  std::string json;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(event, &json).ok());
  annals::v1::Event read;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &read);
  EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << json;
  return read;
}

TEST_P(StoreResend, KeepsWhatWasSentToTheByte) {
  std::vector<storage::UpsertRow> rows;
  for (int i = 0; i < kEvents; ++i) {
    rows.push_back({random_.Event("f", std::to_string(i)), std::nullopt, false});
  }
  Upsert(rows);
  auto kept = All();
  ASSERT_EQ(kept.size(), rows.size());
  for (const auto& row : rows) {
    annals::v1::Event event = kept[row.event.name()];
    storage::ClearOutputOnlyFields(&event);
    ASSERT_EQ(event.SerializeAsString(), row.event.SerializeAsString())
        << event.DebugString() << "\n"
        << row.event.DebugString();
  }
}

TEST_P(StoreResend, ChangesNothingThroughJson) {
  std::vector<storage::UpsertRow> rows;
  for (int i = 0; i < kEvents; ++i) {
    rows.push_back({random_.Event("f", std::to_string(i)), std::nullopt, false});
  }
  Upsert(rows);
  const Position head = Head();
  std::vector<storage::UpsertRow> again;
  for (const auto& [name, event] : All()) again.push_back({ThroughJson(event), {}, false});
  ASSERT_EQ(again.size(), rows.size());
  for (const auto& row : Upsert(again).rows) ASSERT_EQ(row.outcome, ROW_OUTCOME_UNCHANGED);
  EXPECT_EQ(Head(), head);
}

// Every version of every name is sent, in any order and any number of times, some in one batch with
// others. After each batch each name holds the greatest version that it was ever sent.
TEST_P(StoreResend, NeverTurnsTimeBack) {
  std::vector<std::vector<annals::v1::Event>> versions(kNames);
  for (int name = 0; name < kNames; ++name) {
    for (int version = 0; version < kVersions; ++version) {
      // Some versions have the content of an earlier one, so that content alone cannot tell.
      const bool as_before = version > 0 && random_.Chance(0.2);
      versions[name].push_back(as_before ? versions[name][random_.Below(version)]
                                         : random_.Event("f", std::to_string(name)));
    }
  }
  std::vector<int> greatest(kNames, -1);
  Position head = Head();
  for (int round = 0; round < kRounds; ++round) {
    std::vector<storage::UpsertRow> rows;
    std::vector<std::pair<int, int>> sent;
    for (int name = 0; name < kNames; ++name) {
      if (!random_.Chance(0.3)) continue;
      const int version = random_.Below(kVersions);
      sent.emplace_back(name, version);
      rows.push_back({versions[name][version], 10 * version, false});
    }
    if (rows.empty()) continue;
    const auto receipt = Upsert(rows);
    ASSERT_EQ(receipt.rows.size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
      const auto [name, version] = sent[i];
      ASSERT_EQ(receipt.rows[i].outcome == ROW_OUTCOME_STALE, version < greatest[name])
          << "round " << round << ", name " << name << ", version " << version;
      greatest[name] = std::max(greatest[name], version);
    }
    const auto kept = All();
    for (int name = 0; name < kNames; ++name) {
      if (greatest[name] < 0) continue;
      annals::v1::Event event = kept.at(versions[name][0].name());
      storage::ClearOutputOnlyFields(&event);
      ASSERT_EQ(event.SerializeAsString(), versions[name][greatest[name]].SerializeAsString())
          << "round " << round << ", name " << name;
    }
    ASSERT_GE(Head(), head);
    head = Head();
  }
}

ANNALS_ON_EVERY_STORE(StoreResend);

}  // namespace
}  // namespace annals::testing

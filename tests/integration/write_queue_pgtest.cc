// No database: how writes are put into groups.
#include "storage/postgres/write_queue.h"

#include <future>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace annals::storage {
namespace {

using ::testing::ElementsAre;

struct NamedWrite : QueuedWrite {
  std::string name;
};

// A queue whose first write is held until Release, so that others wait behind it.
class Queue : public ::testing::Test {
 protected:
  void Open(WriteQueueOptions options = {}) {
    queue_ = std::make_unique<WriteQueue>(
        [this](WriteGroup group) {
          std::vector<std::string> names;
          for (const auto& write : group) {
            names.push_back(static_cast<const NamedWrite&>(*write).name);
          }
          groups_.push_back(std::move(names));
          if (groups_.size() > 1) return;
          begun_.set_value();
          released_.get_future().wait();
        },
        options);
    ASSERT_TRUE(Push("first", "p", {}));
    begun_.get_future().wait();
  }

  bool Push(std::string name, std::string principal, std::vector<std::int64_t> ids,
            bool joins = true, std::int64_t bytes = 1) {
    auto write = std::make_unique<NamedWrite>();
    write->name = std::move(name);
    write->principal = std::move(principal);
    write->ids = std::move(ids);
    write->joins = joins;
    write->bytes = bytes;
    std::unique_ptr<QueuedWrite> queued = std::move(write);
    return queue_->TryPush(queued);
  }

  // The groups behind the first.
  std::vector<std::vector<std::string>> Finish() {
    released_.set_value();
    queue_.reset();  // makes what waits
    groups_.erase(groups_.begin());
    return groups_;
  }

 private:
  std::promise<void> begun_, released_;
  std::vector<std::vector<std::string>> groups_;
  std::unique_ptr<WriteQueue> queue_;
};

TEST_F(Queue, MakesAGroupOfWhatWaits) {
  Open();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Push(std::to_string(i), "p", {i}));
  EXPECT_THAT(Finish(), ElementsAre(ElementsAre("0", "1", "2")));
}

TEST_F(Queue, TakesCallersInTurn) {
  Open({.group_ids_max = 4});
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(Push("a" + std::to_string(i), "a", {2 * i, 2 * i + 1}));
  ASSERT_TRUE(Push("b", "b", {100, 101}));
  EXPECT_THAT(Finish(),
              ElementsAre(ElementsAre("a0", "b"), ElementsAre("a1", "a2"), ElementsAre("a3")));
}

TEST_F(Queue, HasEachEventOnceInAGroup) {
  Open();
  ASSERT_TRUE(Push("one", "p", {1, 2}));
  ASSERT_TRUE(Push("again", "p", {2, 3}));
  ASSERT_TRUE(Push("other", "p", {4}));
  EXPECT_THAT(Finish(), ElementsAre(ElementsAre("one"), ElementsAre("again", "other")));
}

TEST_F(Queue, MakesAloneWhatDoesNotJoin) {
  Open();
  ASSERT_TRUE(Push("1", "p", {1}));
  ASSERT_TRUE(Push("alone", "p", {}, false));
  ASSERT_TRUE(Push("2", "p", {2}));
  EXPECT_THAT(Finish(), ElementsAre(ElementsAre("1"), ElementsAre("alone"), ElementsAre("2")));
}

TEST_F(Queue, RefusesWhatItHasNoRoomFor) {
  Open({.bytes_max = 10, .writes_max = 3});
  EXPECT_TRUE(Push("large", "p", {1}, true, 100));  // alone in the queue
  EXPECT_FALSE(Push("small", "p", {2}));
  EXPECT_THAT(Finish(), ElementsAre(ElementsAre("large")));
}

TEST_F(Queue, HoldsSoManyWritesAtMost) {
  Open({.writes_max = 2});
  EXPECT_TRUE(Push("1", "p", {1}));
  EXPECT_TRUE(Push("2", "q", {2}));
  EXPECT_FALSE(Push("3", "q", {3}));
  EXPECT_THAT(Finish(), ElementsAre(ElementsAre("2", "1")));
}

}  // namespace
}  // namespace annals::storage

#include "service/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace annals::service {
namespace {

TEST(Executor, RunsWhatItTook) {
  std::atomic<int> ran = 0;
  Executor executor(3, 100);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(executor.TrySubmit([&] { ++ran; }));
  executor.Shutdown();
  EXPECT_EQ(ran, 100);
}

TEST(Executor, RefusesWhenItsQueueIsFull) {
  std::promise<void> started;
  std::promise<void> go_on;
  Executor executor(1, 2);  // ends, and its task with it, before the promises do
  ASSERT_TRUE(executor.TrySubmit([&] {
    started.set_value();
    go_on.get_future().wait();
  }));
  started.get_future().wait();
  EXPECT_TRUE(executor.TrySubmit([] {}));
  EXPECT_TRUE(executor.TrySubmit([] {}));
  EXPECT_FALSE(executor.TrySubmit([] {}));
  go_on.set_value();
}

TEST(Executor, RefusesAfterShutdown) {
  Executor executor(1, 2);
  executor.Shutdown();
  EXPECT_FALSE(executor.TrySubmit([] {}));
  executor.Shutdown();
}

}  // namespace
}  // namespace annals::service

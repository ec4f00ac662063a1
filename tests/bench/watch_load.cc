// Opens many watches on a running annalsd, writes events at a steady rate, and prints how long each
// change took from its commit to its delivery: what tests/bench/watch runs. One line of JSON.
//
// Watch w asks for the label "Watched (w modulo 100)", which every hundredth event has: each watch
// matches about one in a hundred.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/time/clock.h"
#include "annals/v1/event_service.grpc.pb.h"
#include "annals/v1/ingest_service.grpc.pb.h"
#include "fmt/format.h"
#include "grpcpp/grpcpp.h"
#include "tests/bench/event_generator.h"

namespace annals::bench {
namespace {

constexpr int kLabels = 100;
constexpr int kStreamsAConnection = 200;
constexpr std::uint64_t kSeed = 2;

struct Load {
  std::string server;
  std::string feed = "bench";
  int watchers = 200;
  int rate = 1'000;
  int seconds = 20;
  int batch = 10;
  std::int64_t first = 0;
};

[[noreturn]] void Die(const std::string& what) {
  std::cerr << "watch_load: " << what << "\n";
  std::exit(1);
}

std::shared_ptr<grpc::Channel> Connect(const Load& load) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(load.server, grpc::InsecureChannelCredentials(), arguments);
}

// Counts what all watches have come to.
class Tally {
 public:
  void Wait(std::int64_t count, absl::Duration longest) {
    std::unique_lock lock(mutex_);
    const auto done = [&] { return count_ >= count; };
    if (!changed_.wait_for(lock, absl::ToChronoMilliseconds(longest), done)) {
      Die(fmt::format("{} of {} came", count_, count));
    }
  }
  void Add(std::int64_t count) {
    const std::lock_guard lock(mutex_);
    count_ += count;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t count_ = 0;
};

class Watch final : public grpc::ClientReadReactor<v1::WatchEventsResponse> {
 public:
  Watch(v1::EventService::Stub* stub, const Load& load, int number, Tally* begun, Tally* delivered)
      : begun_(begun), delivered_(delivered) {
    if (load.rate > 0) {
      request_.mutable_filter()->add_actors()->set_label(
          fmt::format("Watched {}", number % kLabels));
    }
    stub->async()->WatchEvents(&context_, &request_, this);
    StartRead(&response_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (!std::exchange(has_begun_, true)) begun_->Add(1);
    if (response_.changes_size() > 0) {
      const absl::Time committed = absl::FromUnixSeconds(response_.commit_time().seconds()) +
                                   absl::Nanoseconds(response_.commit_time().nanos());
      const double ms = absl::ToDoubleMilliseconds(absl::Now() - committed);
      latencies_ms.insert(latencies_ms.end(), static_cast<std::size_t>(response_.changes_size()),
                          ms);
      delivered_->Add(response_.changes_size());
    }
    StartRead(&response_);
  }

  void OnDone(const grpc::Status& status) override {
    if (status.error_code() != grpc::StatusCode::CANCELLED) Die(status.error_message());
    ended_.Add(1);
  }

  void Cancel() {
    context_.TryCancel();
    ended_.Wait(1, absl::Seconds(30));
  }

  std::vector<double> latencies_ms;

 private:
  grpc::ClientContext context_;
  v1::WatchEventsRequest request_;
  v1::WatchEventsResponse response_;
  bool has_begun_ = false;
  Tally* const begun_;
  Tally* const delivered_;
  Tally ended_;
};

// `load.rate` events a second, in batches; the schedule does not wait for answers that are late.
std::int64_t Write(const Load& load) {
  const auto stub = v1::IngestService::NewStub(Connect(load));
  const EventGenerator generator(load.feed, kSeed);
  const std::int64_t count = std::int64_t{load.rate} * load.seconds;
  grpc::ClientContext context;
  const auto stream = stub->IngestEvents(&context);
  std::thread reader([&] {
    v1::IngestEventsResponse response;
    while (stream->Read(&response)) {
      if (response.counts().created() != load.batch) Die(response.ShortDebugString());
    }
  });
  const absl::Time start = absl::Now();
  for (std::int64_t i = 0; i < count; i += load.batch) {
    v1::IngestEventsRequest request;
    for (std::int64_t k = i; k < i + load.batch; ++k) {
      auto* event = request.mutable_batch()->add_rows()->mutable_event();
      *event = generator.Make(load.first + k);
      auto* watched = event->add_participants();
      watched->set_label(fmt::format("Watched {}", k % kLabels));
      watched->set_role(v1::PARTICIPANT_ROLE_OTHER);
    }
    const absl::Time due = start + absl::Seconds(static_cast<double>(i) / load.rate);
    absl::SleepFor(due - absl::Now());
    if (!stream->Write(request)) break;
  }
  stream->WritesDone();
  reader.join();
  if (const grpc::Status status = stream->Finish(); !status.ok()) Die(status.error_message());
  return count;
}

double Percentile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

int Run(const Load& load) {
  Tally begun, delivered;
  std::vector<std::unique_ptr<v1::EventService::Stub>> stubs;
  std::vector<std::unique_ptr<Watch>> watches;
  for (int i = 0; i < load.watchers; ++i) {
    if (i % kStreamsAConnection == 0) stubs.push_back(v1::EventService::NewStub(Connect(load)));
    watches.push_back(std::make_unique<Watch>(stubs.back().get(), load, i, &begun, &delivered));
  }
  begun.Wait(load.watchers, absl::Seconds(60));
  if (load.rate == 0) {
    fmt::print("{{\"begun\": {}}}\n", load.watchers);
    std::cout.flush();
    absl::SleepFor(absl::Seconds(load.seconds));
    for (const auto& watch : watches) watch->Cancel();
    return 0;
  }
  const std::int64_t written = Write(load);
  const std::int64_t expected = written / kLabels * load.watchers;
  delivered.Wait(expected, absl::Seconds(60));
  std::vector<double> all;
  for (const auto& watch : watches) {
    watch->Cancel();
    all.insert(all.end(), watch->latencies_ms.begin(), watch->latencies_ms.end());
  }
  std::ranges::sort(all);
  fmt::print(
      "{{\"written\": {}, \"expected\": {}, \"delivered\": {}, \"p50_ms\": {:.2f}, \"p99_ms\": "
      "{:.2f}, \"max_ms\": {:.2f}}}\n",
      written, expected, all.size(), Percentile(all, 0.5), Percentile(all, 0.99), all.back());
  return 0;
}

}  // namespace
}  // namespace annals::bench

int main(int argc, char** argv) {
  annals::bench::Load load;
  CLI::App app("Watches annalsd many times over, and writes into it.");
  app.add_option("--server", load.server)->required();
  app.add_option("--feed", load.feed, "An existing feed's id");
  app.add_option("--watchers", load.watchers)->check(CLI::Range(1, 20'000));
  app.add_option("--rate", load.rate, "Events a second; 0 only watches, without a filter");
  app.add_option("--seconds", load.seconds);
  app.add_option("--batch", load.batch, "Rows a message");
  app.add_option("--first", load.first, "Index of the first event");
  CLI11_PARSE(app, argc, argv);
  return annals::bench::Run(load);
}

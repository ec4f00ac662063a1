// Sends generated events into a running annalsd and prints how long that took: what tests/bench/
// ingest runs. One line of JSON: events, seconds (from the first message to the last answer), and
// with --unary the latencies of single upserts.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/time/clock.h"
#include "clients/cpp/client.h"
#include "clients/cpp/grpc_connection.h"
#include "fmt/format.h"
#include "tests/bench/event_generator.h"

namespace annals::bench {
namespace {

constexpr std::uint64_t kSeed = 1;

struct Load {
  std::string server;
  std::string feed = "bench";
  int clients = 1;
  int batch = 1'000;
  int window = 4;
  std::int64_t first = 0;
  std::int64_t count = 100'000;
  bool unary = false;
};

[[noreturn]] void Die(const absl::Status& status) {
  std::cerr << "ingest_load: " << status << "\n";
  std::exit(1);
}

client::Client Connect(const Load& load) {
  auto connection = client::MakeGrpcConnection({.server = load.server});
  if (!connection.ok()) Die(connection.status());
  return client::Client(*connection);
}

// The rows of one client, made beforehand: making them is not what is measured.
std::vector<v1::IngestEventsRequest> MakeBatches(const Load& load, int client) {
  const EventGenerator generator(load.feed, kSeed);
  std::vector<v1::IngestEventsRequest> batches;
  const std::int64_t share = load.count / load.clients;
  const std::int64_t first = load.first + client * share;
  for (std::int64_t i = 0; i < share; ++i) {
    if (i % load.batch == 0) batches.emplace_back();
    *batches.back().mutable_batch()->add_rows()->mutable_event() = generator.Make(first + i);
  }
  return batches;
}

void Stream(const Load& load, std::vector<v1::IngestEventsRequest> batches) {
  std::int64_t refused = 0;
  client::IngestStreamOptions options;
  options.window_batches = load.window;
  options.on_ack = [&](const auto& /*request*/, const auto& answer) {
    refused += answer.counts().invalid();
  };
  const auto stream = Connect(load).IngestEvents(std::move(options));
  for (auto& batch : batches) {
    if (auto sent = stream->Send(std::move(batch)); !sent.ok()) Die(sent);
  }
  if (auto done = stream->Finish(); !done.ok()) Die(done);
  if (refused > 0) Die(absl::InternalError(fmt::format("{} rows were refused", refused)));
}

void Unary(const Load& load, const std::vector<v1::IngestEventsRequest>& batches,
           std::vector<double>* latencies_ms) {
  const client::Client client = Connect(load);
  for (const auto& batch : batches) {
    v1::BatchUpsertEventsRequest request;
    *request.mutable_rows() = batch.batch().rows();
    const absl::Time start = absl::Now();
    const auto response = client.BatchUpsertEvents(request);
    if (!response.ok()) Die(response.status());
    latencies_ms->push_back(absl::ToDoubleMilliseconds(absl::Now() - start));
  }
}

double Percentile(std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

int Run(const Load& load) {
  std::vector<std::vector<v1::IngestEventsRequest>> batches;
  for (int client = 0; client < load.clients; ++client) {
    batches.push_back(MakeBatches(load, client));
  }
  std::vector<std::vector<double>> latencies(batches.size());
  std::vector<std::thread> threads;
  const absl::Time start = absl::Now();
  for (std::size_t i = 0; i < batches.size(); ++i) {
    threads.emplace_back([&, i] {
      if (load.unary) {
        Unary(load, batches[i], &latencies[i]);
      } else {
        Stream(load, std::move(batches[i]));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  std::string extra;
  if (load.unary) {
    std::vector<double> all;
    for (const auto& own : latencies) all.insert(all.end(), own.begin(), own.end());
    std::ranges::sort(all);
    extra = fmt::format(R"(, "p50_ms": {:.3f}, "p99_ms": {:.3f})", Percentile(all, 0.5),
                        Percentile(all, 0.99));
  }
  fmt::print("{{\"events\": {}, \"seconds\": {:.4f}{}}}\n",
             load.count / load.clients * load.clients, seconds, extra);
  return 0;
}

}  // namespace
}  // namespace annals::bench

int main(int argc, char** argv) {
  annals::bench::Load load;
  CLI::App app("Sends generated events into annalsd.");
  app.add_option("--server", load.server)->required();
  app.add_option("--feed", load.feed, "An existing feed's id");
  app.add_option("--clients", load.clients)->check(CLI::Range(1, 256));
  app.add_option("--batch", load.batch, "Rows a message")->check(CLI::Range(1, 5'000));
  app.add_option("--window", load.window, "Messages under way")->check(CLI::Range(1, 64));
  app.add_option("--first", load.first, "Index of the first event");
  app.add_option("--count", load.count, "Events");
  app.add_flag("--unary", load.unary, "BatchUpsertEvents instead of the stream");
  CLI11_PARSE(app, argc, argv);
  return annals::bench::Run(load);
}

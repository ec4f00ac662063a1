// Fills a feed, lists it and follows it: follow_feed ADDRESS FEED, where FEED is an id.
#include <iostream>
#include <memory>
#include <string>
#include <variant>

#include "annals/client/client.h"
#include "annals/client/grpc_connection.h"

namespace {

namespace client = annals::client;
namespace v1 = annals::v1;

absl::Status CreateFeed(const client::Client& record, const std::string& feed) {
  v1::Feed described;
  described.set_name("feeds/" + feed);
  described.set_title("An example");
  described.set_licence("CC0-1.0");
  const absl::Status status = record.CreateFeed(described).status();
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

v1::Event Battle(const std::string& feed, int number) {
  v1::Event event;
  event.set_name("feeds/" + feed + "/events/battle-" + std::to_string(number));
  event.set_kind(v1::EVENT_KIND_BATTLE);
  event.set_title("Battle " + std::to_string(number));
  event.mutable_occurred()->mutable_start()->set_seconds(1'736'640'000 + 86'400 * number);
  event.mutable_occurred()->mutable_end()->set_seconds(1'736'640'000 + 86'400 * (number + 1));
  event.mutable_occurred()->set_precision(v1::TIME_PRECISION_DAY);
  return event;
}

// Sends battles [first, last) in a batch each. Running it again changes nothing.
absl::Status Fill(const client::Client& record, const std::string& feed, int first, int last) {
  client::IngestStreamOptions options;
  options.on_ack = [](const v1::IngestEventsRequest&, const v1::IngestEventsResponse& answer) {
    for (const v1::RowResult& row : answer.results()) std::cerr << row.message() << "\n";
  };
  const std::unique_ptr<client::IngestStream> stream = record.IngestEvents(options);
  for (int number = first; number < last; ++number) {
    v1::IngestEventsRequest request;
    *request.mutable_batch()->add_rows()->mutable_event() = Battle(feed, number);
    if (absl::Status status = stream->Send(std::move(request)); !status.ok()) return status;
  }
  return stream->Finish();
}

// Prints what the feed holds, adds to it, and prints what changed by that.
absl::Status Follow(const client::Client& record, const std::string& feed) {
  v1::EventFilter filter;
  filter.add_feeds("feeds/" + feed);
  const std::unique_ptr<client::FollowStream> follow = record.FollowEvents(filter);
  while (true) {
    const auto next = follow->Next();
    if (!next.ok()) return next.status();
    if (!*next) return absl::OkStatus();  // Cancelled below.
    if (const auto* event = std::get_if<v1::Event>(&**next)) {
      std::cout << "listed " << event->title() << std::endl;
    } else if (std::holds_alternative<client::ListingEnd>(**next)) {
      std::cout << "following" << std::endl;
      if (absl::Status status = Fill(record, feed, 3, 4); !status.ok()) return status;
    } else {
      for (const v1::EventChange& change : std::get<v1::WatchEventsResponse>(**next).changes()) {
        std::cout << v1::ChangeKind_Name(change.kind()) << " " << change.event().title()
                  << std::endl;
        follow->Cancel();
      }
    }
  }
}

absl::Status Run(const std::string& server, const std::string& feed) {
  const auto connection = client::MakeGrpcConnection({.server = server});
  if (!connection.ok()) return connection.status();
  const client::Client record(*connection);
  absl::Status status = CreateFeed(record, feed);
  if (status.ok()) status = Fill(record, feed, 0, 3);
  return status.ok() ? Follow(record, feed) : status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: follow_feed ADDRESS FEED\n";
    return 2;
  }
  const absl::Status status = Run(argv[1], argv[2]);
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}

// A watch as a client holds it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "annals/v1/event_service.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "tests/support/failure.h"
#include "tests/support/watch_validators.h"

namespace annals::testing {

class WatchStream {
 public:
  // `token`: of the caller, where it is asked who calls. A stream that says nothing for a minute
  // fails.
  WatchStream(annals::v1::EventService::Stub& events, const annals::v1::WatchEventsRequest& request,
              const std::string& token = "",
              std::chrono::milliseconds time_max = std::chrono::minutes(1)) {
    context_.set_deadline(std::chrono::system_clock::now() + time_max);
    if (!token.empty()) context_.AddMetadata("authorization", "Bearer " + token);
    reader_ = events.WatchEvents(&context_, request);
  }
  // Cuts it.
  ~WatchStream() { Cut(); }
  WatchStream(const WatchStream&) = delete;
  WatchStream& operator=(const WatchStream&) = delete;

  // The next message; none where the stream has ended.
  std::optional<annals::v1::WatchEventsResponse> Next() {
    annals::v1::WatchEventsResponse message;
    if (!reader_->Read(&message)) return std::nullopt;
    position_ = message.position();
    return message;
  }
  // The next one that is no checkpoint.
  std::optional<annals::v1::WatchEventsResponse> NextChanges() {
    auto message = Next();
    while (message && message->changes().empty()) message = Next();
    return message;
  }
  // The changes of the next such message, as ChangesOf says.
  std::vector<std::string> NextTexts() {
    const auto message = NextChanges();
    return message ? ChangesOf({*message}) : std::vector<std::string>{"the end"};
  }
  // Reads until it ends; what it failed with.
  Failure End() {
    while (Next()) continue;
    return FailureOf(Finish());
  }
  // Of the last message.
  [[nodiscard]] const std::string& position() const { return position_; }

  void Cut() {
    if (finished_) return;
    context_.TryCancel();
    while (Next()) continue;
    (void)Finish();
  }

 private:
  grpc::Status Finish() {
    finished_ = true;
    return reader_->Finish();
  }

  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<annals::v1::WatchEventsResponse>> reader_;
  std::string position_;
  bool finished_ = false;
};

}  // namespace annals::testing

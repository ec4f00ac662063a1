// Prints what a watch tells, each line as it comes.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "annals/v1/event_service.pb.h"
#include "clients/cli/session.h"

namespace annals::cli {

class WatchPrinter {
 public:
  virtual ~WatchPrinter() = default;

  // An event that matched before the changes.
  virtual void AddExisting(const v1::Event& event) = 0;
  // A change; a watch from `position` goes on behind it, or with the write that it is part of.
  virtual void AddChange(const v1::EventChange& change, const std::string& position,
                         const google::protobuf::Timestamp& commit_time) = 0;
  // All up to `position` was printed.
  virtual void AddPosition(const std::string& position) = 0;
  // Prints what is held back.
  virtual void Flush() = 0;
};

// A usage error for formats that an end would have to close: json and geojson.
[[nodiscard]] absl::StatusOr<std::unique_ptr<WatchPrinter>> MakeWatchPrinter(
    const Session& session);

}  // namespace annals::cli

// Streams batches of events into a server, fast and safely.
//
// A few batches are in flight at a time (a window); their acknowledgements come back in order.
// Where the server goes away, or asks to wait, the stream connects anew and sends every batch that
// was not acknowledged again, in their order. The contract makes that safe: content that is already
// there changes nothing, and a batch that did go in gets its first answer again by its batch_id,
// which is given here to each that has none.
//
// Used by one thread, on which `on_ack` runs too. A background thread only reads.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "clients/cpp/connection.h"
#include "clients/cpp/retry_policy.h"

namespace annals::client {

struct IngestStreamOptions {
  // Called for every message sent, in order: what was sent, and the answer. Everything it says is
  // durable.
  std::function<void(const v1::IngestEventsRequest&, const v1::IngestEventsResponse&)> on_ack = {};
  // Called once each time the call ended early, and why, before the stream tries to connect anew.
  std::function<void(const absl::Status&)> on_reconnect = {};
  // How many messages may wait for their answer.
  int window_batches = 4;
  // How long an answer may take, and how long the stream tries to connect anew without getting
  // further.
  absl::Duration progress_timeout = absl::Minutes(2);
  // False to give up with UNAVAILABLE where the server goes away once something was acknowledged.
  // Needed with a ReleaseEnd, which counts the rows of *one* call: begin again from the first row
  // instead.
  bool resume = true;
  RetryPolicy retry{{.attempts_max = 1'000}};
  // What batch ids begin with, before "-" and the number of the message in the stream, from 0; 1 to
  // 100 visible ASCII characters. Empty for a random one. Give your own only to send the same
  // batches again in a later run.
  std::string stream_id = {};
};

class IngestStream {
 public:
  IngestStream(std::shared_ptr<Connection> connection, IngestStreamOptions options);
  // Cancels what is under way: unacknowledged batches may or may not have gone in.
  ~IngestStream();
  IngestStream(const IngestStream&) = delete;
  IngestStream& operator=(const IngestStream&) = delete;

  // Sends a message; waits for acknowledgements while the window is full. An error is final: every
  // later call answers it again, and what was not acknowledged may or may not have gone in.
  [[nodiscard]] absl::Status Send(v1::IngestEventsRequest request);

  // Waits for every acknowledgement and ends the call. REQUIRES: called once, as the last.
  [[nodiscard]] absl::Status Finish();

 private:
  struct Call;

  absl::Status DeliverOrFail(std::size_t unacknowledged_max);
  absl::Status Deliver(std::size_t unacknowledged_max);
  absl::Status Recover();
  void Close();

  const std::shared_ptr<Connection> connection_;
  const IngestStreamOptions options_;
  std::unique_ptr<Call> call_;
  std::deque<v1::IngestEventsRequest> unacknowledged_;
  const std::string stream_id_;
  std::int64_t sent_ = 0;  // Messages, once each.
  bool acknowledged_any_ = false;
  StreamRetries retries_;
  absl::Status failure_;
};

}  // namespace annals::client

// What a stream of IngestEvents does with each of its messages.
//
// Not thread-safe: one message is started after the other. `backend` and `call` must outlive it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "annals/v1/ingest_service.pb.h"
#include "service/backend.h"
#include "service/call.h"
#include "service/validate/event_validator.h"

namespace annals::service {

// Rows that one stream may name before its release end.
inline constexpr std::size_t kStreamRowsMax = 20'000'000;

class IngestSession {
 public:
  using Respond = service::Respond<annals::v1::IngestEventsResponse>;

  IngestSession(const Backend& backend, const Call& call) : backend_(backend), call_(call) {}

  // Starts one message, and may do so before the answers to those before have come; a release end
  // REQUIRES them. Where it answers OK, `respond` was called or will be, once, from any thread,
  // with the answer or with what the store failed with; it must not block. `malformed_fields` are
  // strings of the message that are not UTF-8 (service/message_parser.h): rows that have any are
  // INVALID. INVALID_ARGUMENT: REQUIRED, BATCH_TOO_LARGE, BAD_BATCH_ID, BATCH_ID_AND_VALIDATE_ONLY,
  // BATCH_ID_REUSED, INVALID_UTF8 (outside rows), BAD_NAME, UNKNOWN_FEED, SHARE_RANGE;
  // FAILED_PRECONDITION: AFTER_RELEASE_END, and what the store says of a release end;
  // RESOURCE_EXHAUSTED: STREAM_TOO_LONG, TOO_MANY_ROWS, WRITE_QUEUE_FULL; PERMISSION_DENIED:
  // FEED_NOT_YOURS (of a release end; rows have results of their own).
  [[nodiscard]] absl::Status Start(const std::vector<std::string>& malformed_fields,
                                   annals::v1::IngestEventsRequest* request, Respond respond);

 private:
  [[nodiscard]] absl::Status StartBatch(storage::CallContext context,
                                        const std::vector<std::string>& malformed_fields,
                                        annals::v1::EventBatch* batch, Respond respond);
  [[nodiscard]] absl::Status AnswerReleaseEnd(const storage::CallContext& context,
                                              const annals::v1::ReleaseEnd& end,
                                              const Respond& respond);
  // Remembers the names of the rows, valid or not.
  [[nodiscard]] absl::Status NoteNames(const annals::v1::EventBatch& batch);
  // One status for each row.
  [[nodiscard]] std::vector<absl::Status> CheckRows(
      const EventValidator& validator, const std::vector<std::string>& malformed_fields,
      annals::v1::EventBatch* batch) const;

  const Backend& backend_;
  const Call& call_;
  std::vector<std::int64_t> named_ids_;
  bool release_ended_ = false;
};

}  // namespace annals::service

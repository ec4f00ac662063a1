// What a stream of IngestEvents does with each of its messages.
//
// Not thread-safe: one message after the other. `backend` and `call` must outlive it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "annals/v1/ingest_service.pb.h"
#include "service/backend.h"
#include "service/call.h"

namespace annals::service {

// Rows that one stream may name before its release end.
inline constexpr std::size_t kStreamRowsMax = 20'000'000;

class IngestSession {
 public:
  IngestSession(const Backend& backend, const Call& call) : backend_(backend), call_(call) {}

  // Answers one message. `malformed_fields` are its strings that are not UTF-8
  // (service/message_parser.h): rows that have any are INVALID. INVALID_ARGUMENT: REQUIRED,
  // BATCH_TOO_LARGE, INVALID_UTF8 (outside rows), BAD_NAME, UNKNOWN_FEED, SHARE_RANGE;
  // FAILED_PRECONDITION: AFTER_RELEASE_END, and what the store says of a release end;
  // RESOURCE_EXHAUSTED: STREAM_TOO_LONG, TOO_MANY_ROWS; PERMISSION_DENIED: FEED_NOT_YOURS (of a
  // release end; rows have results of their own).
  [[nodiscard]] absl::Status Answer(const std::vector<std::string>& malformed_fields,
                                    annals::v1::IngestEventsRequest* request,
                                    annals::v1::IngestEventsResponse* response);

 private:
  [[nodiscard]] absl::Status AnswerBatch(const storage::CallContext& context,
                                         const std::vector<std::string>& malformed_fields,
                                         annals::v1::EventBatch* batch,
                                         annals::v1::IngestEventsResponse* response);
  [[nodiscard]] absl::Status AnswerReleaseEnd(const storage::CallContext& context,
                                              const annals::v1::ReleaseEnd& end,
                                              annals::v1::IngestEventsResponse* response);
  // Remembers the names of the rows, valid or not.
  [[nodiscard]] absl::Status NoteNames(const annals::v1::EventBatch& batch);
  // Stores the rows that are valid and answers for all.
  [[nodiscard]] absl::Status Store(const storage::CallContext& context,
                                   const std::vector<absl::Status>& statuses,
                                   annals::v1::EventBatch* batch,
                                   annals::v1::IngestEventsResponse* response) const;

  const Backend& backend_;
  const Call& call_;
  std::vector<std::int64_t> named_ids_;
  bool release_ended_ = false;
};

}  // namespace annals::service

// Summaries and revisions between the storage port and annals.v1.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "annals/v1/event_service.pb.h"
#include "service/token_codec.h"
#include "storage/event_query.h"
#include "storage/event_store.h"

namespace annals::service {

inline constexpr int kDimensionsMax = 2;

// INVALID_ARGUMENT: TOO_MANY_VALUES, REQUIRED, UNKNOWN_VALUE, DUPLICATE_DIMENSION.
[[nodiscard]] absl::StatusOr<std::vector<storage::Dimension>> TakeDimensions(
    const annals::v1::SummarizeEventsRequest& request);

void FillSummary(const storage::Summary& summary, annals::v1::SummarizeEventsResponse* response);

// Fills the revisions that fit a page's bytes, at least one. Answers the number of the revision to
// go on with, if any.
std::optional<std::int64_t> FillRevisions(const storage::RevisionPage& page,
                                          const TokenCodec& tokens,
                                          annals::v1::ListEventRevisionsResponse* response);

}  // namespace annals::service

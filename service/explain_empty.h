// Says why nothing matches a filter, by asking the store what would match if a part of it were not
// there.
#pragma once

#include "annals/v1/event_filter.pb.h"
#include "annals/v1/event_service.pb.h"
#include "service/backend.h"
#include "storage/event_store.h"

namespace annals::service {

// At most so many further questions for one empty answer.
inline constexpr int kExplainQuestionsMax = 24;
// They take no longer than this together, and no longer than half of what is left of the deadline.
inline constexpr absl::Duration kExplainTimeMax = absl::Seconds(2);

// Something that was asked, and found nothing.
struct EmptyAnswer {
  const annals::v1::EventFilter& filter;
  storage::Position position;  // what the answer is current through
  bool as_of = false;          // whether the request named it
};

using EmptyReasons = google::protobuf::RepeatedPtrField<annals::v1::EmptyReason>;

// Adds the reasons that are found. Never fails: where a question cannot be answered, those found
// before it are all. Sees what the context's caller sees.
void ExplainEmpty(const Backend& backend, const storage::CallContext& context,
                  const EmptyAnswer& answer, EmptyReasons* reasons);

}  // namespace annals::service

// Checks feeds and actors before they cross the storage port. Thread-safe.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "annals/v1/catalog_service.pb.h"
#include "service/validate/reference_checker.h"

namespace annals::service {

// INVALID_ARGUMENT, fields below "feed": BAD_NAME, REQUIRED, TOO_LONG, UNKNOWN_RELIABILITY,
// UNKNOWN_VALUE, TOO_MANY_VALUES, READERS_OF_PUBLIC, BAD_READER.
[[nodiscard]] absl::Status ValidateFeed(const annals::v1::Feed& feed);

// INVALID_ARGUMENT, fields below "actor": BAD_NAME, REQUIRED, TOO_LONG, TOO_MANY_VALUES,
// UNKNOWN_VALUE, BAD_LANGUAGE, UNKNOWN_ACTOR, UNKNOWN_REGION, EMPTY_RANGE, OWN_PARENT.
[[nodiscard]] absl::Status ValidateActor(const annals::v1::Actor& actor,
                                         const storage::Gazetteer& gazetteer,
                                         CatalogSight catalog);

}  // namespace annals::service

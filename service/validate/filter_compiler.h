// Compiles an annals.v1.EventFilter into the question that crosses the storage port: checks every
// part and resolves every name. Thread-safe. What it is made of must outlive it.
#pragma once

#include "absl/status/statusor.h"
#include "annals/v1/event_filter.pb.h"
#include "service/catalog_snapshot.h"
#include "storage/event_query.h"
#include "storage/gazetteer.h"

namespace annals::service {

class FilterCompiler {
 public:
  FilterCompiler(const storage::Gazetteer& gazetteer, CatalogSight catalog)
      : gazetteer_(gazetteer), catalog_(catalog) {}

  // INVALID_ARGUMENT with the first wrong field as a path from the filter: the reasons of
  // storage/geo/area.h and field_checker.h, BAD_NAME, UNKNOWN_REGION, UNKNOWN_ACTOR, UNKNOWN_FEED,
  // UNKNOWN_KIND, DURATION_RANGE, DISTANCE_RANGE, NO_WORDS, TOO_MANY_WORDS.
  [[nodiscard]] absl::StatusOr<storage::EventQuery> Compile(
      const annals::v1::EventFilter& filter) const;

 private:
  const storage::Gazetteer& gazetteer_;
  CatalogSight catalog_;
};

}  // namespace annals::service

// A FieldChecker that also knows what exists: feeds, actors, regions.
#pragma once

#include <string_view>

#include "service/catalog_snapshot.h"
#include "service/validate/field_checker.h"
#include "storage/gazetteer.h"

namespace annals::service {

class ReferenceChecker : public FieldChecker {
 public:
  ReferenceChecker(const storage::Gazetteer& gazetteer, CatalogSight catalog)
      : gazetteer_(gazetteer), catalog_(catalog) {}

  // Of `feeds/{feed}`: REQUIRED, BAD_NAME, UNKNOWN_FEED.
  void Feed(std::string_view field, std::string_view name);
  // Of `actors/{actor}`: nothing where empty, else BAD_NAME, UNKNOWN_ACTOR.
  void Actor(std::string_view field, std::string_view name);
  // Of `regions/{code}`: nothing where empty, else BAD_NAME, UNKNOWN_REGION.
  void Region(std::string_view field, std::string_view name);
  // Of `feeds/{feed}/events/{event}`, which may not exist: REQUIRED, BAD_NAME.
  void EventReference(std::string_view field, std::string_view name);

  [[nodiscard]] const CatalogSight& catalog() const { return catalog_; }

 private:
  const storage::Gazetteer& gazetteer_;
  CatalogSight catalog_;
};

}  // namespace annals::service

// The catalogue that the service's unit tests refer to.
#pragma once

#include <string>
#include <vector>

#include "service/catalog_snapshot.h"
#include "storage/time_span.h"
#include "tests/support/event_builder.h"

namespace annals::testing {

inline annals::v1::Actor MakeActor(const std::string& id, const std::string& title,
                                   const std::string& alias = "") {
  annals::v1::Actor actor;
  actor.set_name("actors/" + id);
  actor.set_title(title);
  actor.set_kind(annals::v1::ACTOR_KIND_STATE_FORCE);
  if (!alias.empty()) actor.add_aliases()->set_text(alias);
  return actor;
}

// Feeds "f" and "g". Actors: state > army > brigade (since 2025-01-01) > battalion (until
// 2025-02-01), and "navy" alone.
inline const service::CatalogSnapshot& TestCatalog() {
  static const service::CatalogSnapshot catalog(1, {{.feed = "f"}, {.feed = "g"}}, [] {
    std::vector<annals::v1::Actor> actors = {
        MakeActor("state", "The State", "Держава"), MakeActor("army", "The Army", "Армія"),
        MakeActor("brigade", "First Brigade"), MakeActor("battalion", "First Battalion"),
        MakeActor("navy", "The Navy")};
    actors[1].add_parents()->set_parent("actors/state");
    actors[2].add_parents()->set_parent("actors/army");
    *actors[2].mutable_parents(0)->mutable_validity()->mutable_start() =
        storage::ToTimestamp(At("2025-01-01"));
    actors[3].add_parents()->set_parent("actors/brigade");
    *actors[3].mutable_parents(0)->mutable_validity()->mutable_end() =
        storage::ToTimestamp(At("2025-02-01"));
    return actors;
  }());
  return catalog;
}

// The same, seen by a caller without rights of its own.
inline service::CatalogSight TestSight() {
  static const storage::Visibility kPublic;
  return {TestCatalog(), kPublic};
}

}  // namespace annals::testing

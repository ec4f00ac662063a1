// What handlers work with. Everything outlives the server and is thread-safe.
#pragma once

#include "absl/time/time.h"
#include "service/auth/gate.h"
#include "service/catalog_snapshot.h"
#include "service/executor.h"
#include "service/token_codec.h"
#include "storage/catalog_store.h"
#include "storage/change_log.h"
#include "storage/event_store.h"
#include "storage/gazetteer.h"
#include "storage/name_resolver.h"

namespace annals::service {

struct Backend {
  storage::EventStore* events;
  storage::CatalogStore* catalog;
  storage::ChangeLog* changes;
  const storage::Gazetteer* gazetteer;
  const storage::NameResolver* region_resolver;
  CatalogCache* catalog_cache;
  const TokenCodec* tokens;
  Gate* gate;
  Executor* executor;
  absl::Time start_time;
};

}  // namespace annals::service

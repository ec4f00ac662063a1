// EventStore in PostgreSQL with PostGIS. Questions go by the access paths of question_planner.h,
// writes through event_writer.h.
//
// REQUIRES: the database was prepared (store_setup.h). Pool and gazetteer must outlive the store.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/event_store.h"
#include "storage/postgres/connection_pool.h"
#include "storage/postgres/event_writer.h"
#include "storage/postgres/feed_directory.h"

namespace annals::storage {

class Gazetteer;

class PostgresEventStore : public EventStore {
 public:
  // Reads use the pool; writes a connection of their own to the same database. `committed`, where
  // given, is called with the newest position after each write, from any thread.
  PostgresEventStore(ConnectionPool* pool, const Gazetteer* gazetteer,
                     std::function<void(Position)> committed = {});

  absl::StatusOr<FoundEvents> GetEvents(const CallContext& context,
                                        const std::vector<EventName>& names,
                                        const Snapshot& snapshot) override;
  absl::StatusOr<EventPage> ListEvents(const CallContext& context, const EventQuery& query,
                                       const PageSpec& page, const Snapshot& snapshot) override;
  absl::StatusOr<Summary> SummarizeEvents(const CallContext& context, const EventQuery& query,
                                          const std::vector<Dimension>& dimensions,
                                          const Snapshot& snapshot) override;
  absl::StatusOr<RevisionPage> ListRevisions(const CallContext& context, const EventName& name,
                                             std::optional<std::int64_t> from_revision,
                                             int limit) override;
  absl::StatusOr<Position> PositionAt(const CallContext& context, absl::Time time) override;
  absl::StatusOr<StoreInfo> Info(const CallContext& context) override;

  void StartUpsert(const CallContext& context, std::vector<UpsertRow> rows,
                   const UpsertOptions& options, UpsertDone done) override {
    writer_.StartUpsert(context, std::move(rows), options, std::move(done));
  }
  absl::StatusOr<RetractReceipt> RetractEvent(const CallContext& context, const EventName& name,
                                              std::string_view reason, std::string_view etag,
                                              bool validate_only) override;
  absl::StatusOr<AdvanceReceipt> AdvanceOffer(const CallContext& context, const EventName& name,
                                              const annals::v1::OfferStep& step,
                                              std::string_view etag, bool validate_only) override;
  absl::StatusOr<ReleaseReceipt> RetractAbsent(const CallContext& context, std::string_view feed,
                                               const std::vector<std::int64_t>& kept_ids,
                                               std::string_view reason, double share_max,
                                               bool validate_only) override;
  absl::StatusOr<MergeReceipt> MergeEvents(const CallContext& context, const MergeOrder& order,
                                           bool validate_only) override {
    return writer_.Merge(context, order, validate_only);
  }
  absl::StatusOr<MergeReceipt> UnmergeEvents(const CallContext& context,
                                             const std::vector<EventName>& names,
                                             std::string_view reason, bool validate_only) override {
    return writer_.Unmerge(context, names, reason, validate_only);
  }
  absl::StatusOr<RetractReceipt> RedactEvent(const CallContext& context, const EventName& name,
                                             std::string_view reason, bool validate_only) override {
    return writer_.Redact(context, name, reason, validate_only);
  }
  absl::StatusOr<DeletionReceipt> DeleteFeed(const CallContext& context, std::string_view feed,
                                             std::string_view reason, bool purge,
                                             bool validate_only) override {
    return writer_.DeleteFeed(context, feed, reason, purge, validate_only);
  }

 private:
  ConnectionPool& pool_;
  const Gazetteer& gazetteer_;
  FeedDirectory feeds_;
  EventWriter writer_;
};

}  // namespace annals::storage

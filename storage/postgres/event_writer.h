// The write path of PostgresEventStore. One write at a time in the whole database: each takes an
// advisory transaction lock, so that positions are dense and become visible in their order.
//
// Thread safe; writers of one process wait for each other on a connection of their own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "storage/event_store.h"
#include "storage/postgres/connection_pool.h"
#include "storage/postgres/feed_directory.h"
#include "storage/postgres/staging.h"

namespace annals::storage {

class Gazetteer;

class EventWriter {
 public:
  // Both must outlive the writer.
  EventWriter(std::string connection_string, const Gazetteer* gazetteer, FeedDirectory* feeds,
              std::function<void(Position)> committed);

  // As EventStore says of its methods.
  void StartUpsert(const CallContext& context, std::vector<UpsertRow> rows,
                   const UpsertOptions& options, EventStore::UpsertDone done);
  absl::StatusOr<RetractReceipt> Retract(const CallContext& context, const EventName& name,
                                         std::string_view reason, std::string_view etag,
                                         bool validate_only);
  absl::StatusOr<AdvanceReceipt> Advance(const CallContext& context, const EventName& name,
                                         const annals::v1::OfferStep& step, std::string_view etag,
                                         bool validate_only);
  absl::StatusOr<ReleaseReceipt> RetractAbsent(const CallContext& context, std::string_view feed,
                                               const std::vector<std::int64_t>& kept_ids,
                                               std::string_view reason, double share_max,
                                               bool validate_only);
  // In merge_writer.cc.
  absl::StatusOr<MergeReceipt> Merge(const CallContext& context, const MergeOrder& order,
                                     bool validate_only);
  absl::StatusOr<MergeReceipt> Unmerge(const CallContext& context,
                                       const std::vector<EventName>& names, std::string_view reason,
                                       bool validate_only);
  // In removal_writer.cc.
  absl::StatusOr<RetractReceipt> Redact(const CallContext& context, const EventName& name,
                                        std::string_view reason, bool validate_only);
  absl::StatusOr<DeletionReceipt> DeleteFeed(const CallContext& context, std::string_view feed,
                                             std::string_view reason, bool purge,
                                             bool validate_only);

 private:
  // The state of the record that a write begins with, under the lock.
  struct Start {
    Position head;
    Micros time = 0;  // of the position that the write takes
  };
  struct Write {
    Transaction& transaction;
    const Start& start;
    const SeenFeeds& feeds;  // by the caller
    RevisionWriter& revisions;
    std::string subject;  // what was deleted, such as feeds/x
  };

  // Runs `body` under the lock; it adds its revisions and may run more than once. Where it added
  // any, or names a subject, they take the next position, and the audit notes caller, reason and
  // subject. Answers the position that the record is at then.
  absl::StatusOr<Position> RunWrite(const CallContext& context, std::string_view reason,
                                    absl::FunctionRef<absl::Status(Write&)> body);
  // Whether the write that `request_id` names took `position`, once no one else holds the lock.
  absl::StatusOr<bool> WasCommitted(Position position, const std::string& request_id);

  // The current rows of the events named, in their order. EVENT_NOT_FOUND.
  static absl::StatusOr<std::vector<StagedEvent>> ReadNamed(Write& write,
                                                            const std::vector<EventName>& names);

  struct Incoming;
  // What can be done before the lock is held. DEADLINE_EXCEEDED.
  absl::StatusOr<UpsertReceipt> Upsert(const CallContext& context, std::vector<UpsertRow> rows,
                                       const UpsertOptions& options);
  absl::StatusOr<std::vector<Incoming>> Prepare(const CallContext& context,
                                                std::vector<UpsertRow> rows) const;
  absl::Status UpsertInto(Write& write, std::vector<Incoming>& rows, const UpsertOptions& options,
                          UpsertReceipt* receipt) const;

  ConnectionPool pool_;  // of one connection
  const Gazetteer* const gazetteer_;
  FeedDirectory& feeds_;
  const std::function<void(Position)> committed_;
};

}  // namespace annals::storage

// The write path of PostgresEventStore. One write at a time in the whole database: each transaction
// takes an advisory lock, so that positions are dense and become visible in their order.
//
// Upserts that wait share a transaction, each with a position, a line of the audit and an answer of
// its own (write_queue.h says which, and in what order); other writes have one of their own.
//
// Thread safe; all transactions are made by one thread on a connection of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "storage/event_store.h"
#include "storage/postgres/connection_pool.h"
#include "storage/postgres/feed_directory.h"
#include "storage/postgres/position_taker.h"
#include "storage/postgres/staging.h"
#include "storage/postgres/write_queue.h"

namespace annals::storage {

class Gazetteer;

class EventWriter {
 public:
  // Gazetteer and feeds must outlive the writer. `committed`: see PostgresEventStore.
  EventWriter(std::string connection_string, const Gazetteer* gazetteer, FeedDirectory* feeds,
              std::function<void(Position)> committed = {});

  // As EventStore says of its methods.

  // In upsert_writer.cc.
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
  struct Write {
    Transaction& transaction;
    const WriteStart& start;
    const SeenFeeds& feeds;  // by the caller
    RevisionWriter& revisions;
    std::string subject;  // what was deleted, such as feeds/x
  };
  using WriteBody = absl::FunctionRef<absl::Status(Write&)>;

  // Runs `body` under the lock when its turn comes; it adds its revisions and may run more than
  // once. Where it added any, or names a subject, they take the next position, and the audit notes
  // caller, reason and subject. Answers the position that the record is at then.
  absl::StatusOr<Position> RunWrite(const CallContext& context, std::string_view reason,
                                    WriteBody body);
  absl::StatusOr<Position> RunAlone(const CallContext& context, std::string_view reason,
                                    WriteBody body);
  // Runs `body` in a transaction under the lock; it answers the first position that it took, or
  // that it took none. A commit in doubt is looked up: UNAVAILABLE where nothing was stored.
  absl::Status RunLocked(
      absl::Time deadline,
      absl::FunctionRef<absl::StatusOr<std::optional<Position>>(Transaction&, const WriteStart&)>
          body);
  // Whether the transaction that `writer_id` names took `position`, once no one else holds the
  // lock.
  absl::StatusOr<bool> WasCommitted(Position position, const std::string& writer_id);

  // The current rows of the events named, in their order. EVENT_NOT_FOUND.
  static absl::StatusOr<std::vector<StagedEvent>> ReadNamed(Write& write,
                                                            const std::vector<EventName>& names);

  struct LoneWrite;
  struct UpsertWrite;
  struct UpsertGroup;
  void Make(WriteGroup group);
  // In upsert_writer.cc.
  void MakeUpserts(const WriteGroup& group);
  // Each write has its answer when this is OK.
  absl::Status UpsertTogether(std::span<UpsertWrite* const> writes);
  void UpsertInto(UpsertGroup* group, UpsertWrite* write);

  ConnectionPool pool_;  // of one connection
  const Gazetteer* const gazetteer_;
  FeedDirectory& feeds_;
  const std::function<void(Position)> committed_;
  absl::Time answers_swept_ = absl::InfinitePast();  // used by the queue's thread alone
  WriteQueue queue_;                                 // last: its thread uses all of the above
};

}  // namespace annals::storage

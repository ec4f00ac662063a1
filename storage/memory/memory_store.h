// The reference model of both ports: simple, slow, obviously right. It keeps every revision of
// every event in a map and answers each question by looking at all of them. Tests compare
// PostgreSQL with it; services can be tested on it.
//
// Over budget: three ports and the record behind them.
//
// Thread safety: one mutex. The gazetteer must outlive the store.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "storage/batch_answer.h"
#include "storage/catalog_store.h"
#include "storage/change_log.h"
#include "storage/event_store.h"
#include "storage/upsert_decision.h"

namespace annals::storage {

class Gazetteer;

class MemoryStore : public EventStore, public CatalogStore, public ChangeLog {
 public:
  using Clock = std::function<absl::Time()>;
  // Starts empty but for StarterActors().
  explicit MemoryStore(const Gazetteer* gazetteer, Clock clock = absl::Now);

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
                   const UpsertOptions& options, UpsertDone done) override;
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
                                           bool validate_only) override;
  absl::StatusOr<MergeReceipt> UnmergeEvents(const CallContext& context,
                                             const std::vector<EventName>& names,
                                             std::string_view reason, bool validate_only) override;
  absl::StatusOr<RetractReceipt> RedactEvent(const CallContext& context, const EventName& name,
                                             std::string_view reason, bool validate_only) override;
  absl::StatusOr<DeletionReceipt> DeleteFeed(const CallContext& context, std::string_view feed,
                                             std::string_view reason, bool purge,
                                             bool validate_only) override;

  absl::StatusOr<std::int64_t> CatalogVersion(const CallContext& context) override;
  absl::StatusOr<std::vector<annals::v1::Feed>> ListFeeds(const CallContext& context,
                                                          std::string_view after_feed,
                                                          int limit) override;
  absl::StatusOr<annals::v1::Feed> GetFeed(const CallContext& context,
                                           std::string_view feed) override;
  absl::StatusOr<annals::v1::Feed> CreateFeed(const CallContext& context,
                                              const annals::v1::Feed& feed) override;
  absl::StatusOr<annals::v1::Feed> UpdateFeed(const CallContext& context,
                                              const annals::v1::Feed& feed) override;
  absl::StatusOr<std::vector<annals::v1::Actor>> ListActors(const CallContext& context) override;
  absl::StatusOr<annals::v1::Actor> CreateActor(const CallContext& context,
                                                const annals::v1::Actor& actor) override;
  absl::StatusOr<std::vector<std::string>> TokenKeys(const CallContext& context) override;
  absl::Status RotateTokenKeys(const CallContext& context, bool forget_older) override;

  absl::StatusOr<ChangePage> ReadChanges(const CallContext& context, const ChangeCursor& after,
                                         const ChangeLimits& limits) override;
  absl::StatusOr<RecordHead> WaitForChange(const CallContext& context,
                                           const RecordHead& seen) override;
  void StopWaiting() override;
  absl::StatusOr<Position> LastPurge(const CallContext& context,
                                     const std::vector<std::string>& feeds) override;

 private:
  struct Revision {
    annals::v1::Event event;
    EventColumns columns;
    ContentHash content_hash{};
    std::optional<std::int64_t> source_version;
    Position position;
    Micros update_time = 0;
    bool active = true;
    annals::v1::AuditEntry audit;
  };
  using History = std::vector<Revision>;  // oldest first, never empty
  struct Answer {
    BatchHash hash{};
    UpsertReceipt receipt;
    Micros time = 0;
  };
  struct Purge {
    Position position;
    FeedAccess access;
  };

  static std::string NewStoreId();
  static std::string NewTokenKey();

  // All below: REQUIRES mutex_ held.
  [[nodiscard]] absl::Status CheckRows(const CallContext& context,
                                       const std::vector<UpsertRow>& rows) const;
  [[nodiscard]] absl::StatusOr<UpsertReceipt> Upsert(const CallContext& context,
                                                     std::vector<UpsertRow> rows,
                                                     const UpsertOptions& options);
  [[nodiscard]] absl::StatusOr<UpsertReceipt> UpsertNamed(const CallContext& context,
                                                          std::vector<UpsertRow> rows,
                                                          const UpsertOptions& options);
  [[nodiscard]] absl::StatusOr<Position> Resolve(const Snapshot& snapshot) const;
  [[nodiscard]] static const Revision* InForce(const History& history, Position position);
  // Whether there is such a feed for the caller.
  [[nodiscard]] bool Sees(const CallContext& context, const std::string& feed) const;
  // The event as the caller may see it.
  [[nodiscard]] annals::v1::Event Seen(const CallContext& context, annals::v1::Event event) const;
  // What the caller sees of the event's past; null where that is nothing.
  [[nodiscard]] History* FindHistory(const CallContext& context, const EventName& name);
  [[nodiscard]] std::vector<const Revision*> Find(const CallContext& context,
                                                  const EventQuery& query, Position position) const;
  [[nodiscard]] std::vector<std::string> KeysOf(const CallContext& context, Dimension dimension,
                                                const EventQuery& query,
                                                const EventColumns& event) const;
  [[nodiscard]] Micros NextCommitTime() const;
  void Commit(Micros time) { commit_times_.push_back(time); }
  [[nodiscard]] Position head() const;
  void AppendRetraction(const CallContext& context, std::string_view reason, Micros time,
                        History* history) const;
  // Of each name, in order; EVENT_NOT_FOUND.
  [[nodiscard]] absl::StatusOr<std::vector<annals::v1::Event>> CurrentEvents(
      const CallContext& context, const std::vector<EventName>& names);
  // Adds each as its event's next revision at one position; nothing where there is none.
  void Append(const CallContext& context, std::string_view reason, Micros time,
              std::vector<annals::v1::Event> revisions);
  // Forgets how a feed's participants are spelt, those apart that events of the feed have.
  void ForgetParticipants(const std::string& feed);
  [[nodiscard]] annals::v1::Feed WithCoverage(annals::v1::Feed feed) const;

  const Gazetteer* const gazetteer_;
  const Clock clock_;
  std::mutex mutex_;
  std::map<std::int64_t, History> events_;  // by EventName::Id()
  // key -> feed -> text as first seen there
  std::map<std::int64_t, std::map<std::string, std::string>> participants_;
  std::vector<Micros> commit_times_;                 // of position 1, 2, …
  std::map<std::string, annals::v1::Feed> feeds_;    // by id
  std::map<std::string, annals::v1::Actor> actors_;  // by name
  std::int64_t catalog_version_ = 1;
  std::map<std::pair<std::string, std::string>, Answer> answers_;  // by principal and batch id
  std::vector<Purge> purges_;                                      // oldest first
  bool stopped_waiting_ = false;
  std::condition_variable stop_waiting_;
  const std::string store_id_;
  std::vector<std::string> token_keys_;  // newest first
};

}  // namespace annals::storage

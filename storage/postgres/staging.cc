#include "storage/postgres/staging.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "fmt/format.h"
#include "storage/postgres/binary_copy.h"
#include "storage/postgres/sql_value.h"

namespace annals::storage {
namespace {

constexpr std::size_t kBatchMax = 5'000;  // rows a COPY
constexpr char kPostingColumns[] = "key, occurred_start, event_id, is_long";

struct Posting {
  std::int64_t key = 0;
  Micros start = 0;
  std::int64_t event_id = 0;
  bool is_long = false;
  auto operator<=>(const Posting&) const = default;
};

// What leads to an event that stands.
void AddPostings(const EventColumns& columns, std::vector<Posting>* postings) {
  std::set<std::int64_t> keys(columns.source_keys.begin(), columns.source_keys.end());
  for (const ParticipantColumns& participant : columns.participants) keys.insert(participant.key);
  if (columns.circle) keys.insert(columns.circle->keys.begin(), columns.circle->keys.end());
  const bool is_long = IsLong(columns);
  for (const std::int64_t key : keys) {
    postings->push_back({key, columns.occurred.start, columns.id, is_long});
  }
}

// How participants are spelt, as each feed gave them first.
class Spellings {
 public:
  void Add(std::int32_t feed_id, const EventColumns& columns) {
    for (const ParticipantColumns& participant : columns.participants) {
      if (!known_.emplace(participant.key, feed_id).second) continue;
      keys_.push_back(participant.key);
      feeds_.push_back(feed_id);
      texts_.push_back(participant.text);
    }
  }

  void Put(Transaction& transaction) const {
    if (keys_.empty()) return;
    transaction.RunPrepared(
        "INSERT INTO participant (actor_key, feed_id, text)"
        " SELECT p.actor_key, p.feed_id, p.text"
        " FROM unnest($1::bigint[], $2::int[], $3::text[]) AS p(actor_key, feed_id, text)"
        " ON CONFLICT (actor_key, feed_id) DO NOTHING",
        {ArrayText(keys_), ArrayText(feeds_), ArrayText(texts_)});
  }

 private:
  std::set<std::pair<std::int64_t, std::int32_t>> known_;
  std::vector<std::int64_t> keys_;
  std::vector<std::int32_t> feeds_;
  std::vector<std::string> texts_;
};

// What was current becomes history.
void MoveToHistory(Transaction& transaction) {
  transaction.RunPrepared(fmt::format(
      "INSERT INTO event_revision ({}, until_position, end_time)"
      " SELECT {}, s.position, s.update_time FROM staged_event s JOIN event e ON e.id = s.id",
      EventColumnList(), EventColumnList("e.")));
}

// Of events e with a row s of staged_event, where `condition` on both holds.
void RemovePostings(Transaction& transaction, std::string_view condition) {
  transaction.RunPrepared(fmt::format(
      "DELETE FROM event_posting a USING"
      " (SELECT e.id, e.occurred_start, {} AS key FROM event e"
      "  JOIN staged_event s ON s.id = e.id WHERE {} AND e.state = 1) AS old"
      " WHERE a.key = old.key AND a.occurred_start = old.occurred_start AND a.event_id = old.id",
      PostingKeysOf("e"), condition));
}

// Of the rows s in `from`.
void PutPostings(Transaction& transaction, std::string_view from) {
  transaction.RunPrepared(
      fmt::format("INSERT INTO event_posting ({}) SELECT DISTINCT {}, s.occurred_start, s.id,"
                  " s.is_long FROM {} WHERE s.state = 1",
                  kPostingColumns, PostingKeysOf("s"), from));
}

}  // namespace

std::int64_t& FeedChange::Of(annals::v1::EventState state) {
  switch (state) {
    case annals::v1::EVENT_STATE_RETRACTED:
      return retracted;
    case annals::v1::EVENT_STATE_MERGED:
      return merged;
    default:
      return active;
  }
}

std::string PostingKeysOf(std::string_view row) {
  return fmt::format("unnest({0}.actor_keys || {0}.source_keys || {0}.reach_keys)", row);
}

std::string StagingSetup() {
  return "CREATE TEMPORARY TABLE staged_event (LIKE event) ON COMMIT DELETE ROWS";
}

void RefreshRevisions(Transaction& transaction, const Gazetteer& gazetteer,
                      const std::vector<StagedEvent>& revisions) {
  BinaryCopy copy(&transaction, "staged_event", EventColumnList());
  for (const StagedEvent& staged : revisions) {
    WriteEventRow(staged, DeriveColumns(gazetteer, staged.event), {}, &copy);
  }
  copy.Finish();
  constexpr std::string_view kCurrent = "s.revision = e.revision";
  RemovePostings(transaction, kCurrent);
  for (const std::string_view table : {"event", "event_revision"}) {
    transaction.Run(
        fmt::format("UPDATE {} AS e SET {} FROM staged_event s WHERE e.id = s.id AND {}", table,
                    EventAssignments("s", {"id", "revision", "position"}), kCurrent));
  }
  PutPostings(transaction,
              fmt::format("staged_event s JOIN event e ON e.id = s.id AND {}", kCurrent));
  transaction.Run("DELETE FROM staged_event");
}

RevisionWriter::RevisionWriter(Transaction* transaction, const Gazetteer* gazetteer)
    : transaction_(*transaction), gazetteer_(*gazetteer) {}

void RevisionWriter::Begin(Position position) {
  position_ = position;
  changes_.clear();
}

void RevisionWriter::Add(StagedEvent event, std::optional<annals::v1::EventState> was) {
  owned_.push_back(std::move(event));
  AddKept(&owned_.back(), was);
  if (owned_.size() == kBatchMax) Flush();
}

void RevisionWriter::AddKept(const StagedEvent* event, std::optional<annals::v1::EventState> was) {
  FeedChange& change = changes_[event->feed_id];
  if (was) {
    ++change.superseded;
    --change.Of(*was);
  }
  ++change.Of(event->event.state());
  (was ? next_ : new_).push_back({event, position_});
}

void RevisionWriter::Replace(const std::vector<StagedEvent>& revisions) {
  RefreshRevisions(transaction_, gazetteer_, revisions);
}

void RevisionWriter::PutNew() {
  Spellings spellings;
  std::vector<Posting> postings;
  {
    BinaryCopy copy(&transaction_, "event", EventColumnList());
    for (const Revision& revision : new_) {
      const EventColumns columns = DeriveColumns(gazetteer_, revision.staged->event);
      WriteEventRow(*revision.staged, columns, revision.position, &copy);
      AddPostings(columns, &postings);
      spellings.Add(revision.staged->feed_id, columns);
    }
    copy.Finish();
  }
  if (!postings.empty()) {
    std::ranges::sort(postings);  // near each other in the index
    BinaryCopy copy(&transaction_, "event_posting", kPostingColumns);
    for (const Posting& posting : postings) {
      copy.BeginRow(4);
      copy.Int64(posting.key);
      copy.Timestamp(posting.start);
      copy.Int64(posting.event_id);
      copy.Bool(posting.is_long);
    }
    copy.Finish();
  }
  spellings.Put(transaction_);
}

void RevisionWriter::PutNext() {
  Spellings spellings;
  {
    BinaryCopy copy(&transaction_, "staged_event", EventColumnList());
    for (const Revision& revision : next_) {
      const EventColumns columns = DeriveColumns(gazetteer_, revision.staged->event);
      WriteEventRow(*revision.staged, columns, revision.position, &copy);
      spellings.Add(revision.staged->feed_id, columns);
    }
    copy.Finish();
  }
  MoveToHistory(transaction_);
  RemovePostings(transaction_, "true");
  transaction_.RunPrepared(
      fmt::format("UPDATE event AS e SET {} FROM staged_event s"
                  " WHERE e.id = s.id",
                  EventAssignments("s", {"id"})));
  PutPostings(transaction_, "staged_event s");
  spellings.Put(transaction_);
  transaction_.Run("DELETE FROM staged_event");  // for a next batch of the same transaction
}

void RevisionWriter::Flush() {
  if (!new_.empty()) PutNew();
  if (!next_.empty()) PutNext();
  new_.clear();
  next_.clear();
  owned_.clear();
}

}  // namespace annals::storage

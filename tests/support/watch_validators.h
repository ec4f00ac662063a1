// What a watch promises (W1-W6), each as a check of what a client received. Each answers what is
// wrong first, or nothing.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "annals/v1/event_service.pb.h"
#include "fmt/format.h"
#include "storage/change_log.h"
#include "storage/time_span.h"

namespace annals::testing {

// What a client received, in order; those of streams that were resumed, each with the last position
// of the one before, after each other.
using WatchLog = std::vector<annals::v1::WatchEventsResponse>;

// A change as told: "CREATED feeds/f/events/1 revision 1", "entered" where it entered the filter.
inline std::string TextOf(annals::v1::ChangeKind kind, const annals::v1::Event& event,
                          bool entered) {
  return fmt::format("{} {} revision {}{}",
                     annals::v1::ChangeKind_Name(kind).substr(sizeof("CHANGE_KIND_") - 1),
                     event.name(), event.revision(), entered ? " entered" : "");
}

inline std::vector<std::string> ChangesOf(const WatchLog& log, std::size_t from = 0) {
  std::vector<std::string> changes;
  for (std::size_t i = from; i < log.size(); ++i) {
    for (const auto& change : log[i].changes()) {
      changes.push_back(TextOf(change.kind(), change.event(), change.entered_filter()));
    }
  }
  return changes;
}

// What a watch of the whole log is to be told by the model: `matches` says whether an event that is
// ACTIVE does. Not for what was redacted, nor with include_retracted.
inline std::vector<std::string> ExpectedChanges(
    const std::vector<storage::RecordChange>& log,
    absl::FunctionRef<bool(const annals::v1::Event&)> matches) {
  using namespace annals::v1;  // NOLINT(google-build-using-namespace): kinds and states
  std::vector<std::string> expected;
  const auto stands = [&](const Event& event) {
    return event.state() == EVENT_STATE_ACTIVE && matches(event);
  };
  for (const storage::RecordChange& change : log) {
    const bool is = stands(change.event);
    const bool was = change.before && stands(*change.before);
    if (!is && !was) continue;
    ChangeKind kind = CHANGE_KIND_LEFT_FILTER;
    if (is) {
      kind = change.before ? CHANGE_KIND_UPDATED : CHANGE_KIND_CREATED;
    } else if (change.event.state() == EVENT_STATE_RETRACTED) {
      kind = CHANGE_KIND_RETRACTED;
    } else if (change.event.state() == EVENT_STATE_MERGED) {
      kind = CHANGE_KIND_MERGED;
    }
    expected.push_back(TextOf(kind, change.event, kind == CHANGE_KIND_UPDATED && !was));
  }
  return expected;
}

// Where two lists differ first.
inline std::string Difference(const std::vector<std::string>& actual,
                              const std::vector<std::string>& expected) {
  for (std::size_t i = 0; i < std::max(actual.size(), expected.size()); ++i) {
    const std::string a = i < actual.size() ? actual[i] : "nothing";
    const std::string e = i < expected.size() ? expected[i] : "nothing";
    if (a != e) return fmt::format("change {} of {}: {}, not {}", i, expected.size(), a, e);
  }
  return "";
}

// W1, ordered: by commit; revisions of an event one after the other.
inline std::string CheckOrdered(const WatchLog& log) {
  storage::Micros last = std::numeric_limits<storage::Micros>::min();
  std::map<std::string, std::int64_t> revisions;
  for (const auto& message : log) {
    if (message.changes().empty()) continue;
    const storage::Micros time = storage::ToMicros(message.commit_time());
    if (time < last) return fmt::format("{} comes after {}", time, last);
    last = time;
    for (const auto& change : message.changes()) {
      std::int64_t& revision = revisions[change.event().name()];
      if (change.event().revision() <= revision) {
        return fmt::format("{} after revision {}", TextOf(change.kind(), change.event(), false),
                           revision);
      }
      revision = change.event().revision();
    }
  }
  return "";
}

// W2, unique: no revision twice.
inline std::string CheckUnique(const WatchLog& log) {
  std::set<std::pair<std::string, std::int64_t>> told;
  for (const auto& message : log) {
    for (const auto& change : message.changes()) {
      if (!told.emplace(change.event().name(), change.event().revision()).second) {
        return TextOf(change.kind(), change.event(), false) + " is told twice";
      }
    }
  }
  return "";
}

// W3, reliable: every change that concerns the filter and no other.
inline std::string CheckReliable(const WatchLog& log, const std::vector<std::string>& expected) {
  return Difference(ChangesOf(log), expected);
}

// W4, atomic: a write is one message, or parts that follow each other and say so.
inline std::string CheckAtomic(const WatchLog& log) {
  std::optional<storage::Micros> last;
  bool continues = false;
  for (const auto& message : log) {
    if (message.changes().empty()) {
      if (message.write_continues()) return "a checkpoint continues";
      continue;
    }
    const storage::Micros time = storage::ToMicros(message.commit_time());
    if (continues != (time == last)) {
      return fmt::format("the write of {} is {}", time,
                         continues ? "told where more of another was announced" : "told apart");
    }
    last = time;
    continues = message.write_continues();
  }
  return continues ? "more was announced at the end" : "";
}

// W5, resumable: cut and resumed it is as in one.
inline std::string CheckResumable(const WatchLog& joined, const WatchLog& uncut) {
  return Difference(ChangesOf(joined), ChangesOf(uncut));
}

// W6, bookmarkable: what was told from the position of message `index` on is all that followed it.
inline std::string CheckBookmarkable(const WatchLog& log, std::size_t index,
                                     const WatchLog& resumed) {
  return Difference(ChangesOf(resumed), ChangesOf(log, index + 1));
}

}  // namespace annals::testing

// Who may see what, and on whose behalf a call is made.
//
// One rule: a public feed is seen by all; a restricted one by those whom it names as readers, by
// those who may write to it, and by administrators. What a caller may not see does not exist for
// that caller: both stores hold every answer to Visibility::Sees, so that nothing hidden crosses
// the port.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "annals/v1/catalog_service.pb.h"
#include "annals/v1/event_service.pb.h"
#include "annals/v1/events.pb.h"
#include "storage/time_span.h"

namespace annals::storage {

// What decides who may see a feed.
struct FeedAccess {
  std::string feed;  // id
  bool restricted = false;
  std::vector<std::string> readers;  // `principals/{principal}`, `roles/{role}`
  bool operator==(const FeedAccess&) const = default;
};
[[nodiscard]] FeedAccess AccessOf(const annals::v1::Feed& feed);
// The same of a feed as it is sent to change one: `before` where it does not say.
[[nodiscard]] FeedAccess ChangedAccess(const FeedAccess& before, const annals::v1::Feed& feed);
// Whether a feed is redistributed, once one that was `before` is changed by `feed` as it is sent;
// ALLOWED where neither says.
[[nodiscard]] annals::v1::Redistribution ChangedRedistribution(annals::v1::Redistribution before,
                                                               const annals::v1::Feed& feed);
// Puts it into a feed as it is answered.
void SetAccess(const FeedAccess& access, annals::v1::Feed* feed);

class Visibility {
 public:
  // Public feeds and no others.
  Visibility() = default;
  // Everything.
  static Visibility All();
  // Public feeds, those that name one of `reader_names` as reader, and `own_feeds` (ids).
  static Visibility Of(std::set<std::string> reader_names, std::set<std::string> own_feeds);

  // Whether nothing is hidden, whatever feeds there are.
  [[nodiscard]] bool sees_all() const { return sees_all_; }
  [[nodiscard]] bool Sees(const FeedAccess& feed) const;

 private:
  bool sees_all_ = false;
  std::set<std::string> reader_names_;
  std::set<std::string> own_feeds_;
};

// PERMISSION_DENIED (VISIBILITY_NOT_YOURS) where a caller who does not see all would change who
// sees a feed.
[[nodiscard]] absl::Status CheckAccessChange(const Visibility& visibility, const FeedAccess& before,
                                             const FeedAccess& after);

// FAILED_PRECONDITION (TARGET_LESS_VISIBLE) unless everyone who sees feed `source` sees `target`:
// the same feed, or a public one. Two restricted feeds are never taken for as visible as each
// other, whomever they name as readers: those who may write to one see it without being named.
[[nodiscard]] absl::Status CheckMergeAccess(const FeedAccess& source, const FeedAccess& target);

// Who calls, for the audit.
struct Caller {
  std::string principal = "principals/local";
  std::string address;     // where from
  std::string method;      // `annals.v1.IngestService/RetractEvent`
  std::string request_id;  // as the caller was told
};
[[nodiscard]] annals::v1::AuditEntry MakeAudit(const Caller& caller, Micros time,
                                               std::string_view reason);

// Takes out of an event what refers to feeds that `sees` (of a feed id) denies: links, the offer
// that an exchange fulfils, and what it was merged into.
void HideUnseen(absl::FunctionRef<bool(const std::string&)> sees, annals::v1::Event* event);

}  // namespace annals::storage

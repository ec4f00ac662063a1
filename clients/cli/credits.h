// Whom to credit for what was printed: the one place that knows how output names licences.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "annals/v1/catalog_service.pb.h"
#include "annals/v1/event_service.pb.h"
#include "annals/v1/events.pb.h"
#include "clients/cli/session.h"

namespace annals::cli {

// The feeds of some events. Used by one thread; the session outlives it.
class Credits {
 public:
  explicit Credits(Session& session) : session_(session) {}

  // Notes the event's feed, which is asked for once. Where the server does not answer, all that is
  // known of it is the licence that the event carries.
  const v1::Feed& Of(const v1::Event& event);

  // Those noted, by name: only name, title, licence and attribution are set.
  [[nodiscard]] const std::map<std::string, v1::Feed>& Feeds() const { return feeds_; }

  // A line on stderr for each feed that was noted, or for the first of very many: its licence and
  // attribution.
  void Tell() const;

  // One line on stderr for events that were only counted: the feeds of `groups`, whose keys
  // `dimension` are feed names, with their licences.
  void TellOfSums(const google::protobuf::RepeatedPtrField<v1::SummaryGroup>& groups,
                  int dimension);

 private:
  const v1::Feed& Find(const std::string& name, const std::string& licence);

  Session& session_;
  std::map<std::string, v1::Feed> feeds_;
};

}  // namespace annals::cli

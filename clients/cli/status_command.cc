// annals status: what the server is and holds, and as whom it knows the caller.
#include <fmt/format.h>

#include "clients/cli/command.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/printer.h"
#include "clients/cli/terminal_text.h"
#include "clients/cli/time_text.h"
#include "clients/cli/words.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
The position is what the record is current through: keep it, and --as-of POSITION gives today's
answers for ever. The principal is as whom the server knows you, the role what you may do, as a
contributor or an editor in the feeds that are named.)";

std::string FeedIds(const v1::Caller& caller) {
  std::string ids;
  for (const std::string& feed : caller.feeds()) ids += (ids.empty() ? "" : ", ") + IdOf(feed);
  return ids;
}

absl::Status Status(Session& session) {
  const auto status = session.Record().GetStatus();
  if (!status.ok()) return status.status();
  const auto moment = [](bool present, const google::protobuf::Timestamp& time) {
    return present ? MomentText(time) + " UTC" : std::string();
  };
  const v1::Caller& caller = status->caller();
  return PrintOne(
      session, *status,
      {{"server", session.Server()},
       {"principal", caller.principal()},
       {"role", status->has_caller() ? Word(caller.role()) : ""},
       {"of feeds", FeedIds(caller)},
       {"version", status->version()},
       {"engine", status->engine()},
       {"started", moment(status->has_start_time(), status->start_time())},
       {"events", Grouped(status->event_count())},
       {"retracted", Grouped(status->retracted_count())},
       {"merged", Grouped(status->merged_count())},
       {"old revisions", Grouped(status->superseded_revision_count())},
       {"feeds", Grouped(status->feed_count())},
       {"last change", moment(status->has_last_change_time(), status->last_change_time())},
       {"position", status->position()},
       {"store", status->store_id()}});
}

}  // namespace

void AddStatusCommand(CLI::App& app, ChosenAction& chosen) {
  CLI::App* command = AddCommand(
      app, "status", "Print what the server is and holds, and who you are there", kFooter);
  Choose(command, chosen, [](Session& session) { return Status(session); });
}

}  // namespace annals::cli

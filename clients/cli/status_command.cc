// annals status: what the server is and holds.
#include <fmt/format.h>

#include "clients/cli/command.h"
#include "clients/cli/printer.h"
#include "clients/cli/terminal_text.h"
#include "clients/cli/time_text.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
The position is what the record is current through: keep it, and --as-of POSITION gives today's
answers for ever.)";

absl::Status Status(Session& session) {
  const auto status = session.Record().GetStatus();
  if (!status.ok()) return status.status();
  const auto moment = [](bool present, const google::protobuf::Timestamp& time) {
    return present ? MomentText(time) + " UTC" : std::string();
  };
  return PrintOne(
      session, *status,
      {{"server", session.Server()},
       {"version", status->version()},
       {"engine", status->engine()},
       {"started", moment(status->has_start_time(), status->start_time())},
       {"events", Grouped(status->event_count())},
       {"retracted", Grouped(status->retracted_count())},
       {"old revisions", Grouped(status->superseded_revision_count())},
       {"feeds", Grouped(status->feed_count())},
       {"last change", moment(status->has_last_change_time(), status->last_change_time())},
       {"position", status->position()},
       {"store", status->store_id()}});
}

}  // namespace

void AddStatusCommand(CLI::App& app, ChosenAction& chosen) {
  CLI::App* command = AddCommand(app, "status", "Print what the server is and holds", kFooter);
  Choose(command, chosen, [](Session& session) { return Status(session); });
}

}  // namespace annals::cli

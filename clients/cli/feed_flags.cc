#include "clients/cli/feed_flags.h"

#include <fmt/format.h>

#include "clients/cli/name_resolver.h"
#include "clients/cli/outcome.h"

namespace annals::cli {

void AddFeedFlags(CLI::App* command, FeedFlags& flags) {
  const std::string group = "Feed";
  const auto one = [&](const char* flag, std::string& value, const char* type, const char* text) {
    return command->add_option(flag, value, text)->option_text(type)->group(group);
  };
  CLI::Option* feed = one("--feed", flags.feed, "FEED", "The feed, such as ucdp-ged");
  CLI::Option* create = command
                            ->add_flag("--create-feed", flags.create,
                                       "Create it where there is none; needs --title and --licence")
                            ->group(group)
                            ->needs(feed)
                            ->option_text(" ");
  one("--title", flags.title, "TEXT", "Title of a new feed")->needs(create);
  one("--licence", flags.licence, "LICENCE", "Its licence: an SPDX id such as CC-BY-4.0, or a URL")
      ->needs(create);
  one("--attribution", flags.attribution, "TEXT", "Whom to credit and how")->needs(create);
  one("--reliability", flags.reliability, "A-F", "Admiralty reliability of its claims")
      ->needs(create);
}

absl::Status EnsureFeed(Session& session, const FeedFlags& flags, bool dry_run) {
  const std::string name = FeedName(flags.feed);
  if (flags.create && (flags.title.empty() || flags.licence.empty())) {
    return UsageError("--create-feed needs --title and --licence");
  }
  const absl::Status found = session.Record().GetFeed(name).status();
  if (!absl::IsNotFound(found)) return found;
  if (!flags.create) {
    session.Note(fmt::format("create {} with --create-feed --title … --licence …", name));
    return found;
  }
  if (dry_run) {
    session.Note(fmt::format("dry run: would create {}", name));
    return found;
  }
  v1::Feed feed;
  feed.set_name(name);
  feed.set_title(flags.title);
  feed.set_licence(flags.licence);
  feed.set_attribution(flags.attribution);
  feed.set_reliability(flags.reliability);
  const absl::Status created = session.Record().CreateFeed(feed).status();
  if (created.ok()) session.Note(fmt::format("created {}", name));
  // Somebody else may have created it a moment ago.
  return absl::IsAlreadyExists(created) ? absl::OkStatus() : created;
}

}  // namespace annals::cli

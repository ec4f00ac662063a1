// annals feeds: where records come from.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "clients/cli/command.h"
#include "clients/cli/confirmation.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/outcome.h"
#include "clients/cli/printer.h"
#include "clients/cli/terminal_text.h"
#include "clients/cli/time_text.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
Examples:
  annals feeds list
  annals feeds create my-notes --title "My notes" --licence CC0-1.0
  annals feeds create my-leads --title "My leads" --licence CC0-1.0 --restricted
  annals feeds update my-notes --attribution "Me, 2026"
  annals feeds update acled --redistribution forbidden
  annals feeds update my-leads --reader principals/anna --reader roles/editor
  annals feeds delete my-notes --reason "Created by mistake")";

constexpr char kDeleteFooter[] = R"(
A feed in which nothing was ever recorded. --purge deletes the feed with every event and revision
in it for good, also as of earlier moments: for a licence withdrawn, or the law. Backups, replicas
and logs of the database keep it until they are rotated.

Examples:
  annals feeds delete my-notes --reason "Created by mistake"
  annals feeds delete bought-data --purge --reason "The licence was withdrawn")";

// What create sets and update changes; absent on update is left as it is.
struct FeedFields {
  std::string name;
  std::optional<std::string> title;
  std::optional<std::string> licence;
  std::optional<std::string> attribution;
  std::optional<std::string> reliability;
  bool is_restricted = false;  // False is not given.
  bool is_public = false;
  std::vector<std::string> readers;  // Empty is not given.
  bool no_reader = false;
  std::optional<std::string> redistribution;  // A word of kRedistributions.
};

const std::map<std::string, v1::Redistribution> kRedistributions = {
    {"allowed", v1::REDISTRIBUTION_ALLOWED}, {"forbidden", v1::REDISTRIBUTION_FORBIDDEN}};

bool IsRestricted(const v1::Feed& feed) {
  return feed.visibility() == v1::FEED_VISIBILITY_RESTRICTED;
}

bool ForbidsRedistribution(const v1::Feed& feed) {
  return feed.redistribution() == v1::REDISTRIBUTION_FORBIDDEN;
}

absl::Status PrintFeed(Session& session, const absl::StatusOr<v1::Feed>& feed) {
  if (!feed.ok()) return feed.status();
  return PrintOne(session, *feed,
                  {{"feed", feed->name()},
                   {"title", feed->title()},
                   {"licence", feed->licence()},
                   {"attribution", feed->attribution()},
                   {"reliability", feed->reliability()},
                   {"visibility", IsRestricted(*feed) ? "restricted" : "public"},
                   {"redistribution", ForbidsRedistribution(*feed) ? "forbidden" : "allowed"},
                   {"readers", fmt::format("{}", fmt::join(feed->readers(), ", "))},
                   {"events", Grouped(feed->event_count())},
                   {"coverage", feed->has_coverage() ? RangeText(feed->coverage()) : ""},
                   {"created", feed->has_create_time() ? MomentText(feed->create_time()) : ""}});
}

absl::Status List(Session& session) {
  auto printer = MakeListPrinter(session, {{.title = "FEED"},
                                           {.title = "EVENTS", .right_aligned = true},
                                           {.title = "COVERAGE"},
                                           {.title = "VISIBILITY"},
                                           {.title = "REDISTRIBUTION"},
                                           {.title = "LICENCE", .width_min = 12},
                                           {.title = "TITLE", .width_min = 12}});
  if (!printer.ok()) return printer.status();
  for (const auto& feed : session.Record().ListFeeds()) {
    if (!feed.ok()) return feed.status();
    (*printer)->Add(
        *feed, {IdOf(feed->name()), Grouped(feed->event_count()),
                feed->has_coverage() ? RangeText(feed->coverage()) : "",
                IsRestricted(*feed) ? "restricted" : "",
                ForbidsRedistribution(*feed) ? "forbidden" : "", feed->licence(), feed->title()});
  }
  (*printer)->Finish();
  return absl::OkStatus();
}

void Apply(const FeedFields& fields, v1::Feed& feed) {
  if (fields.title) feed.set_title(*fields.title);
  if (fields.licence) feed.set_licence(*fields.licence);
  if (fields.attribution) feed.set_attribution(*fields.attribution);
  if (fields.reliability) feed.set_reliability(*fields.reliability);
  if (fields.is_restricted) feed.set_visibility(v1::FEED_VISIBILITY_RESTRICTED);
  if (fields.is_public) feed.set_visibility(v1::FEED_VISIBILITY_PUBLIC);
  // Those given are all, so that one can be taken away.
  if (fields.is_public || fields.no_reader || !fields.readers.empty()) feed.clear_readers();
  for (const std::string& reader : fields.readers) feed.add_readers(reader);
  if (fields.redistribution) feed.set_redistribution(kRedistributions.at(*fields.redistribution));
}

absl::Status Create(Session& session, const FeedFields& fields) {
  v1::Feed feed;
  feed.set_name(FeedName(fields.name));
  Apply(fields, feed);
  return PrintFeed(session, session.Record().CreateFeed(feed));
}

absl::Status Update(Session& session, const FeedFields& fields) {
  absl::StatusOr<v1::Feed> feed = session.Record().GetFeed(FeedName(fields.name));
  if (!feed.ok()) return feed.status();
  const bool access =
      fields.is_restricted || fields.is_public || fields.no_reader || !fields.readers.empty();
  // What is not asked for stays as it is then, not as it was read.
  feed->clear_redistribution();
  if (!access) feed->clear_visibility();
  if (!access) feed->clear_readers();
  Apply(fields, *feed);
  return PrintFeed(session, session.Record().UpdateFeed(*feed));
}

struct DeleteFlags {
  std::string name;
  std::string reason;
  bool purge = false;
  bool dry_run = false;
  bool yes = false;
};

absl::Status Delete(Session& session, const DeleteFlags& flags) {
  v1::DeleteFeedRequest request;
  request.set_name(FeedName(flags.name));
  request.set_reason(flags.reason);
  request.set_purge(flags.purge);
  request.set_validate_only(true);
  auto response = session.Record().DeleteFeed(request);
  if (!response.ok()) return response.status();
  const auto held = [&] {
    return fmt::format("{} with {} events in {} revisions", request.name(),
                       Grouped(response->event_count()), Grouped(response->revision_count()));
  };
  if (flags.dry_run) {
    session.Note(fmt::format("dry run, nothing changed: deleted {}", held()));
    return absl::OkStatus();
  }
  absl::Status confirmed = Confirm(session, fmt::format("{} is deleted for good.", held()),
                                   IdOf(request.name()), flags.yes);
  if (!confirmed.ok()) return confirmed;
  request.set_validate_only(false);
  response = session.Record().DeleteFeed(request);
  if (!response.ok()) return response.status();
  session.Note(fmt::format("deleted {}", held()));
  return absl::OkStatus();
}

void AddDelete(CLI::App& feeds, ChosenAction& chosen) {
  auto flags = std::make_shared<DeleteFlags>();
  CLI::App* command = AddCommand(feeds, "delete", "Delete a feed (administrators)", kDeleteFooter);
  command->add_option("FEED", flags->name, "Its id")->required()->option_text(" ");
  command->add_option("--reason", flags->reason, "Why; kept in the audit")
      ->required()
      ->option_text("TEXT");
  command->add_flag("--purge", flags->purge, "Every event of it as well, for good");
  command->add_flag("--dry-run", flags->dry_run, "Check and change nothing");
  command->add_flag("--yes", flags->yes, "Do not ask");
  Choose(command, chosen, [flags](Session& session) { return Delete(session, *flags); });
}

void AddFields(CLI::App* command, FeedFields& fields, bool required) {
  command->add_option("FEED", fields.name, "Its id, such as my-notes")
      ->required()
      ->option_text(" ");
  command->add_option("--title", fields.title, "What it is called")
      ->required(required)
      ->option_text("TEXT");
  command->add_option("--licence", fields.licence, "An SPDX id such as CC-BY-4.0, a URL, or words")
      ->required(required)
      ->option_text("LICENCE");
  command->add_option("--attribution", fields.attribution, "Whom to credit and how")
      ->option_text("TEXT");
  command->add_option("--reliability", fields.reliability, "Admiralty reliability of its claims")
      ->option_text("A-F");
  command
      ->add_flag("--restricted", fields.is_restricted,
                 "Only its readers, those who may write to it and administrators see it")
      ->option_text(" ");
  command
      ->add_option(
          "--redistribution", fields.redistribution,
          "allowed, or forbidden: only those who may write to it and administrators export "
          "it")
      ->check(CLI::IsMember(kRedistributions))
      ->option_text("WORD");
  AddRepeated(command, "--reader", fields.readers,
              "Who may see it where it is restricted: principals/PRINCIPAL or roles/ROLE (reader, "
              "contributor or editor); may be repeated, and takes the place of all readers before")
      ->option_text("READER");
}

// Only on update: a new feed is public and has no reader unless flags say otherwise.
void AddOpening(CLI::App* command, FeedFields& fields) {
  command->add_flag("--public", fields.is_public, "Everybody sees it; its readers are forgotten")
      ->option_text(" ")
      ->excludes("--restricted")
      ->excludes("--reader");
  command->add_flag("--no-reader", fields.no_reader, "It has no reader any more")
      ->option_text(" ")
      ->excludes("--reader");
}

}  // namespace

void AddFeedsCommand(CLI::App& app, ChosenAction& chosen) {
  CLI::App* feeds =
      AddCommand(app, "feeds", "List, print, create, change and delete feeds", kFooter);
  feeds->require_subcommand(1);
  auto fields = std::make_shared<FeedFields>();

  CLI::App* list = AddCommand(*feeds, "list", "Every feed");
  Choose(list, chosen, [](Session& session) { return List(session); });

  CLI::App* get = AddCommand(*feeds, "get", "One feed, with its coverage");
  get->add_option("FEED", fields->name, "Its id")->required()->option_text(" ");
  Choose(get, chosen, [fields](Session& session) {
    return PrintFeed(session, session.Record().GetFeed(FeedName(fields->name)));
  });

  CLI::App* create = AddCommand(*feeds, "create", "A new feed");
  AddFields(create, *fields, /*required=*/true);
  create->get_option("--reader")->needs("--restricted");
  Choose(create, chosen, [fields](Session& session) { return Create(session, *fields); });

  CLI::App* update = AddCommand(*feeds, "update", "Change what is given, leave the rest");
  AddFields(update, *fields, /*required=*/false);
  AddOpening(update, *fields);
  Choose(update, chosen, [fields](Session& session) { return Update(session, *fields); });

  AddDelete(*feeds, chosen);
}

}  // namespace annals::cli

// annals actors: the catalogue of parties.
#include <fmt/format.h>

#include <algorithm>

#include "clients/cli/candidates.h"
#include "clients/cli/command.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/printer.h"
#include "clients/cli/time_text.h"
#include "clients/cli/words.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
Parents and subordinates are shown with the days for which they are that, where these are known; an
event is found by --actor where the subordinate was one when the event began.

Examples:
  annals actors find "North Korea"
  annals actors get prk-army)";

std::string AliasesText(const v1::Actor& actor) {
  std::string text;
  for (const v1::LocalName& alias : actor.aliases()) {
    if (!text.empty()) text += "; ";
    text += alias.text();
  }
  return text;
}

// "; rus-army (2023-07-01 …)" with the actor that `name` names.
std::string TieText(std::string_view name, const v1::ActorParent& tie) {
  return fmt::format("; {}{}", IdOf(name),
                     tie.has_validity() ? fmt::format(" ({})", RangeText(tie.validity())) : "");
}

std::string ParentsText(const v1::Actor& actor) {
  std::string text;
  for (const v1::ActorParent& parent : actor.parents()) text += TieText(parent.parent(), parent);
  return text.substr(std::min<std::size_t>(text.size(), 2));
}

// The actors directly below one.
absl::StatusOr<std::string> SubordinatesText(Session& session, const std::string& name) {
  std::string text;
  for (const auto& actor : session.Record().ListActors()) {
    if (!actor.ok()) return actor.status();
    for (const v1::ActorParent& parent : actor->parents()) {
      if (parent.parent() == name) text += TieText(actor->name(), parent);
    }
  }
  return text.substr(std::min<std::size_t>(text.size(), 2));
}

std::string IdsText(const v1::Actor& actor) {
  std::string text;
  for (const v1::ExternalId& id : actor.external_ids()) {
    if (!text.empty()) text += "; ";
    text += fmt::format("{} {}", id.taxonomy(), id.value());
  }
  return text;
}

absl::Status List(Session& session) {
  auto printer = MakeListPrinter(session, {{.title = "ACTOR", .width_min = 12},
                                           {.title = "KIND"},
                                           {.title = "COUNTRY"},
                                           {.title = "TITLE", .width_min = 12},
                                           {.title = "PARENTS", .width_min = 12}});
  if (!printer.ok()) return printer.status();
  for (const auto& actor : session.Record().ListActors()) {
    if (!actor.ok()) return actor.status();
    (*printer)->Add(*actor, {IdOf(actor->name()), Word(actor->kind()), IdOf(actor->country()),
                             actor->title(), ParentsText(*actor)});
    if (!session.Out().good()) break;
  }
  (*printer)->Finish();
  return absl::OkStatus();
}

absl::Status Get(Session& session, const std::string& text) {
  const absl::StatusOr<v1::ActorFilter> resolved = ResolveActor(session, text);
  if (!resolved.ok()) return resolved.status();
  if (!resolved->has_actor()) return absl::NotFoundError(fmt::format("no actor is '{}'", text));
  const absl::StatusOr<v1::Actor> actor = session.Record().GetActor(resolved->actor());
  if (!actor.ok()) return actor.status();
  const bool shown = session.Format() == OutputFormat::kTable;
  const absl::StatusOr<std::string> subordinates =
      shown ? SubordinatesText(session, actor->name()) : std::string();
  if (!subordinates.ok()) return subordinates.status();
  return PrintOne(session, *actor,
                  {{"actor", actor->name()},
                   {"title", actor->title()},
                   {"aliases", AliasesText(*actor)},
                   {"kind", Word(actor->kind())},
                   {"country", actor->country()},
                   {"parents", ParentsText(*actor)},
                   {"subordinates", *subordinates},
                   {"ids", IdsText(*actor)}});
}

}  // namespace

void AddActorsCommand(CLI::App& app, ChosenAction& chosen) {
  CLI::App* actors = AddCommand(app, "actors", "Find, list and print actors", kFooter);
  actors->require_subcommand(1);
  auto text = std::make_shared<std::string>();

  CLI::App* list = AddCommand(*actors, "list", "Every actor");
  Choose(list, chosen, [](Session& session) { return List(session); });

  CLI::App* get = AddCommand(*actors, "get", "One actor");
  get->add_option("ACTOR", *text, "An id or a name")->required()->option_text(" ");
  Choose(get, chosen, [text](Session& session) { return Get(session, *text); });

  CLI::App* find = AddCommand(*actors, "find", "What words in any script may mean");
  find->add_option("TEXT", *text, "A name or a part of one")->required()->option_text(" ");
  Choose(find, chosen, [text](Session& session) {
    return PrintCandidates(session, *text, v1::RESOLVE_TARGET_ACTOR);
  });
}

}  // namespace annals::cli

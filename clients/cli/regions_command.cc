// annals regions: the gazetteer.
#include <fmt/format.h>

#include "clients/cli/candidates.h"
#include "clients/cli/command.h"
#include "clients/cli/name_resolver.h"
#include "clients/cli/printer.h"
#include "clients/cli/words.h"

namespace annals::cli {
namespace {

constexpr char kFooter[] = R"(
A region's parent follows its ISO 3166-2 code, whatever power holds the ground.

Examples:
  annals regions find Курск
  annals regions list --parent UA
  annals regions get RU-KRS -o geojson > kursk.geojson)";

struct RegionFlags {
  std::string parent;
  std::string name;
  std::string text;
};

std::string NamesText(const v1::Region& region) {
  std::string text;
  for (const v1::LocalName& name : region.names()) {
    if (!text.empty()) text += "; ";
    text += name.text();
  }
  return text;
}

absl::Status List(Session& session, const RegionFlags& flags) {
  std::string parent;
  if (!flags.parent.empty()) {
    auto resolved = ResolveRegion(session, flags.parent);
    if (!resolved.ok()) return resolved.status();
    parent = *std::move(resolved);
  }
  auto printer = MakeListPrinter(session, {{.title = "REGION"},
                                           {.title = "PARENT"},
                                           {.title = "TYPE", .width_min = 12},
                                           {.title = "TITLE", .width_min = 12},
                                           {.title = "NAMES", .width_min = 12}});
  if (!printer.ok()) return printer.status();
  for (const auto& region : session.Record().ListRegions(parent)) {
    if (!region.ok()) return region.status();
    (*printer)->Add(*region, {IdOf(region->name()), IdOf(region->parent()), region->type(),
                              region->title(), NamesText(*region)});
    if (!session.Out().good()) break;
  }
  (*printer)->Finish();
  return absl::OkStatus();
}

absl::Status Get(Session& session, const RegionFlags& flags) {
  const auto name = ResolveRegion(session, flags.name);
  if (!name.ok()) return name.status();
  const bool geojson = session.Format() == OutputFormat::kGeojson;
  absl::StatusOr<v1::Region> region = session.Record().GetRegion(*name, geojson);
  if (!region.ok()) return region.status();
  if (geojson) {
    const std::string geometry = region->geojson();
    region->clear_geojson();
    session.Out() << fmt::format(R"({{"type":"Feature","id":"{}","geometry":{},"properties":{}}})"
                                 "\n",
                                 region->name(), geometry, Json(*region));
    return absl::OkStatus();
  }
  return PrintOne(
      session, *region,
      {{"region", region->name()},
       {"title", region->title()},
       {"names", NamesText(*region)},
       {"level", Word(region->level())},
       {"type", region->type()},
       {"parent", region->parent()},
       {"center", region->has_center() ? fmt::format("{:.4f}, {:.4f}", region->center().latitude(),
                                                     region->center().longitude())
                                       : ""}});
}

}  // namespace

void AddRegionsCommand(CLI::App& app, ChosenAction& chosen) {
  CLI::App* regions = AddCommand(app, "regions", "Find, list and print regions", kFooter);
  regions->require_subcommand(1);
  auto flags = std::make_shared<RegionFlags>();

  CLI::App* list = AddCommand(*regions, "list", "Every region, or those below one");
  list->add_option("--parent", flags->parent, "Only below this one")->option_text("REGION");
  Choose(list, chosen, [flags](Session& session) { return List(session, *flags); });

  CLI::App* get = AddCommand(*regions, "get", "One region; -o geojson prints its polygon");
  get->add_option("REGION", flags->name, "A code or a name")->required()->option_text(" ");
  Choose(get, chosen, [flags](Session& session) { return Get(session, *flags); });

  CLI::App* find = AddCommand(*regions, "find", "What words in any script may mean");
  find->add_option("TEXT", flags->text, "A code, a name or a part of one")
      ->required()
      ->option_text(" ");
  Choose(find, chosen, [flags](Session& session) {
    return PrintCandidates(session, flags->text, v1::RESOLVE_TARGET_REGION);
  });
}

}  // namespace annals::cli

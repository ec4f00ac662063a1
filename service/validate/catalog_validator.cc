#include "service/validate/catalog_validator.h"

#include "service/auth/principal.h"
#include "storage/event_name.h"

namespace annals::service {
namespace {

constexpr int kTitleMax = 300;
constexpr int kAttributionMax = 2'000;
constexpr int kTaxonomyMax = 64;
constexpr int kValueMax = 128;
constexpr std::string_view kRoles = "roles/";

void CheckName(std::string_view collection, const std::string& name, FieldChecker* check) {
  if (name.empty()) return check->Fail("name", "REQUIRED", "must be given");
  const auto id = storage::ParseCatalogName(collection, name);
  if (!id.ok()) check->Fail("name", id.status());
}

bool IsReader(std::string_view reader) {
  if (reader.starts_with(kPrincipals)) return IsPrincipalId(reader.substr(kPrincipals.size()));
  if (!reader.starts_with(kRoles)) return false;
  const annals::v1::Role role = RoleOfWord(reader.substr(kRoles.size()));
  return role != annals::v1::ROLE_UNSPECIFIED && role != annals::v1::ROLE_ADMIN;
}

void CheckReaders(const annals::v1::Feed& feed, FieldChecker* check) {
  check->Value("visibility", feed.visibility(), false);
  check->Items("readers", feed.readers_size());
  for (int i = 0; i < feed.readers_size() && check->ok(); ++i) {
    const auto scope = check->In("readers", i);
    if (feed.visibility() != annals::v1::FEED_VISIBILITY_RESTRICTED) {
      check->Fail("", "READERS_OF_PUBLIC", "only a restricted feed has readers");
    } else if (!IsReader(feed.readers(i))) {
      check->Fail("", "BAD_READER",
                  "must be principals/{principal} or roles/reader, contributor or editor");
    }
  }
}

void CheckParents(const annals::v1::Actor& actor, ReferenceChecker* check) {
  check->Items("parents", actor.parents_size());
  for (int i = 0; i < actor.parents_size() && check->ok(); ++i) {
    const auto scope = check->In("parents", i);
    const annals::v1::ActorParent& parent = actor.parents(i);
    if (parent.parent().empty()) check->Fail("parent", "REQUIRED", "must be given");
    if (parent.parent() == actor.name()) {
      check->Fail("parent", "OWN_PARENT", "is the actor itself");
    }
    check->Actor("parent", parent.parent());
    if (parent.has_validity()) check->Range("validity", parent.validity());
  }
}

}  // namespace

absl::Status ValidateFeed(const annals::v1::Feed& feed) {
  FieldChecker check;
  const auto scope = check.In("feed");
  CheckName("feeds", feed.name(), &check);
  check.RequiredText("title", feed.title(), kTitleMax);
  check.RequiredText("licence", feed.licence(), kTitleMax);
  check.Text("attribution", feed.attribution(), {.characters_max = kAttributionMax});
  const std::string& grade = feed.reliability();
  if (!grade.empty() && (grade.size() != 1 || grade[0] < 'A' || grade[0] > 'F')) {
    check.Fail("reliability", "UNKNOWN_RELIABILITY", "must be a letter from A to F, or empty");
  }
  CheckReaders(feed, &check);
  check.Value("redistribution", feed.redistribution(), false);
  return check.status();
}

absl::Status ValidateActor(const annals::v1::Actor& actor, const storage::Gazetteer& gazetteer,
                           CatalogSight catalog) {
  ReferenceChecker check(gazetteer, catalog);
  const auto scope = check.In("actor");
  CheckName("actors", actor.name(), &check);
  check.RequiredText("title", actor.title(), kTitleMax);
  check.Items("aliases", actor.aliases_size());
  for (int i = 0; i < actor.aliases_size() && check.ok(); ++i) {
    const auto item = check.In("aliases", i);
    check.Language("language_code", actor.aliases(i).language_code());
    check.RequiredText("text", actor.aliases(i).text(), kTitleMax);
  }
  check.Value("kind", actor.kind(), true);
  CheckParents(actor, &check);
  check.Region("country", actor.country());
  check.Items("external_ids", actor.external_ids_size());
  for (int i = 0; i < actor.external_ids_size() && check.ok(); ++i) {
    const auto item = check.In("external_ids", i);
    check.RequiredText("taxonomy", actor.external_ids(i).taxonomy(), kTaxonomyMax);
    check.RequiredText("value", actor.external_ids(i).value(), kValueMax);
  }
  return check.status();
}

}  // namespace annals::service

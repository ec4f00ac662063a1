#include "service/auth/gate.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "google/protobuf/descriptor.h"
#include "service/auth/policy.h"
#include "storage/error.h"
#include "tests/unit/long_calls.h"
#include "tests/unit/temp_folder.h"

namespace annals::service {
namespace {

using ::annals::testing::NotingCall;
using ::annals::testing::TempFolder;
using annals::v1::ROLE_ADMIN;
using annals::v1::ROLE_CONTRIBUTOR;
using annals::v1::ROLE_EDITOR;
using annals::v1::ROLE_READER;
using storage::ErrorReason;

constexpr char kGet[] = "annals.v1.EventService/GetEvent";

const std::vector<std::string_view> kServices = {
    "annals.v1.EventService", "annals.v1.IngestService", "annals.v1.CatalogService",
    "annals.v1.StatusService"};

TEST(Policy, KnowsARoleForEveryMethod) {
  const absl::Status complete = CheckPolicy(kServices);
  EXPECT_TRUE(complete.ok()) << complete;
  EXPECT_EQ(RoleNeeded(kGet), ROLE_READER);
  EXPECT_EQ(RoleNeeded("annals.v1.IngestService/IngestEvents"), ROLE_CONTRIBUTOR);
  EXPECT_EQ(RoleNeeded("annals.v1.CatalogService/UpdateFeed"), ROLE_EDITOR);
  EXPECT_EQ(RoleNeeded("annals.v1.CatalogService/CreateFeed"), ROLE_ADMIN);
}

TEST(Policy, LetsNobodyCallWhatItDoesNotKnow) {
  for (const char* method : {"", "GetEvent", "annals.v1.EventService/",
                             "annals.v1.EventService/GetEvents", "annals.v1.EventService/getevent",
                             "/annals.v1.EventService/GetEvent", "grpc.health.v1.Health/Check"}) {
    EXPECT_EQ(RoleNeeded(method), std::nullopt) << method;
  }
}

TEST(Policy, IsCheckedAgainstTheContract) {
  for (std::size_t left_out = 0; left_out < kServices.size(); ++left_out) {
    auto services = kServices;
    services.erase(services.begin() + static_cast<std::ptrdiff_t>(left_out));
    EXPECT_EQ(ErrorReason(CheckPolicy(services)), "POLICY_INCOMPLETE") << kServices[left_out];
  }
  auto services = kServices;
  services.push_back("annals.v1.NoService");
  EXPECT_EQ(ErrorReason(CheckPolicy(services)), "POLICY_INCOMPLETE");
  // A service that is there and has no entries.
  constexpr char kReflection[] = "grpc.reflection.v1alpha.ServerReflection";
  ASSERT_NE(google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(kReflection),
            nullptr);
  services.back() = kReflection;
  EXPECT_EQ(ErrorReason(CheckPolicy(services)), "POLICY_INCOMPLETE");
}

TEST(Gate, LetsTheMachinesOwnPeopleDoAllWithoutAccessControl) {
  Gate gate(nullptr, {.requests_per_second = 1, .streams_max = 1, .rows_per_day = 1});
  for (int i = 0; i < 10; ++i) {
    const auto identity = gate.Admit(kGet, {});
    ASSERT_TRUE(identity.ok());
    EXPECT_EQ(*identity->principal, Principal::Local());
    EXPECT_TRUE(gate.TakeRows(*identity, 100).ok());
    EXPECT_TRUE(gate.Recheck(*identity).ok());
    NotingCall call(*identity), other(*identity);
    EXPECT_TRUE(gate.BeginLong(&call).ok());
    EXPECT_TRUE(gate.BeginLong(&other).ok());
    gate.EndLong(&call);
    gate.EndLong(&other);
  }
}

class GateTest : public ::testing::Test {
 protected:
  // A principal of each role, let in by a certificate of that name.
  GateTest() {
    AuthFile file;
    for (const auto role : {ROLE_READER, ROLE_CONTRIBUTOR, ROLE_EDITOR, ROLE_ADMIN}) {
      const std::string word(RoleWord(role));
      Principal principal{word, role, {}};
      if (TakesFeeds(role)) principal.feeds = {"f"};
      file.principals.push_back({principal, {}, {word}});
    }
    auto opened = Authenticator::Open(folder.Write("auth.json", FormatAuthFile(file)));
    EXPECT_TRUE(opened.ok()) << opened.status();
    authenticator = *std::move(opened);
  }

  static Credentials As(const std::string& name) {
    return {.authorization = {}, .certificate_names = {name}};
  }

  const TempFolder folder;
  std::unique_ptr<Authenticator> authenticator;
};

TEST_F(GateTest, AsksWhoCallsFirst) {
  Gate gate(authenticator.get(), {});
  const auto nobody = gate.Admit("annals.v1.NoService/NoMethod", {});
  EXPECT_TRUE(absl::IsUnauthenticated(nobody.status()));
  EXPECT_EQ(ErrorReason(nobody.status()), "NO_CREDENTIALS");
}

TEST_F(GateTest, AsksForTheRoleOfTheMethod) {
  Gate gate(authenticator.get(), {});
  const std::vector<std::string> roles = {"reader", "contributor", "editor", "admin"};
  const std::vector<std::pair<std::string, std::size_t>> methods = {
      {kGet, 0},
      {"annals.v1.IngestService/RetractEvent", 1},
      {"annals.v1.CatalogService/UpdateFeed", 2},
      {"annals.v1.CatalogService/CreateFeed", 3},
      {"annals.v1.CatalogService/NoMethod", 4}};
  for (const auto& [method, least] : methods) {
    for (std::size_t role = 0; role < roles.size(); ++role) {
      const auto identity = gate.Admit(method, As(roles[role]));
      if (role >= least) {
        ASSERT_TRUE(identity.ok()) << method << " " << identity.status();
        EXPECT_EQ(identity->principal->id, roles[role]);
      } else {
        EXPECT_TRUE(absl::IsPermissionDenied(identity.status())) << method;
        EXPECT_EQ(ErrorReason(identity.status()), "ROLE_TOO_LOW");
      }
    }
  }
}

TEST_F(GateTest, GivesEachItsShare) {
  Gate gate(authenticator.get(), {.requests_per_second = 1, .streams_max = 1, .rows_per_day = 10});
  absl::StatusOr<Identity> reader = gate.Admit(kGet, As("reader"));
  ASSERT_TRUE(reader.ok());
  const Identity identity = *reader;
  for (int i = 0; i < 1'000 && reader.ok(); ++i) reader = gate.Admit(kGet, As("reader"));
  EXPECT_EQ(ErrorReason(reader.status()), "TOO_MANY_REQUESTS");
  EXPECT_TRUE(gate.Admit(kGet, As("editor")).ok());
  EXPECT_TRUE(gate.TakeRows(identity, 10).ok());
  EXPECT_EQ(ErrorReason(gate.TakeRows(identity, 1)), "TOO_MANY_ROWS");

  NotingCall first(identity), second(identity);
  EXPECT_TRUE(gate.BeginLong(&first).ok());
  EXPECT_EQ(ErrorReason(gate.BeginLong(&second)), "TOO_MANY_STREAMS");
  gate.EndLong(&first);
  EXPECT_TRUE(gate.BeginLong(&second).ok());
  gate.EndLong(&second);
}

TEST_F(GateTest, TellsLongCallsWhenTheirCallerMayGoOnNoLonger) {
  Gate gate(authenticator.get(), {});
  NotingCall call(*gate.Admit(kGet, As("reader")));
  ASSERT_TRUE(gate.BeginLong(&call).ok());
  AuthFile file;
  file.principals.push_back({{"reader", ROLE_EDITOR, {"f"}}, {}, {"reader"}});
  folder.Replace("auth.json", FormatAuthFile(file));
  EXPECT_TRUE(call.WaitUntilTold());
  gate.EndLong(&call);
  EXPECT_EQ(call.reason(), "RIGHTS_CHANGED");
  EXPECT_EQ(ErrorReason(gate.Recheck(call.identity())), "RIGHTS_CHANGED");
}

}  // namespace
}  // namespace annals::service

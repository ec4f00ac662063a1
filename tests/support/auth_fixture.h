// A server with access control: an auth file of its own, and stubs that call as one of its
// principals.
#pragma once

#include <fstream>
#include <map>
#include <string>

#include "absl/time/clock.h"
#include "service/auth/auth_file.h"
#include "tests/support/service_test_server.h"

namespace annals::testing {

class AuthTest : public ServiceTest {
 protected:
  void SetUp() override {
    options.auth_file = ::testing::TempDir() + fmt::format("annals-auth-{}.json", getpid());
    // ServiceTest::SetUp starts the server: principals are added before it.
  }

  void TearDown() override {
    ServiceTest::TearDown();
    unlink(options.auth_file.c_str());
  }

  // REQUIRES: before ServiceTest::SetUp.
  void AddPrincipal(const std::string& id, annals::v1::Role role, std::set<std::string> feeds) {
    const service::Token token = service::NewToken();
    tokens[id] = service::FormatToken(token);
    service::PrincipalEntry entry;
    entry.principal = {id, role, std::move(feeds)};
    entry.tokens = {{.id = token.id,
                     .secret_sha256 = service::HashSecret(token.secret),
                     .create_time = absl::Now()}};
    auth_.principals.push_back(std::move(entry));
    std::ofstream(options.auth_file) << service::FormatAuthFile(auth_);
  }

  // May be done while it serves, which notices some time later.
  void RemovePrincipal(const std::string& id) {
    std::erase_if(auth_.principals, [&](const auto& entry) { return entry.principal.id == id; });
    std::ofstream(options.auth_file) << service::FormatAuthFile(auth_);
  }

  // Makes a call that of a principal.
  void SignAs(const std::string& id, grpc::ClientContext* context) const {
    context->AddMetadata("authorization", "Bearer " + tokens.at(id));
  }

  template <typename Stub, typename Request, typename Response>
  Failure CallAs(const std::string& id, Stub& stub,
                 grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                 const Request& request, Response* response) {
    grpc::ClientContext context;
    SignAs(id, &context);
    return FailureOf((stub.*method)(&context, request, response));
  }

  std::map<std::string, std::string> tokens;  // by principal

 private:
  service::AuthFile auth_;
};

}  // namespace annals::testing

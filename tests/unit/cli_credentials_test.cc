#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli_runner.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "test_certificate.h"

namespace annals::cli {
namespace {

using ::testing::HasSubstr;

// A directory for one test, gone after it.
class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest() {
    runner.record->get_status = [](const v1::GetStatusRequest&) { return v1::GetStatusResponse(); };
    std::string path = ::testing::TempDir() + "annals-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    directory_ = path;
    certificate = File("certificate", pem.certificate_pem);
    key = File("key", pem.key_pem);
  }
  ~CredentialsTest() override { std::filesystem::remove_all(directory_); }

  // A file that holds `content`; its path.
  std::string File(const std::string& name, std::string_view content) const {
    std::ofstream(directory_ / name) << content;
    return directory_ / name;
  }

  // The token that `status` is asked with where the file holds `content`.
  std::string TokenOf(std::string_view content) {
    const Ran ran = runner({"status", "--token-file", File("token", content)});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return runner.connection.token;
  }

  // Whether the command line is refused and `named` is said.
  void ExpectUsageError(const std::vector<std::string>& flags, const std::string& named) {
    std::vector<std::string> arguments = {"status"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Ran ran = runner(arguments);
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_THAT(ran.err, HasSubstr(named));
    EXPECT_EQ(ran.out, "");
  }

  std::string Directory() const { return directory_; }

  const testing::TestCertificate pem = testing::MakeTestCertificate();
  std::string certificate;  // Files that hold them.
  std::string key;
  Runner runner;

 private:
  std::filesystem::path directory_;
};

TEST_F(CredentialsTest, TheTokenIsTheFirstLineTrimmed) {
  EXPECT_EQ(TokenOf("secret"), "secret");
  EXPECT_EQ(TokenOf("secret\n"), "secret");
  EXPECT_EQ(TokenOf(" \tsecret \r\nof anna, for the desk\n"), "secret");
  EXPECT_EQ(TokenOf("a.b-c_d~e+f/g=\n"), "a.b-c_d~e+f/g=");
}

TEST_F(CredentialsTest, AFileWithoutATokenIsNamed) {
  for (const char* content : {"", "\n", "  \r\n", "\nsecret\n", "two words\n", "caf\xc3\xa9\n"}) {
    const std::string path = File("token", content);
    ExpectUsageError({"--token-file", path}, path);
  }
  ExpectUsageError({"--token-file", Directory() + "/none"}, Directory() + "/none");
  ExpectUsageError({"--token-file", Directory()}, Directory());
  runner.credentials.token = Directory() + "/none";
  ExpectUsageError({}, Directory() + "/none");
}

TEST_F(CredentialsTest, AWrongFileIsNotQuoted) {
  const Ran ran = runner({"status", "--token-file", File("token", "my password\n")});
  EXPECT_THAT(ran.err, ::testing::Not(HasSubstr("password")));
}

TEST_F(CredentialsTest, AFlagGoesBeforeTheEnvironment) {
  runner.credentials.token = File("environment", "of-environment\n");
  EXPECT_EQ(runner({"status"}).exit_code, 0);
  EXPECT_EQ(runner.connection.token, "of-environment");
  EXPECT_EQ(TokenOf("of-flag\n"), "of-flag");
}

TEST_F(CredentialsTest, TlsIsForOtherMachinesAndWhereAsked) {
  const auto speaks_tls = [this](std::vector<std::string> flags) {
    flags.insert(flags.begin(), "status");
    EXPECT_EQ(runner(flags).exit_code, 0);
    return runner.connection.tls.has_value();
  };
  EXPECT_FALSE(speaks_tls({}));
  EXPECT_FALSE(speaks_tls({"--server", "127.0.0.1:7070"}));
  EXPECT_FALSE(speaks_tls({"--server", "localhost:7070"}));
  EXPECT_FALSE(speaks_tls({"--server", "[::1]:7070"}));
  EXPECT_FALSE(speaks_tls({"--server", "unix:/run/annals.sock"}));
  EXPECT_FALSE(speaks_tls({"--token-file", File("token", "secret")}));
  EXPECT_TRUE(speaks_tls({"--server", "192.0.2.7:7070"}));
  EXPECT_TRUE(speaks_tls({"--server", "annals.example:443"}));
  EXPECT_TRUE(speaks_tls({"--tls"}));
  EXPECT_TRUE(speaks_tls({"--tls-ca", certificate}));
  runner.server = "annals.example:443";
  EXPECT_TRUE(speaks_tls({}));
}

TEST_F(CredentialsTest, PemFilesAreReadFromFlagsOrEnvironment) {
  EXPECT_EQ(runner({"status", "--tls-ca", certificate, "--tls-cert", certificate, "--tls-key", key})
                .exit_code,
            0);
  ASSERT_TRUE(runner.connection.tls);
  EXPECT_EQ(runner.connection.tls->ca_pem, pem.certificate_pem);
  EXPECT_EQ(runner.connection.tls->certificate_pem, pem.certificate_pem);
  EXPECT_EQ(runner.connection.tls->key_pem, pem.key_pem);

  runner.credentials = {.tls_certificate = certificate, .tls_key = key};
  EXPECT_EQ(runner({"status"}).exit_code, 0);
  ASSERT_TRUE(runner.connection.tls);
  EXPECT_EQ(runner.connection.tls->ca_pem, "");
  EXPECT_EQ(runner.connection.tls->key_pem, pem.key_pem);
}

TEST_F(CredentialsTest, PemFilesThatHoldSomethingElseAreNamed) {
  ExpectUsageError({"--tls-ca", key}, key);
  ExpectUsageError({"--tls-ca", File("empty", "")}, Directory() + "/empty");
  ExpectUsageError({"--tls-ca", Directory() + "/none"}, Directory() + "/none");
  ExpectUsageError({"--tls-cert", certificate, "--tls-key", certificate}, "--tls-key");
  const std::string other_key = File("other", testing::MakeTestCertificate().key_pem);
  ExpectUsageError({"--tls-cert", certificate, "--tls-key", other_key}, other_key);
  ExpectUsageError({"--tls-cert", certificate}, "--tls-key");
  ExpectUsageError({"--tls-key", key}, "--tls-cert");
}

TEST_F(CredentialsTest, AConnectionThatCannotBeIsAnError) {
  std::ostringstream out;
  std::ostringstream err;
  Environment environment;
  environment.out = &out;
  environment.err = &err;
  environment.connect = [](const client::ConnectionOptions&) {
    return absl::FailedPreconditionError("not so");
  };
  EXPECT_EQ(cli::Run({"status"}, environment), 1);
  EXPECT_EQ(err.str(), "annals: FAILED_PRECONDITION: not so\n");
}

// What is said where the server answers `error`.
std::string Said(Runner& runner, const absl::Status& error, std::vector<std::string> flags = {}) {
  runner.record->get_status = [error](const v1::GetStatusRequest&) { return error; };
  flags.insert(flags.begin(), "status");
  const Ran ran = runner(flags);
  EXPECT_EQ(ran.exit_code, 1);
  return ran.err;
}

template <typename Detail>
absl::Status With(absl::Status status, const Detail& detail) {
  status.SetPayload("type.googleapis.com/" + Detail::descriptor()->full_name(),
                    absl::Cord(detail.SerializeAsString()));
  return status;
}

TEST_F(CredentialsTest, HintsAtATokenWhereTheServerDoesNotKnowTheCaller) {
  google::rpc::ErrorInfo expired;
  expired.set_reason("TOKEN_EXPIRED");
  const absl::Status error = absl::UnauthenticatedError("who?");
  const std::string token = File("token", "secret\n");
  EXPECT_THAT(Said(runner, error), HasSubstr("give a token with --token-file"));
  EXPECT_THAT(Said(runner, error, {"--token-file", token}),
              HasSubstr("give a token that is valid here with --token-file"));
  EXPECT_THAT(Said(runner, With(error, expired), {"--token-file", token}),
              HasSubstr("ask for a new token"));
}

TEST_F(CredentialsTest, HintsAtWhoTheCallerIsWhereSomethingIsDenied) {
  EXPECT_THAT(Said(runner, absl::PermissionDeniedError("no")), HasSubstr("`annals status`"));
}

TEST_F(CredentialsTest, HintsAtTlsWhereNoServerAnswers) {
  const absl::Status error = absl::UnavailableError("failed to connect");
  EXPECT_THAT(Said(runner, error), HasSubstr("needs --tls-ca FILE or --tls\n"));
  EXPECT_THAT(Said(runner, error, {"--tls"}),
              HasSubstr("one without TLS wants no --tls flag and no ANNALS_TLS_ variable\n"));
  const std::string remote = Said(runner, error, {"--server", "annals.example:443"});
  EXPECT_THAT(remote, HasSubstr("with --tls-ca the authority that vouches for it\n"));
}

TEST_F(CredentialsTest, HintsWhenToTryAgain) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(30);
  EXPECT_THAT(Said(runner, With(absl::ResourceExhaustedError("too many calls"), info)),
              HasSubstr("try again in 30s\n"));
  EXPECT_EQ(Said(runner, absl::ResourceExhaustedError("full")),
            "annals: RESOURCE_EXHAUSTED: full\n");
}

}  // namespace
}  // namespace annals::cli
